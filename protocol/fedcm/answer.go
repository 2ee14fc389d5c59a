package fedcm

import "github.com/bonafides-dev/bonafides/protocol/strictjson"

// Error codes that browsers have sentences of their own for (FedCM, the error
// UI). Any other code is shown as a general failure.
const (
	ErrorInvalidRequest         = "invalid_request"
	ErrorUnauthorizedClient     = "unauthorized_client"
	ErrorAccessDenied           = "access_denied"
	ErrorServerError            = "server_error"
	ErrorTemporarilyUnavailable = "temporarily_unavailable"
)

// TokenJSON returns the answer of the assertion endpoint that gives a token.
func TokenJSON(token string) ([]byte, error) {
	if token == "" {
		return nil, refuse(CodeAnswer, "There is no token to answer with.")
	}
	var o strictjson.Writer
	o.String("token", token)
	return finish(&o)
}

// ContinueJSON returns the answer of the assertion endpoint that has the browser
// open a page of the provider first. The URL must be of the endpoint's origin.
func ContinueJSON(url string) ([]byte, error) {
	if url == "" {
		return nil, refuse(CodeAnswer, "There is no page to continue on.")
	}
	var o strictjson.Writer
	o.String("continue_on", url)
	return finish(&o)
}

// ErrorObject returns the inner object of an error answer: the code under both
// names that browsers read, and a page that explains it, empty for none.
func ErrorObject(code, url string) ([]byte, error) {
	var o strictjson.Writer
	o.OptString("code", code)
	o.OptString("error", code)
	o.OptString("url", url)
	return finish(&o)
}

// ErrorJSON returns an error answer.
func ErrorJSON(code, url string) ([]byte, error) {
	inner, err := ErrorObject(code, url)
	if err != nil {
		return nil, err
	}
	var o strictjson.Writer
	o.Raw("error", inner)
	return finish(&o)
}

// DisconnectJSON returns the answer of the disconnect endpoint: the account that
// is no longer connected.
func DisconnectJSON(accountID string) ([]byte, error) {
	if accountID == "" {
		return nil, refuse(CodeAnswer, "There is no account to name.")
	}
	var o strictjson.Writer
	o.String("account_id", accountID)
	return finish(&o)
}

// Answer is what an assertion endpoint answered. Exactly one of its three parts
// is set.
type Answer struct {
	Token      string       // the token as JSON; most are strings
	ContinueOn string       // URL, perhaps relative to the endpoint
	Failure    *ErrorAnswer // the provider refused
}

// ErrorAnswer is the provider's reason. Both may be empty.
type ErrorAnswer struct{ Code, URL string }

// ParseAnswer reads the answer of an assertion endpoint as browsers do: an error
// counts before a token, a token before continue_on. Errors are *Error.
func ParseAnswer(b []byte) (*Answer, error) {
	d, err := open(b, "the assertion answer")
	if err != nil {
		return nil, err
	}
	if e := d.v.Get("error"); e.Exists() {
		if e.Kind() != strictjson.Object {
			return nil, refuse(CodeAnswer, "The error of the answer is not an object.")
		}
		sub := &document{v: e, what: d.what}
		f := &ErrorAnswer{Code: sub.text("error"), URL: sub.text("url")}
		if code := sub.text("code"); f.Code == "" {
			f.Code = code
		}
		if sub.err != nil {
			return nil, sub.err
		}
		return &Answer{Failure: f}, nil
	}
	if t := d.v.Get("token"); t.Exists() {
		return &Answer{Token: t.Raw()}, nil
	}
	if u := d.text("continue_on"); u != "" {
		return &Answer{ContinueOn: u}, nil
	}
	return nil, refuse(CodeAnswer, "The answer holds neither token, continue_on nor error.")
}

// ParseDisconnectAnswer reads the answer of a disconnect endpoint.
func ParseDisconnectAnswer(b []byte) (accountID string, err error) {
	d, err := open(b, "the disconnect answer")
	if err != nil {
		return "", err
	}
	id := d.text("account_id")
	if d.err != nil {
		return "", d.err
	}
	if id == "" {
		return "", refuse(CodeAnswer, "The answer names no account_id.")
	}
	return id, nil
}
