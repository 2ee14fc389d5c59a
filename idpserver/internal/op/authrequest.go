package op

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/idpserver/fedcm"
	"github.com/bonafides-dev/bonafides/idpserver/internal/pages"
	"github.com/bonafides-dev/bonafides/idpserver/internal/tokens"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// paramSince is an addition of our own: see afterSigningIn.
const paramSince = pages.ParamSince

// paramFor is another one: the account that an id_token_hint named. It can only ask for
// less than the request did.
const paramFor = "for_account"

// authRequest is an authentication request of a known client to one of its redirect
// URIs.
type authRequest struct {
	*oidc.AuthRequest
	client *directory.Client
	since  time.Time // the person must have signed in at or after it
	known  []string  // the scopes that exist here
	// forAccount is who alone the answer may be about; empty: whoever signs in (OpenID
	// Connect Core 1.0 section 3.1.2.1, id_token_hint).
	forAccount string
	params     url.Values // those that are carried on
}

// refuse is a refusal that goes back to the client by redirect.
func refuse(code, text string) error { return &oidc.ProviderError{Code: code, Description: text} }

// reasonOf says what is wrong with a document of the client's.
func reasonOf(err error) string {
	var why *oidc.Error
	if errors.As(err, &why) {
		return why.Message
	}
	return "it is malformed"
}

// read judges the parameters. The first result is nil while it is not
// known where an answer may go: the refusal is then a page and never a redirect
// (RFC 9700 section 4.11.2). Later refusals are *oidc.ProviderError.
func (o *OP) read(ctx context.Context, in url.Values) (*authRequest, error) {
	r := &authRequest{AuthRequest: oidc.ParseAuthRequest(in, append(oidc.Hints(), paramSince, paramFor)...)}
	page := func(code, detail string) (*authRequest, error) {
		return nil, web.NewProblem(http.StatusBadRequest, code, detail)
	}
	switch repeated := r.Repeated(); {
	case repeated == "client_id" || repeated == "redirect_uri":
		return page("duplicate_parameter", "The site's request names itself more than once. Nothing was told to it.")
	case r.ClientID == "":
		return page(fedcm.CodeNoClient, "The request does not say which site it is from (client_id). Nothing was told to anybody.")
	}
	client, err := o.c.Clients.Client(ctx, r.ClientID)
	if errors.Is(err, directory.ErrNotFound) {
		return page(fedcm.CodeUnknownClient, "We do not know the site that asked who you are, so we told it nothing. The people who run it have to register it.")
	}
	if err != nil {
		return nil, err
	}
	// RFC 9700 section 2.1: compared as strings, character by character.
	if !client.HasRedirectURI(r.RedirectURI) {
		return page("redirect_uri_mismatch", "The site asked for the answer to be sent to an address that is not registered for it (redirect_uri), so we told it nothing. The addresses must be exactly the same.")
	}
	r.client, r.params, r.known = client, url.Values{}, o.scopes()
	for _, p := range r.Params() {
		r.params.Set(p.Name, p.Value)
	}
	if err := r.Judge(oidc.AuthRules{RequireNonce: client.RequireNonce, AllowNoPKCE: client.AllowNoPKCE}); err != nil {
		return r, err
	}
	if r.Claims != "" {
		if _, err := oidc.ParseClaimsRequest(r.Claims); err != nil {
			return r, refuse(oidc.ErrorInvalidRequest, "the claims parameter cannot be read: "+reasonOf(err))
		}
	}
	// The token itself is not carried along: it is in no address of ours.
	if r.IDTokenHint != "" {
		hint, ok := o.c.Tokens.ReadHint(r.IDTokenHint)
		if !ok || hint.Client != client.ID {
			return r, refuse(oidc.ErrorInvalidRequest, "id_token_hint is no ID token of this provider for this client")
		}
		r.params.Del("id_token_hint")
		r.params.Set(paramFor, hint.Account)
	}
	r.forAccount = r.params.Get(paramFor)
	r.since = r.SignedInSince(o.c.Now())
	// Our own addition, when we send people to sign in afresh. It can only ask
	// for more than the request did.
	if r.params.Has(paramSince) {
		n, err := strconv.ParseInt(r.params.Get(paramSince), 10, 64)
		if err != nil {
			return r, refuse(oidc.ErrorInvalidRequest, paramSince+" is not a time")
		}
		if since := time.Unix(n, 0); since.After(r.since) {
			r.since = since
		}
	}
	return r, nil
}

// fields are the groups of claims that the scopes and the claims parameter ask for
// (OpenID Connect Core 1.0 sections 5.4 and 5.5). What is unknown is ignored, as section
// 3.1.2.1 wants.
func (r *authRequest) fields() []string {
	return tokens.FieldsAsked(r.granted(), r.Claims)
}

// granted are the scopes that a code is for: of those asked for, those that exist here,
// in the order of OP.scopes.
func (r *authRequest) granted() (all []string) {
	for _, s := range r.known {
		if tokens.Asks(r.Scopes, r.Claims, s) || s == tokens.ScopeOffline && r.AccessType == "offline" {
			all = append(all, s)
		}
	}
	return all
}

// asked are those of them that a person agrees to beside the fields.
func (r *authRequest) asked() []string {
	return slices.DeleteFunc(r.granted(), func(s string) bool {
		return s == tokens.ScopeOpenID || s == tokens.ScopeProfile || s == tokens.ScopeEmail
	})
}

func (r *authRequest) offline() bool { return slices.Contains(r.granted(), tokens.ScopeOffline) }

// afterSigningIn is the request as it goes on once somebody has signed in: what
// chose the account has done its work, and a sign-in that had to be fresh must
// be from now on.
func (r *authRequest) afterSigningIn(now time.Time) string {
	p := url.Values{}
	for name, v := range r.params {
		p[name] = v
	}
	p.Del("login_hint")
	p.Del("hd")
	p.Del("prompt")
	if r.HasPrompt(oidc.PromptLogin) || !r.since.IsZero() {
		p.Del("max_age")
		p.Set(paramSince, strconv.FormatInt(now.Unix(), 10))
	}
	return AuthorizePath + "?" + p.Encode()
}

// answerURL is the redirect URI with the answer in its query. The iss parameter
// (RFC 9207) tells a client with several providers which one answered.
func (o *OP) answerURL(r *authRequest, answer ...string) string {
	q := url.Values{"iss": {o.c.Issuer}}
	if r.State != "" {
		q.Set("state", r.State)
	}
	for i := 0; i < len(answer); i += 2 {
		q.Set(answer[i], answer[i+1])
	}
	separator := "?"
	if strings.Contains(r.RedirectURI, "?") {
		separator = "&" // RFC 6749 section 3.1.2: a query that is there stays
	}
	return r.RedirectURI + separator + q.Encode()
}
