package op

import (
	"errors"
	"fmt"

	"github.com/bonafides-dev/bonafides/jwks"
)

// Codes of an Error.
const (
	CodeUnreachable = "token_endpoint_unreachable"
	CodeBusy        = "provider_busy" // it says so itself
	CodeRefused     = "code_refused"
	CodeNotTaken    = "request_refused" // it does not take what this site asks
	CodeClient      = "client_refused"  // it does not take this client, or its secret
	CodeGrantOver   = "grant_over"      // it takes a refresh token no more
	CodeAccess      = "access_refused"  // it takes an access token no more, or not for this
	CodeMalformed   = "token_answer_malformed"
	CodeTooLarge    = "provider_answer_too_large"
	CodeNoIDToken   = "token_answer_without_id_token"
	CodeOtherPerson = "userinfo_subject" // it answers about somebody else
	CodeAuth        = "client_auth_unsupported"
	CodeNoEndpoint  = "provider_endpoint_missing"
)

// Error is why a provider gave nothing. Code is stable; the text is for a log and has no
// word of what was sent.
type Error struct {
	Code   string
	Status int    // of the answer, 0 if there was none
	Err    error  // why there was none, or why it cannot be used
	After  Delay  // when it may be asked again: a busy provider says it, and one that was not there is left alone
	Said   string // the provider's own error code and description, bounded and escaped
	// Setting is the setting of a provider that could help, "" if none is known. Where
	// several could, their names stand with "or" between them.
	Setting string
}

// Error returns the code with the status or the reason, and the setting.
func (e *Error) Error() string {
	text := e.Code
	switch {
	case e.Err != nil:
		text += ": " + e.Err.Error()
	case e.Status != 0:
		text = fmt.Sprintf("%s: status %d", text, e.Status)
	}
	if e.Said != "" {
		text += ", and it said " + e.Said
	}
	if e.Setting != "" {
		text += "; the setting " + e.Setting + " could help"
	}
	return text
}

// Unwrap returns Err, so that an end of the context can be told.
func (e *Error) Unwrap() error { return e.Err }

// notFound is why a discovery document, or what is looked for in it, could not be had.
func notFound(err error) *Error {
	why := &Error{Code: CodeUnreachable, Err: err}
	var of *jwks.Error
	if errors.As(err, &of) {
		if of.Reason == jwks.ReasonMember {
			why.Code = CodeNoEndpoint
		}
		why.After = Delay{of.RetryAfter, of.RetryAfter > 0}
	}
	return why
}
