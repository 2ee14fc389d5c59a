package rpserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
	"github.com/bonafides-dev/bonafides/rpserver/jwks"
)

// endpoints are what a provider's discovery document says about its code flow.
type endpoints struct {
	authorization, token string
	requireIss           bool // the answer must name its issuer (RFC 9207)
}

const endpointsKept = time.Hour

// endpointSource keeps a provider's endpoints. It is safe for concurrent use.
type endpointSource struct {
	client *http.Client
	issuer string
	now    func() time.Time

	mu      sync.Mutex
	last    endpoints
	fetched time.Time
}

func (s *endpointSource) get(ctx context.Context) (endpoints, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if !s.fetched.IsZero() && now.Sub(s.fetched) < endpointsKept && !now.Before(s.fetched) {
		return s.last, nil
	}
	v, err := discover(ctx, s.client, s.issuer)
	if err != nil {
		return endpoints{}, err
	}
	var d endpoints
	for name, to := range map[string]*string{"authorization_endpoint": &d.authorization, "token_endpoint": &d.token} {
		where, ok := v.Get(name).Text()
		if !ok {
			return endpoints{}, errors.New("discovery: the document names no " + name)
		}
		if err := jwks.CheckURL(where, false); err != nil {
			return endpoints{}, fmt.Errorf("discovery: %s: %w", name, err)
		}
		*to = where
	}
	d.requireIss, _ = v.Get("authorization_response_iss_parameter_supported").Bool()
	s.last, s.fetched = d, now
	return d, nil
}

// endpointsUnavailable says that the provider could not be asked.
func (rp *RP) endpointsUnavailable(r *http.Request, p *provider, err error) error {
	rp.log.ErrorContext(r.Context(), "relying party: no endpoints of the provider", "issuer", p.Issuer, "error", err)
	return web.NewProblem(http.StatusServiceUnavailable, "provider_unreachable",
		"The identity provider does not answer, or does not offer this way of signing in. Try again.")
}

const maxTokenAnswer = maxToken + 16<<10

// exchange sends the code to the token endpoint, from server to server, and
// returns the ID token (OpenID Connect Core 1.0 section 3.1.3). An access token
// that comes with it is not kept: nothing here needs one.
func (rp *RP) exchange(ctx context.Context, p *provider, d endpoints, code, verifier string) (string, error) {
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {rp.redirectURI(p)}, "code_verifier": {verifier},
	}
	if p.ClientSecret == "" {
		form.Set("client_id", p.ClientID)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.token, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", formType)
	req.Header.Set("Accept", jsonType)
	if p.ClientSecret != "" { // RFC 6749 section 2.3.1: form-encoded, then Basic
		req.SetBasicAuth(url.QueryEscape(p.ClientID), url.QueryEscape(p.ClientSecret))
	}
	client := *p.endpoints.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	unreachable := web.NewProblem(http.StatusServiceUnavailable, "token_endpoint_unreachable",
		"The identity provider did not answer this site. Nobody was signed in; start again.")
	res, err := client.Do(req)
	if err != nil {
		// The error of net/http names the URL, which has no secret in it.
		rp.log.ErrorContext(ctx, "relying party: no answer of the token endpoint", "issuer", p.Issuer, "error", err)
		return "", unreachable
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxTokenAnswer+1))
	if err != nil || res.StatusCode >= 500 {
		rp.log.ErrorContext(ctx, "relying party: no answer of the token endpoint", "issuer", p.Issuer, "status", res.StatusCode)
		return "", unreachable
	}
	if res.StatusCode != http.StatusOK {
		rp.log.WarnContext(ctx, "relying party: the token endpoint refused the code", "issuer", p.Issuer, "status", res.StatusCode)
		return "", web.NewProblem(http.StatusForbidden, "code_refused",
			"The identity provider did not accept its own answer: it was used before, or is too old. Start signing in again.")
	}
	v, err := strictjson.Parse(body, strictjson.Limits{MaxSize: maxTokenAnswer})
	if err != nil || v.Kind() != strictjson.Object {
		return "", web.NewProblem(http.StatusBadGateway, "token_answer_malformed", "The identity provider's answer cannot be read.")
	}
	token, ok := v.Get("id_token").Text()
	if !ok || token == "" || len(token) > maxToken {
		return "", web.NewProblem(http.StatusBadGateway, "token_answer_without_id_token", "The identity provider's answer holds no ID token.")
	}
	return token, nil
}
