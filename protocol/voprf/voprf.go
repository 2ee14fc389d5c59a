// Package voprf is the verifiable oblivious pseudorandom function of RFC 9497,
// mode 0x01, over P-384 and SHA-384: a client learns sk*H(input) for inputs that
// the server never sees, with a proof that the server used the key it has
// published.
//
//	Client (knows pk)                              Server (holds sk)
//
//	r_i random, T_i = r_i * H(input_i)
//	                    BlindedElement T_i
//	                   ------------------->
//	                                               Z_i = sk * T_i
//	                                               proof: log_G(pk) = log_Ti(Z_i)
//	                 EvaluatedElement Z_i, Proof
//	                  <-------------------
//	check the proof (all or nothing)
//	N_i = r_i^-1 * Z_i = sk * H(input_i)
//
// [Blind] makes the client's side, [PrivateKey.Evaluate] is the server's and
// [Blinded.Finish] ends the exchange with one [Element] for each input. RFC 9497
// hashes the element into the output of the function ([Element.Output]); Private
// State Tokens carry the element itself, and the server checks it later with
// [PrivateKey.Verify].
//
// Each message has its own type, made only by its maker or by its parser, so
// that a blinded element cannot be taken for an evaluated one. Elements are
// encoded as 97 bytes, the uncompressed form of SEC 1; inside the transcripts of
// the proof they are compressed, as the RFC has it. Points at infinity,
// compressed points and points off the curve are refused by the parsers.
//
// Values are safe for concurrent use, except that a [Blinded] can be finished only
// once.
package voprf

import (
	"errors"

	"github.com/bonafides-dev/bonafides/internal/p384"
)

// Sizes in bytes.
const (
	ElementSize = p384.UncompressedSize // 97
	ScalarSize  = p384.ScalarSize       // 48
	ProofSize   = 2 * ScalarSize        // 96: c || s
	OutputSize  = 48                    // Nh, SHA-384
	// MaxInput is the longest input of the function (RFC 9497 section 1.2).
	MaxInput = 1<<16 - 1
	// MaxBatch is the most elements that one proof covers (their index has two
	// bytes).
	MaxBatch = 1<<16 - 1
)

// Errors of this package. None carries a value.
var (
	ErrElement    = errors.New("voprf: an element is not an uncompressed point of P-384 (97 bytes, first byte 4, not infinity)")
	ErrPrivateKey = errors.New("voprf: a private key or blind is not 48 bytes, or not between 1 and the group order minus 1")
	ErrProofForm  = errors.New("voprf: a proof is not two 48-byte scalars below the group order")
	ErrBatch      = errors.New("voprf: a batch is empty, too long, or answers have another number than requests")
	ErrInput      = errors.New("voprf: an input is longer than 65535 bytes, or hashes to infinity")
	ErrDerive     = errors.New("voprf: no key could be derived from this seed (RFC 9497 DeriveKeyPairError)")
	ErrRandom     = errors.New("voprf: the system's source of randomness failed")
	// ErrProof: the server did not use the key, or the answer was changed on its
	// way. Nothing of the batch may be used (RFC 9497 VerifyError).
	ErrProof = errors.New("voprf: the proof does not verify: another key was used or the answer was altered")
	// ErrInvalid: the element is not the function's value for this input.
	ErrInvalid = errors.New("voprf: the element is not the value of this input under this key")
	// ErrFinished: a Blinded was finished before; its blinds are gone.
	ErrFinished = errors.New("voprf: this exchange was finished before")
)

// contextString of RFC 9497 section 3.1: "OPRFV1-" || I2OSP(mode, 1) || "-" ||
// identifier, with mode 0x01 (VOPRF).
const contextString = "OPRFV1-\x01-P384-SHA384"

// Domain separation tags (RFC 9497 sections 2.2.1, 3.2.1 and 4.4).
var (
	dstHashToGroup   = []byte("HashToGroup-" + contextString)
	dstHashToScalar  = []byte("HashToScalar-" + contextString)
	dstDeriveKeyPair = []byte("DeriveKeyPair" + contextString)
	dstSeed          = []byte("Seed-" + contextString)
)

// hashToGroup sets p to HashToGroup(input) of RFC 9497 section 4.4.
func hashToGroup(p *p384.Point, input []byte) error {
	if len(input) > MaxInput {
		return ErrInput
	}
	*p = p384.HashToCurve(input, dstHashToGroup)
	if p.IsInfinity() { // InvalidInputError
		return ErrInput
	}
	return nil
}

// A BlindedElement goes from client to server: r * H(input). It says nothing
// about the input.
type BlindedElement struct{ p p384.Point }

// ParseBlindedElement reads a blinded element of 97 bytes; otherwise ErrElement.
func ParseBlindedElement(b []byte) (e BlindedElement, err error) {
	if e.p.SetBytes(b) != nil {
		return BlindedElement{}, ErrElement
	}
	return e, nil
}

// Append appends the 97-byte encoding.
func (e *BlindedElement) Append(dst []byte) []byte { return e.p.AppendUncompressed(dst) }

// An EvaluatedElement goes from server to client: sk * BlindedElement.
type EvaluatedElement struct{ p p384.Point }

// ParseEvaluatedElement reads an evaluated element of 97 bytes; otherwise
// ErrElement.
func ParseEvaluatedElement(b []byte) (e EvaluatedElement, err error) {
	if e.p.SetBytes(b) != nil {
		return EvaluatedElement{}, ErrElement
	}
	return e, nil
}

// Append appends the 97-byte encoding.
func (e *EvaluatedElement) Append(dst []byte) []byte { return e.p.AppendUncompressed(dst) }

// An Element is the unblinded element sk * H(input), which only the client knows
// until it shows it. The zero value is no element: it never verifies.
type Element struct{ p p384.Point }

// ParseElement reads an element of 97 bytes; otherwise ErrElement.
func ParseElement(b []byte) (e Element, err error) {
	if e.p.SetBytes(b) != nil {
		return Element{}, ErrElement
	}
	return e, nil
}

// Append appends the 97-byte encoding.
func (e *Element) Append(dst []byte) []byte { return e.p.AppendUncompressed(dst) }
