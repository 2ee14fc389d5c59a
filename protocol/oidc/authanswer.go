//go:build !tinygo

package oidc

// AuthAnswer is what a provider sent back to the redirect URI.
type AuthAnswer struct {
	Code  string
	Scope string
}

// Codes of a ProviderError (RFC 6749 section 4.1.2.1, OpenID Connect Core section
// 3.1.2.6).
const (
	ErrorInvalidRequest           = "invalid_request"
	ErrorUnauthorizedClient       = "unauthorized_client"
	ErrorAccessDenied             = "access_denied"
	ErrorUnsupportedResponseType  = "unsupported_response_type"
	ErrorInvalidScope             = "invalid_scope"
	ErrorServer                   = "server_error"
	ErrorTemporarilyUnavailable   = "temporarily_unavailable"
	ErrorInteractionRequired      = "interaction_required"
	ErrorLoginRequired            = "login_required"
	ErrorAccountSelectionRequired = "account_selection_required"
	ErrorConsentRequired          = "consent_required"
	ErrorRequestNotSupported      = "request_not_supported"
	ErrorRequestURINotSupported   = "request_uri_not_supported"
	ErrorRegistrationNotSupported = "registration_not_supported"
)

// ProviderError is the error that a provider answers with instead of a code. The
// texts are the provider's own.
type ProviderError struct {
	Code        string // one of Error..., or an extension's
	Description string
	URI         string
}

// Error returns the code alone: the description may be long and is not ours.
func (e *ProviderError) Error() string { return CodeDenied + ": " + e.Code }

// JudgeAnswer judges the parameters of a redirect back, for which url.Values can
// be used. state is the one that this browser's request had, or "" if the
// browser has none. The iss parameter (RFC 9207) must be there if requireIss is
// set, and must equal issuer wherever it is there. Errors are *Error, or
// *ProviderError once the answer is known to be the provider's.
func JudgeAnswer(query map[string][]string, state, issuer string, requireIss bool) (*AuthAnswer, error) {
	one := func(name string) (string, error) {
		values := query[name]
		if len(values) > 1 {
			return "", refuse(CodeResponse, "a parameter of the answer appears more than once")
		}
		if len(values) == 0 {
			return "", nil
		}
		return values[0], nil
	}
	var fields [7]string
	for i, name := range [...]string{"state", "iss", "code", "error", "error_description", "error_uri", "scope"} {
		var err error
		if fields[i], err = one(name); err != nil {
			return nil, err
		}
	}
	gotState, iss, code, failure := fields[0], fields[1], fields[2], fields[3]
	if state == "" || !equal(gotState, state) {
		return nil, refuse(CodeState, "the answer belongs to no sign-in that this browser began, or to an older one: begin again")
	}
	if iss != issuer && (iss != "" || requireIss) {
		return nil, refuse(CodeResponseIss, "the answer comes from another provider than the one that was asked")
	}
	switch {
	case failure != "" && code != "":
		return nil, refuse(CodeResponse, "the answer holds a code and an error")
	case failure != "":
		return nil, &ProviderError{failure, fields[4], fields[5]}
	case code == "":
		return nil, refuse(CodeResponse, "the answer holds neither a code nor an error")
	}
	return &AuthAnswer{Code: code, Scope: fields[6]}, nil
}
