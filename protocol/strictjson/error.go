package strictjson

import "strconv"

// Codes of an Error.
const (
	CodeTooLarge  = "json_too_large"      // longer than Limits.MaxSize
	CodeTooDeep   = "json_too_deep"       // nested deeper than Limits.MaxDepth
	CodeSyntax    = "json_syntax"         // not JSON
	CodeTrailing  = "json_trailing"       // something follows the value
	CodeUTF8      = "json_utf8"           // not UTF-8, or half of a surrogate pair
	CodeDuplicate = "json_duplicate_name" // a name appears twice in one object
)

// Error says why a document was refused. Offset is the number of bytes before
// the fault. The message never repeats the document.
type Error struct {
	Code    string
	Message string
	Offset  int
}

// Error returns "code: message at byte N".
func (e *Error) Error() string {
	return e.Code + ": " + e.Message + " at byte " + strconv.Itoa(e.Offset)
}
