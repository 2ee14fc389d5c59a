package pst

// Error is a refused message. Code is stable, for machines; Message is one
// sentence for people. Neither carries a value from the message, so both may be
// logged and answered.
type Error struct {
	Code    string // lower case, underscores: "trailing_bytes"
	Message string
}

// Error returns "pst: code: message".
func (e *Error) Error() string { return "pst: " + e.Code + ": " + e.Message }

// Errors of the messages. Compare with errors.Is; each has its own code.
var (
	ErrTruncated     = &Error{"truncated", "The message ends before it is complete. Send it whole, base64-decoded once."}
	ErrTrailing      = &Error{"trailing_bytes", "Bytes follow the end of the message. Its own counts and lengths must cover all of it."}
	ErrBatchEmpty    = &Error{"batch_empty", "The batch has no elements. Ask for at least one token."}
	ErrBatchTooLarge = &Error{"batch_too_large", "The batch has more than 100 elements. Ask for fewer tokens at a time."}
	ErrElement       = &Error{"element_invalid", "An element is not a point of P-384 in uncompressed form (97 bytes, first byte 4)."}
	ErrIdentity      = &Error{"element_identity", "An element is the point at infinity, which no honest party sends."}
	ErrCompressed    = &Error{"element_compressed", "An element is in compressed or hybrid form. Points travel uncompressed (97 bytes, first byte 4)."}
	ErrProofLength   = &Error{"proof_length", "The length of the proof is not 96."}
	ErrProofForm     = &Error{"proof_invalid", "The proof is not two scalars below the group order."}
	ErrTokenLength   = &Error{"token_length", "The length of the token is not 165."}
	ErrPublicKey     = &Error{"public_key_invalid", "A public key is not 101 bytes: a 4-byte id and a point of P-384 in uncompressed form."}
	ErrPrivateKey    = &Error{"private_key_invalid", "A private key is not 52 bytes: a 4-byte id and a scalar between 1 and the group order minus 1."}
	ErrUnknownKey    = &Error{"key_unknown", "The message names a key id that is not among the issuer's keys. The key may have been retired."}
	ErrCount         = &Error{"count_mismatch", "The response has more elements than the request had."}
	ErrProof         = &Error{"proof_failed", "The proof does not verify: the issuer used another key or the response was altered. None of its tokens can be used."}
	ErrInvalidToken  = &Error{"token_invalid", "The token was not made with this key."}
	ErrFinished      = &Error{"already_finished", "This request was finished before; its blinds are gone. Begin a new one."}
	ErrClientData    = &Error{"client_data_invalid", "The client data is not the canonical CBOR map of redeeming-origin and redemption-timestamp."}
	ErrOrigin        = &Error{"origin_invalid", "The redeeming origin is not a serialized http or https origin (scheme, host in lower case, port only if not the default, no path)."}
	ErrKeySet        = &Error{"key_set_invalid", "An issuer has between 1 and 6 keys, each with its own id."}
	ErrPending       = &Error{"pending_invalid", "The saved state of a request is not what this version of the program wrote."}
	ErrRandom        = &Error{"randomness_failed", "The system's source of randomness failed. Nothing was made."}
	ErrKeyDerivation = &Error{"key_derivation_failed", "No key can be derived from this secret. Take another."}
)
