package fedcm

import (
	"strings"

	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// Dest is the value of Sec-Fetch-Dest in every request that FedCM makes.
const Dest = "webidentity"

// CheckDest judges the Sec-Fetch-Dest header. Scripts cannot set it, so a request
// that passes came from a browser's FedCM and not from a page.
func CheckDest(secFetchDest string) error {
	if secFetchDest != Dest {
		return refuse(CodeDest, "Sec-Fetch-Dest is not webidentity: only a browser's own FedCM requests belong here.")
	}
	return nil
}

// HeaderSetLogin is the header by which a provider tells the browser whether
// anybody is signed in (Login Status API).
const HeaderSetLogin = "Set-Login"

// Values of HeaderSetLogin.
const (
	LoggedIn  = "logged-in"
	LoggedOut = "logged-out"
)

// SetLogin returns the value of HeaderSetLogin for a browser in which accounts
// people are signed in at the provider: logged-out only when the last one has left.
func SetLogin(accounts int) string {
	if accounts > 0 {
		return LoggedIn
	}
	return LoggedOut
}

// ParseSetLogin reads the value of HeaderSetLogin.
func ParseSetLogin(v string) (signedIn bool, err error) {
	switch v {
	case LoggedIn:
		return true, nil
	case LoggedOut:
		return false, nil
	}
	return false, refuse(CodeStatus, "Set-Login is neither logged-in nor logged-out.")
}

// AssertionRequest is the form that a browser posts to the ID assertion endpoint.
type AssertionRequest struct {
	ClientID  string
	AccountID string
	// Nonce is params.nonce, or the form's own nonce from browsers that send it
	// there. Empty if there is none.
	Nonce string
	// Params is the JSON that the relying party gave as params; empty if none.
	Params string
	// Fields are what the relying party asks for. HasFields tells a form
	// without fields (name, email and picture then) from an empty list.
	Fields    []string
	HasFields bool
	// DisclosureShownFor are the fields that the browser told its user about.
	DisclosureShownFor  []string
	DisclosureTextShown bool
	// IsAutoSelected tells that the user was signed in without choosing.
	IsAutoSelected bool
}

const (
	maxField  = 4 << 10
	maxParams = 8 << 10
	maxList   = 64
)

// ParseAssertionRequest judges the decoded form of an assertion request, for
// which url.Values can be used. Unknown fields are ignored, since browsers send
// some that no specification names. Whether the client exists, the Origin is its
// own and the account is signed in is for the caller to check. Errors are
// *Error.
func ParseAssertionRequest(form map[string][]string) (*AssertionRequest, error) {
	f := fields{form: form}
	r := &AssertionRequest{
		ClientID:            f.text("client_id", true),
		AccountID:           f.text("account_id", true),
		DisclosureTextShown: f.flag("disclosure_text_shown"),
		IsAutoSelected:      f.flag("is_auto_selected"),
		Fields:              f.list("fields"),
		DisclosureShownFor:  f.list("disclosure_shown_for"),
	}
	_, r.HasFields = form["fields"]
	nonce := f.text("nonce", false)
	if _, ok := form["params"]; ok {
		r.Params = f.limited("params", maxParams)
		if f.err == nil {
			var err *Error
			if r.Nonce, err = paramsNonce(r.Params); err != nil {
				return nil, err
			}
		}
	}
	if f.err != nil {
		return nil, f.err
	}
	switch {
	case r.Nonce == "":
		r.Nonce = nonce
	case nonce != "" && nonce != r.Nonce:
		return nil, refuse(CodeNonceDiffers, "The form's nonce and the nonce in params differ. Send one, in params.")
	}
	return r, nil
}

// paramsNonce takes the nonce out of params. Params may be any JSON; only an
// object can hold a nonce, and there it must be a string.
func paramsNonce(params string) (string, *Error) {
	v, err := strictjson.ParseString(params, strictjson.Limits{MaxSize: maxParams})
	if err != nil {
		return "", refuse(CodeParams, "The field params is not strict JSON: "+err.Error()+".")
	}
	nonce := v.Get("nonce")
	if !nonce.Exists() {
		return "", nil
	}
	s, ok := nonce.Text()
	if !ok {
		return "", refuse(CodeParams, "The nonce in params is not a string.")
	}
	return s, nil
}

// DisconnectRequest is the form that a browser posts to the disconnect endpoint.
type DisconnectRequest struct {
	ClientID    string
	AccountHint string // an account's id, or another hint that the provider knows
}

// ParseDisconnectRequest judges the decoded form of a disconnect request. Errors
// are *Error.
func ParseDisconnectRequest(form map[string][]string) (*DisconnectRequest, error) {
	f := fields{form: form}
	r := &DisconnectRequest{ClientID: f.text("client_id", true), AccountHint: f.text("account_hint", true)}
	if f.err != nil {
		return nil, f.err
	}
	return r, nil
}

// fields reads a form and keeps the first fault.
type fields struct {
	form map[string][]string
	err  *Error
}

func (f *fields) fail(code, message string) {
	if f.err == nil {
		f.err = refuse(code, message)
	}
}

func (f *fields) limited(name string, max int) string {
	values := f.form[name]
	switch {
	case len(values) > 1:
		f.fail(CodeDuplicate, "The field "+name+" appears more than once.")
		return ""
	case len(values) == 0:
		return ""
	case len(values[0]) > max:
		f.fail(CodeForm, "The field "+name+" is too long.")
		return ""
	}
	return values[0]
}

func (f *fields) text(name string, required bool) string {
	s := f.limited(name, maxField)
	if s == "" && required {
		f.fail(CodeForm, "The field "+name+" is missing or empty.")
	}
	return s
}

func (f *fields) flag(name string) bool {
	switch s := f.limited(name, maxField); s {
	case "true":
		return true
	case "", "false":
	default:
		f.fail(CodeForm, "The field "+name+" is neither true nor false.")
	}
	return false
}

func (f *fields) list(name string) []string {
	s := f.limited(name, maxField)
	if s == "" {
		return nil
	}
	list := strings.Split(s, ",")
	if len(list) > maxList {
		f.fail(CodeForm, "The field "+name+" names too many things.")
		return nil
	}
	for _, e := range list {
		if e == "" {
			f.fail(CodeForm, "The field "+name+" has an empty entry.")
			return nil
		}
	}
	return list
}
