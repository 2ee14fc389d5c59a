package idpserver_test

import (
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

func TestACodeIsBoundAndWorksOnce(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*idp, url.Values)
		status int
		code   string
	}{
		{"another verifier", func(_ *idp, v url.Values) { v.Set("code_verifier", oidc.NewVerifier()) }, 400, "invalid_grant"},
		{"a malformed verifier", func(_ *idp, v url.Values) { v.Set("code_verifier", "short") }, 400, "invalid_grant"},
		{"another redirect URI", func(_ *idp, v url.Values) { v.Set("redirect_uri", "https://shop.example/cb?from=idp") }, 400, "invalid_grant"},
		{"another client", func(_ *idp, v url.Values) { v.Set("client_id", "legacy") }, 400, "invalid_grant"},
		{"too late", func(p *idp, _ url.Values) { p.now = p.now.Add(60 * time.Second) }, 400, "invalid_grant"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newIdP(t)
			ada := p.create("ada@corp.example")
			b := p.browser()
			b.signIn("ada@corp.example")
			v, verifier := codeRequest(t)
			code := b.code(v, ada.ID)
			bad := exchange(code, verifier)
			c.change(p, bad)
			wantTokenError(t, p.token(bad), c.status, c.code)
			// Whoever showed it has used it up.
			wantTokenError(t, p.token(exchange(code, verifier)), 400, "invalid_grant")
		})
	}
	t.Run("disconnected meanwhile", func(t *testing.T) {
		p := newIdP(t)
		ada := p.create("ada@corp.example")
		b := p.browser()
		b.signIn("ada@corp.example")
		v, verifier := codeRequest(t)
		code := b.code(v, ada.ID)
		b.post("/account", "do", "disconnect", "client", shopID, "account", ada.ID)
		wantTokenError(t, p.token(exchange(code, verifier)), 400, "invalid_grant")
	})
	t.Run("fifty at once", func(t *testing.T) {
		p := newIdP(t)
		ada := p.create("ada@corp.example")
		b := p.browser()
		b.signIn("ada@corp.example")
		v, verifier := codeRequest(t)
		code := b.code(v, ada.ID)
		var wg sync.WaitGroup
		results := make([]int, 50)
		for i := range results {
			wg.Go(func() { results[i] = p.token(exchange(code, verifier)).StatusCode })
		}
		wg.Wait()
		good := 0
		for _, s := range results {
			if s == http.StatusOK {
				good++
			}
		}
		if good != 1 {
			t.Errorf("%d of 50 exchanges succeeded", good)
		}
	})
}

func TestTheTokenEndpointKnowsItsClients(t *testing.T) {
	p := newIdP(t)
	p.secret(wikiSecret)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	fresh := func() url.Values {
		v, verifier := codeRequest(t)
		v.Set("client_id", "wiki")
		v.Set("redirect_uri", "https://wiki.example/cb")
		res := b.consent(v, ada.ID, "continue")
		wantStatus(t, res, http.StatusSeeOther)
		to, err := url.Parse(res.Header.Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		form := exchange(to.Query().Get("code"), verifier)
		form.Set("redirect_uri", "https://wiki.example/cb")
		form.Del("client_id")
		return form
	}
	basic := func(id, secret string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret)) }
	}
	with := func(pairs ...string) url.Values {
		form := fresh()
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return form
	}
	wantStatus(t, p.token(with("client_id", "wiki", "client_secret", wikiSecret)), http.StatusOK)
	wantStatus(t, p.token(fresh(), basic("wiki", wikiSecret)), http.StatusOK)
	wantStatus(t, p.token(with("client_id", "wiki"), basic("wiki", wikiSecret)), http.StatusOK)
	for name, c := range map[string]struct {
		form   url.Values
		change []func(*http.Request)
		status int
		code   string
	}{
		"no client":                  {with(), nil, 401, "invalid_client"},
		"unknown client":             {with("client_id", "nobody"), nil, 401, "invalid_client"},
		"no secret":                  {with("client_id", "wiki"), nil, 401, "invalid_client"},
		"wrong secret":               {with("client_id", "wiki", "client_secret", "x"), nil, 401, "invalid_client"},
		"wrong secret in the header": {with(), []func(*http.Request){basic("wiki", "x")}, 401, "invalid_client"},
		"both ways":                  {with("client_secret", wikiSecret), []func(*http.Request){basic("wiki", wikiSecret)}, 400, "invalid_request"},
		"two ids":                    {with("client_id", shopID), []func(*http.Request){basic("wiki", wikiSecret)}, 400, "invalid_request"},
		"a public client's secret":   {with("client_id", shopID, "client_secret", "x"), nil, 401, "invalid_client"},
		"bearer":                     {with(), []func(*http.Request){func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }}, 401, "invalid_client"},
		"no grant type":              {with("client_id", shopID, "grant_type", ""), nil, 400, "invalid_request"},
		"password grant":             {with("client_id", shopID, "grant_type", "password"), nil, 400, "unsupported_grant_type"},
		"no verifier":                {with("client_id", shopID, "code_verifier", ""), nil, 400, "invalid_request"},
		"no code":                    {with("client_id", shopID, "code", ""), nil, 400, "invalid_request"},
		"JSON": {with(), []func(*http.Request){func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }},
			415, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			res := p.token(c.form, c.change...)
			wantTokenError(t, res, c.status, c.code)
			if c.status == 401 && res.Header.Get("WWW-Authenticate") == "" {
				t.Error("no WWW-Authenticate")
			}
		})
	}
	t.Run("guessing is slowed down", func(t *testing.T) {
		last := 0
		for range 200 {
			last = p.token(values("client_id", "wiki", "client_secret", "guess")).StatusCode
		}
		if last != http.StatusTooManyRequests {
			t.Errorf("after 200 guesses: %d", last)
		}
	})
}
