package jws

// Codes of an Error.
const (
	CodeTooLarge        = "token_too_large"     // longer than Policy.MaxSize
	CodeMalformed       = "token_malformed"     // not three parts
	CodeEncrypted       = "token_encrypted"     // five parts: a JWE
	CodeBase64          = "base64url"           // a part is not canonical base64url
	CodeHeader          = "header_invalid"      // the header is not one strict JSON object
	CodeHeaderForbidden = "header_forbidden"    // crit, b64, zip, enc, jwk, jku, x5u or x5c
	CodeType            = "typ_refused"         // typ is not one that the reader expects
	CodeAlgMissing      = "alg_missing"         // no alg, or not a string
	CodeAlgUnsupported  = "alg_unsupported"     // none, HMAC, unknown, or in another case
	CodeAlgNotAllowed   = "alg_not_allowed"     // supported, but not by this policy
	CodeKeyID           = "kid_invalid"         // kid is not a string
	CodeKeyUnknown      = "key_unknown"         // no key of the set has this kid
	CodeKeyMismatch     = "key_mismatch"        // the key is not for this algorithm or not for verifying
	CodeKeyUnusable     = "key_unusable"        // the key with this kid is itself malformed or too weak
	CodeKeyAmbiguous    = "key_ambiguous"       // the token names no key, and several would fit
	CodeSignatureForm   = "signature_malformed" // wrong length for the key
	CodeSignature       = "signature_invalid"   // the signature does not verify
	CodeKeySet          = "keyset_invalid"      // a JWK or JWK set cannot be read
	CodeSigning         = "signing_failed"      // a Signer failed or cannot sign this
)

// Error says why a token or key was refused: a stable code for programs, a
// sentence for people. Neither repeats the token.
type Error struct {
	Code    string
	Message string
	// Got and Want are both sides of a comparison that failed, for the operator's log:
	// what the token said, and what this reader takes. Shown made them: at most 256
	// bytes of printable ASCII. Empty where nothing was compared.
	Got, Want string
}

// Error returns "code: message".
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Is reports whether target is an *Error with the same code, so that
// errors.Is(err, &Error{Code: CodeKeyUnknown}) works.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

func refuse(code, message string) *Error { return &Error{Code: code, Message: message} }

const (
	tooLargeSays   = "the token is longer than this reader takes; MaxSize would admit it"
	otherTypeSays  = "the token is of another type (typ) than this reader takes"
	keyUnknownSays = "no key of the set has the token's kid"
)
