package provider_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/rpserver/provider"
)

// machines is an issuer with discovery and keys alone, as GitHub's and Kubernetes' are.
func machines(t *testing.T) *idptest.Provider {
	t.Helper()
	return idptest.New(t, idptest.WithQuirks(idptest.Quirks{Endpoints: idptest.EndpointQuirks{NoAuthorization: true}}))
}

// here points a preset at the provider of the test: nothing else of it is changed.
func here(c provider.VerifierConfig, idp *idptest.Provider) provider.VerifierConfig {
	c.Issuer, c.Now = idp.Issuer, idp.Now
	if c.JWKSURL != "" {
		c.JWKSURL = idp.URL(idptest.JWKS)
	}
	return c
}

func verifier(t *testing.T, c provider.VerifierConfig) *provider.Verifier {
	t.Helper()
	v, err := provider.NewVerifier(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// workflow is a token as GitHub Actions writes them, with some claims changed; nil
// takes one out.
func workflow(idp *idptest.Provider, change map[string]any) string {
	return idp.Token(idptest.Person{Subject: "repo:octo-org/octo-repo:ref:refs/heads/main"}, "", func(_, claims map[string]any) {
		for _, name := range []string{"name", "email", "email_verified", "sid", "auth_time"} {
			delete(claims, name)
		}
		maps.Copy(claims, map[string]any{
			"aud": "https://deploy.example", "ref": "refs/heads/main", "repository": "octo-org/octo-repo", "repository_owner": "octo-org",
			"repository_id": "74", "run_id": "1", "event_name": "push", "nbf": claims["iat"], "jti": "1f1c4b2e",
		})
		for name, value := range change {
			if claims[name] = value; value == nil {
				delete(claims, name)
			}
		}
	})
}

func TestGitHubActions(t *testing.T) {
	idp := machines(t)
	v := verifier(t, here(provider.GitHubActions("https://deploy.example", "octo-org/octo-repo",
		oidc.ClaimMatch{Name: "ref", Values: []string{"refs/heads/main"}}), idp))
	for _, c := range []struct {
		name   string
		change map[string]any
		code   string
	}{
		{"the repository", nil, ""},
		{"another repository", map[string]any{"repository": "mallory/octo-repo"}, oidc.CodeMatch},
		{"another repository of the owner", map[string]any{"repository": "octo-org/playground"}, oidc.CodeMatch},
		{"the repository in another case", map[string]any{"repository": "Octo-Org/octo-repo"}, oidc.CodeMatch},
		{"the repository with something behind it", map[string]any{"repository": "octo-org/octo-repo-2"}, oidc.CodeMatch},
		{"a fork whose sub claims to be the repository", map[string]any{"repository": "mallory/octo-repo", "repository_owner": "octo-org"}, oidc.CodeMatch},
		{"no repository", map[string]any{"repository": nil}, oidc.CodeMatch},
		{"a repository that is null", map[string]any{"repository": false}, oidc.CodeMatch},
		{"the owner alone", map[string]any{"repository": "octo-org"}, oidc.CodeMatch},
		{"a pull request", map[string]any{"ref": "refs/pull/1/merge", "event_name": "pull_request"}, oidc.CodeMatch},
		{"another audience", map[string]any{"aud": "https://github.com/octo-org"}, oidc.CodeAudience},
		{"another audience as well", map[string]any{"aud": []string{"https://deploy.example", "https://other.example"}}, oidc.CodeAudienceExtra},
		{"another issuer", map[string]any{"iss": "https://token.actions.githubusercontent.com"}, oidc.CodeIssuer},
		{"expired", map[string]any{"exp": 1}, oidc.CodeExpired},
		{"no exp", map[string]any{"exp": nil}, oidc.CodeExpMissing},
		{"no sub", map[string]any{"sub": nil}, ""},
	} {
		id, err := v.Verify(context.Background(), workflow(idp, c.change))
		if c.code == "" && (err != nil || id.Value("repository").Raw() != `"octo-org/octo-repo"`) || c.code != "" && !errors.Is(err, &oidc.Error{Code: c.code}) {
			t.Errorf("%s: %v, want %q", c.name, err, c.code)
		}
	}
}

// A person's ID token of the same issuer, for the same audience, is none of a workflow.
func TestAPersonsTokenIsNoMachines(t *testing.T) {
	idp := idptest.New(t)
	v := verifier(t, here(provider.GitHubActions(idp.ClientID, "octo-org/octo-repo"), idp))
	_, err := v.Verify(context.Background(), idp.Token(idptest.Person{Subject: "octo-org/octo-repo", Name: "octo-org/octo-repo"}, "", nil))
	if !errors.Is(err, &oidc.Error{Code: oidc.CodeMatch}) {
		t.Error(err)
	}
}

func TestForgedMachineTokens(t *testing.T) {
	for name, q := range map[string]idptest.TokenQuirks{
		"unsigned": {Unsigned: true}, "HMAC with the public key": {HMAC: true}, "a broken signature": {BrokenSignature: true},
		"a key that is not published": {UnknownKey: true}, "the kid of another key": {ForeignKey: true}, "a key named by the header": {KeyHints: true},
	} {
		idp := machines(t)
		v := verifier(t, here(provider.GitHubActions("https://deploy.example", "octo-org/octo-repo"), idp))
		if _, err := v.Verify(context.Background(), workflow(idp, nil)); err != nil {
			t.Fatalf("the good one: %v", err)
		}
		idp.Quirk(func(all *idptest.Quirks) { all.Token = q })
		var refused *oidc.Error
		if _, err := v.Verify(context.Background(), workflow(idp, nil)); !errors.As(err, &refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// accessToken is one as Cloudflare Access writes it.
func accessToken(idp *idptest.Provider, subject, kind string, aud any, more map[string]any) string {
	return idp.Token(idptest.Person{Subject: "x"}, "", func(_, claims map[string]any) {
		claims["sub"], claims["type"], claims["aud"] = subject, kind, aud
		maps.Copy(claims, more)
	})
}

func TestCloudflareAccess(t *testing.T) {
	idp := machines(t)
	// Its discovery document is not asked: Access has none there.
	idp.Quirk(func(q *idptest.Quirks) {
		q.Faults = map[idptest.Endpoint]idptest.Fault{idptest.Discovery: {Status: 404}}
	})
	v := verifier(t, here(provider.CloudflareAccess("team", "4714c1358e65fe4b"), idp))
	tags := []string{"4714c1358e65fe4b"}
	for _, c := range []struct {
		name, token, code string
	}{
		{"a person", accessToken(idp, "7335d417", "app", tags, map[string]any{"email": "ada@example.test", "identity_nonce": "6ei69kawdKzMIAPF"}), ""},
		{"a service token", accessToken(idp, "", "app", tags, map[string]any{"common_name": "e367826f.access"}), ""},
		{"the team's own pages", accessToken(idp, "7335d417", "org", tags, nil), oidc.CodeMatch},
		{"another application", accessToken(idp, "7335d417", "app", []string{"97e2aae120121f90"}, nil), oidc.CodeAudience},
	} {
		_, err := v.Verify(context.Background(), c.token)
		if c.code == "" && err != nil || c.code != "" && !errors.Is(err, &oidc.Error{Code: c.code}) {
			t.Errorf("%s: %v, want %q", c.name, err, c.code)
		}
	}
	if n := idp.Count(idptest.Discovery); n > 0 {
		t.Errorf("discovery was asked for %d times", n)
	}
}

func TestPresetsOfMachines(t *testing.T) {
	g := provider.GitHubActions("https://deploy.example", "octo-org/octo-repo")
	if g.Issuer != "https://token.actions.githubusercontent.com" || g.JWKSURL != "" || g.Header != "" {
		t.Errorf("GitHub Actions: %+v", g)
	}
	c := provider.CloudflareAccess("team", "tag")
	if c.Issuer != "https://team.cloudflareaccess.com" || c.JWKSURL != "https://team.cloudflareaccess.com/cdn-cgi/access/certs" || c.Header != "Cf-Access-Jwt-Assertion" {
		t.Errorf("Cloudflare Access: %+v", c)
	}
}

func TestAVerifierNeedsToKnowWhoseTokensCount(t *testing.T) {
	good := provider.GitHubActions("https://deploy.example", "octo-org/octo-repo")
	verifier(t, good)
	for name, change := range map[string]func(*provider.VerifierConfig){
		"no Match":                func(c *provider.VerifierConfig) { c.Match = nil },
		"a claim without values":  func(c *provider.VerifierConfig) { c.Match[0].Values = nil },
		"a claim without a name":  func(c *provider.VerifierConfig) { c.Match[0].Name = "" },
		"no repository":           func(c *provider.VerifierConfig) { *c = provider.GitHubActions("https://deploy.example", "") },
		"no Audience":             func(c *provider.VerifierConfig) { c.Audience = "" },
		"no Issuer":               func(c *provider.VerifierConfig) { c.Issuer = "" },
		"an Issuer without TLS":   func(c *provider.VerifierConfig) { c.Issuer = "http://issuer.example" },
		"a JWKSURL without TLS":   func(c *provider.VerifierConfig) { c.JWKSURL = "http://issuer.example/keys" },
		"a Skew beyond 5 minutes": func(c *provider.VerifierConfig) { c.Skew = 6 * 60e9 },
	} {
		c := good
		c.Match = []oidc.ClaimMatch{{Name: good.Match[0].Name, Values: good.Match[0].Values}}
		change(&c)
		if _, err := provider.NewVerifier(c); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestRequireToken(t *testing.T) {
	idp := machines(t)
	var log strings.Builder
	bearer := here(provider.GitHubActions("https://deploy.example", "octo-org/octo-repo"), idp)
	bearer.Log = slog.New(slog.NewTextHandler(&log, nil))
	named := bearer
	named.Header = provider.AccessHeader
	good, other := workflow(idp, nil), workflow(idp, map[string]any{"repository": "mallory/repo"})
	for _, c := range []struct {
		name      string
		config    provider.VerifierConfig
		header    http.Header
		status    int
		code, ask string
	}{
		{"good", bearer, http.Header{"Authorization": {"Bearer " + good}}, 200, "", ""},
		{"the scheme in another case, two spaces", bearer, http.Header{"Authorization": {"bearer  " + good}}, 200, "", ""},
		{"good in the named header", named, http.Header{provider.AccessHeader: {good}}, 200, "", ""},
		{"nothing", bearer, nil, 401, "token_missing", "Bearer"},
		{"another scheme", bearer, http.Header{"Authorization": {"Basic " + good}}, 401, "token_missing", "Bearer"},
		{"no token behind the scheme", bearer, http.Header{"Authorization": {"Bearer "}}, 401, "token_missing", "Bearer"},
		{"in the other place", named, http.Header{"Authorization": {"Bearer " + good}}, 401, "token_missing", "Bearer"},
		{"nothing in the named header", named, http.Header{provider.AccessHeader: {""}}, 401, "token_missing", "Bearer"},
		{"twice", bearer, http.Header{"Authorization": {"Bearer " + good, "Bearer " + good}}, 401, "token_duplicated", `Bearer error="invalid_token"`},
		{"two in one, which have the parts of an encrypted one", bearer, http.Header{"Authorization": {"Bearer " + good + "," + good}}, 401, "token_encrypted", `Bearer error="invalid_token"`},
		{"another's", bearer, http.Header{"Authorization": {"Bearer " + other}}, 401, oidc.CodeMatch, `Bearer error="invalid_token"`},
	} {
		r := httptest.NewRequest("POST", "/deploy", nil)
		r.Header = c.header
		w := httptest.NewRecorder()
		verifier(t, c.config).RequireToken(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if id, ok := provider.TokenOf(r.Context()); !ok || id.Claim("repository") != `"octo-org/octo-repo"` {
				t.Errorf("%s: the handler has no token", c.name)
			}
		})).ServeHTTP(w, r)
		var p struct{ Code string }
		if c.code != "" {
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		if w.Code != c.status || p.Code != c.code || w.Header().Get("WWW-Authenticate") != c.ask {
			t.Errorf("%s: %d %q %q", c.name, w.Code, p.Code, w.Header().Get("WWW-Authenticate"))
		}
		if strings.Contains(w.Body.String(), "mallory") {
			t.Errorf("%s: the answer repeats the token: %s", c.name, w.Body)
		}
	}
	if s := log.String(); !strings.Contains(s, "mallory/repo") || !strings.Contains(s, "octo-org/octo-repo") || strings.Contains(s, other) {
		t.Errorf("log: %s", s)
	}
	if _, ok := provider.TokenOf(context.Background()); ok {
		t.Error("a token outside the handler")
	}
}

func TestRequireTokenWithoutKeys(t *testing.T) {
	idp := machines(t)
	idp.Quirk(func(q *idptest.Quirks) { q.Faults = map[idptest.Endpoint]idptest.Fault{idptest.JWKS: {Status: 500}} })
	c := here(provider.GitHubActions("https://deploy.example", "octo-org/octo-repo"), idp)
	c.Log = slog.New(slog.DiscardHandler)
	v := verifier(t, c)
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/deploy", nil)
	r.Header.Set("Authorization", "Bearer "+workflow(idp, nil))
	v.RequireToken(http.NotFoundHandler()).ServeHTTP(w, r)
	if w.Code != 503 || !strings.Contains(w.Body.String(), "keys_unavailable") || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
