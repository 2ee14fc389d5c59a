package popup

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/idpserver/fedcm"
	"github.com/bonafides-dev/bonafides/idpserver/internal/pages"
	"github.com/bonafides-dev/bonafides/idpserver/internal/people"
	"github.com/bonafides-dev/bonafides/idpserver/internal/tokens"
	"github.com/bonafides-dev/bonafides/internal/web"
	wire "github.com/bonafides-dev/bonafides/protocol/fedcm"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// Sizes of a request, in bytes.
const (
	maxRequest = 3 << 10 // of the parameters, so that they fit into "next"
	maxNonce   = oidc.MaxNonce
)

// request is a request of a known client's registered origin.
type request struct {
	client        *directory.Client
	origin, state string
	context       string
	loginHint     string
	domainHint    string
	accountHint   string // of a request to disconnect
	disconnect    bool
	form          wire.AssertionRequest
	params        url.Values
}

var parameters = []string{"client_id", "origin", "state", "context", "mode", "mediation", "nonce", "params", "fields",
	"login_hint", "domain_hint", "action", "account_hint"}

var contextWords = map[string]string{"": "Sign in to ", "signin": "Sign in to ", "signup": "Sign up to ", "use": "Use your account at ", "continue": "Continue to "}

// read judges the parameters. The first result is nil while it is not known
// who asks; later refusals go to the relying party too.
func (p *Popup) read(ctx context.Context, r *http.Request, in url.Values) (*request, error) {
	refuse := func(status int, code, detail string) error { return web.NewProblem(status, code, detail) }
	if d := r.Header.Get("Sec-Fetch-Dest"); d != "" && d != "document" {
		return nil, refuse(http.StatusForbidden, pages.CodeNotWindow, "This page answers a window only. A browser with FedCM has endpoints of its own.")
	}
	q := url.Values{}
	repeated := false
	for _, name := range parameters {
		if values, ok := in[name]; ok {
			repeated = repeated || len(values) > 1
			q[name] = values[:1]
		}
	}
	if repeated {
		return nil, refuse(http.StatusBadRequest, pages.CodeTwice, "The site's request says something twice. Nothing was told to it.")
	}
	if q.Get("client_id") == "" {
		return nil, refuse(http.StatusBadRequest, fedcm.CodeNoClient, "The request does not say which site it is from (client_id).")
	}
	client, err := p.c.Clients.Client(ctx, q.Get("client_id"))
	if errors.Is(err, directory.ErrNotFound) {
		return nil, refuse(http.StatusForbidden, fedcm.CodeUnknownClient, pages.TextOf(fedcm.CodeUnknownClient))
	}
	if err != nil {
		return nil, err
	}
	if !slices.Contains(client.Origins, q.Get("origin")) {
		return nil, refuse(http.StatusForbidden, fedcm.CodeForeignOrigin, pages.TextOf(fedcm.CodeForeignOrigin))
	}
	req := &request{
		client: client, origin: q.Get("origin"), state: q.Get("state"), context: q.Get("context"),
		loginHint: q.Get("login_hint"), domainHint: q.Get("domain_hint"), accountHint: q.Get("account_hint"), params: q,
	}
	switch {
	case req.state == "" || len(req.state) > 256 || strings.ContainsFunc(req.state, func(c rune) bool { return c <= ' ' || c > '~' }):
		req.state = ""
		return req, refuse(http.StatusBadRequest, pages.CodeNoState, "The site's request has no state of 1 to 256 visible ASCII characters.")
	case len(q.Encode()) > maxRequest:
		return req, refuse(http.StatusBadRequest, fedcm.CodeInvalidRequest, "The site's request is longer than 3 KiB.")
	case contextWords[req.context] == "":
		return req, refuse(http.StatusBadRequest, pages.CodeNoContext, "The site's request has an unknown context.")
	}
	switch q.Get("action") {
	case "":
	case "disconnect":
		req.disconnect = true
		return req, nil
	default:
		return req, refuse(http.StatusBadRequest, pages.CodeNoAction, "The site's request has an unknown action.")
	}
	// The same reader as the native endpoint's; which account is for the person
	// to say.
	form := url.Values{"account_id": {"-"}}
	for _, name := range []string{"client_id", "nonce", "params", "fields"} {
		if q.Has(name) {
			form[name] = q[name]
		}
	}
	parsed, err := wire.ParseAssertionRequest(form)
	var fault *wire.Error
	switch {
	case errors.As(err, &fault):
		return req, refuse(http.StatusBadRequest, fault.Code, fault.Message)
	case err != nil:
		return req, err
	case parsed.Nonce == "" && !client.InsecureNoNonce:
		return req, refuse(http.StatusBadRequest, fedcm.CodeNoNonce, "The site's request has no nonce.")
	case len(parsed.Nonce) > maxNonce:
		return req, refuse(http.StatusBadRequest, fedcm.CodeLongNonce, "The site's nonce is longer than 512 bytes.")
	}
	req.form = *parsed
	return req, nil
}

// wanted are the groups of claims that the relying party asks for.
func (r *request) wanted() []string {
	if !r.form.HasFields {
		return tokens.DefaultFields()
	}
	return tokens.Known(r.form.Fields)
}

// hintWords says which account the relying party asked for. It repeats nothing but
// an address or a domain: a site's own words have no place on this page.
func (r *request) hintWords() string {
	var words []string
	if address, _, err := people.ParseEmail(r.loginHint); err == nil {
		words = append(words, "the account "+address)
	}
	switch {
	case people.IsDomain(r.domainHint):
		words = append(words, "an account of "+r.domainHint)
	case r.domainHint != "":
		words = append(words, "an account of an organisation")
	}
	if len(words) == 0 {
		return "another account"
	}
	return strings.Join(words, ", ")
}

// heading says what the site wants, in the words that it chose among ours.
func (r *request) heading() string { return contextWords[r.context] + r.client.Name }
