package fedcm

// Codes of an Error. They are words of this package; what a browser shows its
// user is the code of an error answer (ErrorObject).
const (
	CodeDest         = "not_webidentity"   // Sec-Fetch-Dest is not webidentity
	CodeDocument     = "document_invalid"  // a document is refused
	CodeAccounts     = "accounts_invalid"  // a browser would refuse the whole list
	CodeForm         = "form_invalid"      // a form field is missing or malformed
	CodeDuplicate    = "form_duplicate"    // a form field appears twice
	CodeParams       = "params_invalid"    // params is not strict JSON
	CodeNonceDiffers = "nonce_differs"     // params.nonce and nonce differ
	CodeUTF8         = "not_utf8"          // text that JSON cannot hold
	CodeAnswer       = "answer_invalid"    // an answer is none of token, continue_on, error
	CodeStatus       = "set_login_invalid" // no such login status
)

// Error says why something was refused: a stable code for programs, a sentence
// for people.
type Error struct {
	Code    string
	Message string
}

// Error returns "code: message".
func (e *Error) Error() string { return e.Code + ": " + e.Message }

func refuse(code, message string) *Error { return &Error{code, message} }
