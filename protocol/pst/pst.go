// Package pst is Private State Tokens (once called Trust Tokens), version
// PrivateStateTokenV1VOPRF: every message of issuer and client as bytes and as
// values, the keys, the key commitments and the Sec-Redemption-Record header.
//
//	Client (browser or polyfill)                           Issuer
//
//	                     commitments: version, keys
//	                   <-----------------------------
//	                     IssueRequest: T_1 ... T_n
//	                   ----------------------------->      policy: m <= n
//	                     IssueResponse: Z_1 ... Z_m, proof
//	                   <-----------------------------
//	checks the proof, keeps m tokens
//	        ... later, on another site ...
//	                     RedeemRequest: token, client data
//	                   ----------------------------->      verify, spend, sign
//	                     redemption record (opaque to the browser)
//	                   <-----------------------------
//
// The issuer cannot link a redemption to an issuance; it learns that it once
// vouched for this client, and with which of its keys (at most six are live, so
// that the key is the only public metadata).
//
// The wire format is that of WICG/trust-token-api and of BoringSSL's
// TRUST_TOKEN_pst_v1_voprf, in the presentation language of TLS (RFC 8446
// section 3), all integers big-endian; the cryptography is RFC 9497 mode 0x01
// (package voprf). It differs from RFC 9578 in that points travel uncompressed
// and a token carries the unblinded point itself. In HTTP headers the messages
// are in base64 (RFC 4648 section 4, padded); this package deals in bytes.
//
// Parsers refuse everything malleable: trailing bytes, other lengths, other
// encodings of the same value. Parsed messages are immutable and safe for
// concurrent use.
package pst

import "github.com/bonafides-dev/bonafides/protocol/voprf"

// Version is the protocol version: the value of the HTTP header
// Sec-Private-State-Token-Crypto-Version and the name in key commitments.
const Version = "PrivateStateTokenV1VOPRF"

// Sizes and limits.
const (
	NonceSize        = 64                          // bytes of a token's nonce
	ElementSize      = voprf.ElementSize           // 97, an uncompressed point
	ProofSize        = voprf.ProofSize             // 96
	TokenSize        = 4 + NonceSize + ElementSize // 165
	PublicKeySize    = 4 + ElementSize             // 101
	PrivateKeySize   = 4 + voprf.ScalarSize        // 52
	MaxBatch         = 100                         // elements in one request; Chromium asks for no more
	MaxKeys          = 6                           // keys of an issuer that Chromium keeps
	issueResponseLen = 2 + 4 + 2 + ProofSize       // 104, plus ElementSize an element
	maxClientData    = 2048                        // bytes; Chromium's are under 400
	maxRedeemRequest = 2 + TokenSize + 2 + maxClientData
)

// Largest messages in bytes, for callers that bound what they read.
const (
	MaxIssueRequestSize  = 2 + MaxBatch*ElementSize                // 9702
	MaxIssueResponseSize = issueResponseLen + MaxBatch*ElementSize // 9804
	MaxRedeemRequestSize = maxRedeemRequest                        // 2217
)

// HTTP header names. The values of HeaderToken are bare base64 in both
// directions, except for the answer to a redemption, which is the redemption
// record as it is. HeaderLifetime is in seconds.
const (
	HeaderToken    = "Sec-Private-State-Token"
	HeaderVersion  = "Sec-Private-State-Token-Crypto-Version"
	HeaderLifetime = "Sec-Private-State-Token-Lifetime"
	HeaderRecord   = "Sec-Redemption-Record"
)
