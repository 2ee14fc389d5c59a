package op

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

var (
	signingKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	signer     = jws.NewEd25519Signer("rp-1", signingKey)
)

// wire is a request as it came.
type wire struct{ method, path, authorization, contentType, accept, body string }

// record answers every endpoint with answers, one after the other and the last for ever,
// and keeps what was asked.
func (p *provider) record(t *testing.T, answers ...answer) *[]wire {
	t.Helper()
	got := &[]wire{}
	p.token = func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		*got = append(*got, wire{r.Method, r.URL.RequestURI(), r.Header.Get("Authorization"), r.Header.Get("Content-Type"), r.Header.Get("Accept"), string(b)})
		answers[min(len(*got), len(answers))-1].write(w)
	}
	return got
}

// answer is one of an endpoint.
type answer struct {
	status int
	header string // "Name: value", several with a line end between them
	body   string
}

func (a answer) write(w http.ResponseWriter) {
	for _, line := range strings.Split(a.header, "\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			w.Header().Set(name, value)
		}
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

var good = answer{200, "Content-Type: application/json", `{"id_token":"a.b.c","access_token":"t","token_type":"Bearer"}`}

// codeRequest is that of RFC 6749 section 4.1.3 with the verifier of RFC 7636 appendix B.
var codeRequest = CodeRequest{RedirectURI: "https://client.example.com/cb", Code: "SplxlOBeZQQYbYS6WxSbIA", Verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}

func TestHowAClientAuthenticatesItselfToTheByte(t *testing.T) {
	const (
		form   = "code=SplxlOBeZQQYbYS6WxSbIA&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&grant_type=authorization_code&redirect_uri=https%3A%2F%2Fclient.example.com%2Fcb"
		middle = "&code=SplxlOBeZQQYbYS6WxSbIA&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&grant_type=authorization_code&redirect_uri=https%3A%2F%2Fclient.example.com%2Fcb"
	)
	rfc := ClientAuth{ID: "s6BhdRkqt3", Secret: "gX1fBat3bV"}
	with := func(method string) ClientAuth { a := rfc; a.Method = method; return a }
	for name, c := range map[string]struct {
		auth                ClientAuth
		named               []string // by the discovery document
		authorization, body string
	}{
		"RFC 6749 section 2.3.1, and no methods named": {rfc, nil, "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW", form},
		"basic of all":                       {rfc, []string{"client_secret_post", "private_key_jwt", "client_secret_basic"}, "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW", form},
		"post alone, as Apple wants it":      {rfc, []string{"client_secret_post"}, "", "client_id=s6BhdRkqt3&client_secret=gX1fBat3bV" + middle},
		"post beside what is not known":      {rfc, []string{"tls_client_auth", "client_secret_post"}, "", "client_id=s6BhdRkqt3&client_secret=gX1fBat3bV" + middle},
		"post by the setting":                {with(AuthPost), []string{"client_secret_basic"}, "", "client_id=s6BhdRkqt3&client_secret=gX1fBat3bV" + middle},
		"basic by the setting":               {with(AuthBasic), []string{"client_secret_post"}, "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW", form},
		"none by the setting":                {with(AuthNone), nil, "", "client_id=s6BhdRkqt3" + middle},
		"a public client":                    {ClientAuth{ID: "shop 1"}, nil, "", "client_id=shop+1" + middle},
		"a public client nobody expects":     {ClientAuth{ID: "shop"}, []string{"client_secret_basic"}, "", "client_id=shop" + middle},
		"basic, form-encoded before":         {ClientAuth{ID: "shop 1:ä", Secret: "s/e c:ret+%"}, nil, "Basic " + base64.StdEncoding.EncodeToString([]byte("shop+1%3A%C3%A4:s%2Fe+c%3Aret%2B%25")), form},
		"post, form-encoded":                 {ClientAuth{ID: "shop", Secret: "s/e c:ret+%&"}, []string{"client_secret_post"}, "", "client_id=shop&client_secret=s%2Fe+c%3Aret%2B%25%26" + middle},
		"a secret that is made":              {ClientAuth{ID: "shop", SecretFunc: func(context.Context) (string, error) { return "made", nil }}, []string{"client_secret_post"}, "", "client_id=shop&client_secret=made" + middle},
		"a secret that is made, for basic":   {ClientAuth{ID: "shop", SecretFunc: func(context.Context) (string, error) { return "made", nil }}, nil, "Basic c2hvcDptYWRl", form},
		"a secret beside a key nobody wants": {ClientAuth{ID: "s6BhdRkqt3", Secret: "gX1fBat3bV", Signer: signer}, []string{"client_secret_basic"}, "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW", form},
	} {
		p := newProvider(t, (*httptest.Server).Start)
		if c.named != nil {
			p.document["token_endpoint_auth_methods_supported"] = c.named
		}
		got := p.record(t, good)
		tokens, err := p.client(t, func(conf *Config) { conf.Auth = c.auth }).Exchange(t.Context(), codeRequest)
		if err != nil || tokens.IDToken != "a.b.c" || tokens.AccessToken != "t" {
			t.Errorf("%s: %+v %v", name, tokens, err)
			continue
		}
		want := wire{"POST", "/token", c.authorization, "application/x-www-form-urlencoded", "application/json", c.body}
		if len(*got) != 1 || (*got)[0] != want {
			t.Errorf("%s:\n%+v\nwant\n%+v", name, *got, want)
		}
	}
}

func TestAClientThatSigns(t *testing.T) {
	keys := jws.NewKeySet(parseKey(t))
	for name, c := range map[string]struct {
		auth     ClientAuth
		named    []string
		change   func(*Config)
		audience func(*provider) string
	}{
		"no methods named":        {ClientAuth{ID: "shop", Signer: signer}, nil, nil, func(p *provider) string { return p.URL }},
		"beside others":           {ClientAuth{ID: "shop", Signer: signer, Secret: "s"}, []string{"client_secret_basic", "private_key_jwt"}, nil, func(p *provider) string { return p.URL }},
		"by the setting":          {ClientAuth{ID: "shop", Signer: signer, Method: AuthKey}, []string{"client_secret_basic"}, nil, func(p *provider) string { return p.URL }},
		"for an audience of ours": {ClientAuth{ID: "shop", Signer: signer, Audience: "https://b2b.example"}, nil, nil, func(*provider) string { return "https://b2b.example" }},
		"an issuer of several tenants": {ClientAuth{ID: "shop", Signer: signer}, nil, func(c *Config) {
			c.DiscoveryURL = c.Issuer + "/.well-known/openid-configuration"
			c.Issuer, c.Tenants = c.Issuer+"/{tenantid}", []string{"t"}
		}, func(p *provider) string { return p.URL + "/token" }},
	} {
		p := newProvider(t, (*httptest.Server).Start)
		if c.named != nil {
			p.document["token_endpoint_auth_methods_supported"] = c.named
		}
		got := p.record(t, good)
		client := p.client(t, func(conf *Config) {
			conf.Auth = c.auth
			if c.change != nil {
				c.change(conf)
				p.document["issuer"] = conf.Issuer
			}
		})
		seen := map[string]bool{}
		for range 2 {
			if _, err := client.Exchange(t.Context(), codeRequest); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			last := (*got)[len(*got)-1]
			form, err := url.ParseQuery(last.body)
			if err != nil || last.authorization != "" || form.Get("client_id") != "shop" || form.Has("client_secret") ||
				form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
				t.Errorf("%s: %+v %v", name, last, err)
			}
			m, err := jws.Verify(form.Get("client_assertion"), keys, jws.Policy{Types: []string{"JWT"}})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			var says struct {
				Iss, Sub, Aud, Jti string
				Exp, Iat           int64
			}
			if err := json.Unmarshal(m.Payload, &says); err != nil || says.Iss != "shop" || says.Sub != "shop" || says.Aud != c.audience(p) || says.Iat != now.Unix() || says.Exp != now.Unix()+60 || len(says.Jti) < 22 || seen[says.Jti] {
				t.Errorf("%s: %s %v", name, m.Payload, err)
			}
			seen[says.Jti] = true
		}
	}
}

func parseKey(t *testing.T) *jws.Key {
	t.Helper()
	k, err := jws.ParseKey([]byte(`{"kty":"OKP","crv":"Ed25519","kid":"rp-1","x":"` + jws.EncodeBase64URL(signingKey.Public().(ed25519.PublicKey)) + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// A client that cannot authenticate itself asks nothing, and the error names the setting.
func TestAClientThatCannotAuthenticateItself(t *testing.T) {
	failing := errors.New("the vault is closed")
	for name, c := range map[string]struct {
		auth          ClientAuth
		named         []string
		setting, says string
	}{
		"a secret that nobody takes": {ClientAuth{ID: "shop", Secret: "hunter2"}, []string{"private_key_jwt", "none"}, "TokenAuth", "token_endpoint_auth_methods_supported"},
		"a key that nobody takes":    {ClientAuth{ID: "shop", Signer: signer}, []string{"client_secret_basic"}, "TokenAuth", "token_endpoint_auth_methods_supported"},
		"post without a secret":      {ClientAuth{ID: "shop", Method: AuthPost}, nil, "ClientSecret, ClientKey or TokenAuth", "client_secret_post"},
		"a key's method without one": {ClientAuth{ID: "shop", Secret: "hunter2", Method: AuthKey}, nil, "ClientSecret, ClientKey or TokenAuth", "private_key_jwt"},
		"a method of nobody":         {ClientAuth{ID: "shop", Secret: "hunter2", Method: "client_secret_jwt"}, nil, "ClientSecret, ClientKey or TokenAuth", "client_secret_jwt"},
		"a secret that is not made":  {ClientAuth{ID: "shop", SecretFunc: func(context.Context) (string, error) { return "hunter2", failing }}, nil, "ClientSecretFunc", "the vault is closed"},
		"a secret made empty":        {ClientAuth{ID: "shop", SecretFunc: func(context.Context) (string, error) { return "", nil }}, []string{"client_secret_post"}, "ClientSecretFunc", "it is empty"},
		"a key that signs nothing":   {ClientAuth{ID: "shop", Signer: jws.NewEd25519Signer("k", nil)}, nil, "ClientKey", "signing_failed"},
	} {
		p := newProvider(t, (*httptest.Server).Start)
		if c.named != nil {
			p.document["token_endpoint_auth_methods_supported"] = c.named
		}
		got := p.record(t, good)
		_, err := p.client(t, func(conf *Config) { conf.Auth = c.auth }).Exchange(t.Context(), codeRequest)
		var why *Error
		if !errors.As(err, &why) || why.Code != CodeAuth || why.Setting != c.setting || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "the setting "+c.setting) {
			t.Errorf("%s: %v", name, err)
		}
		if len(*got) != 0 || strings.Contains(fmt.Sprint(err), "hunter2") {
			t.Errorf("%s: sent %+v, says %v", name, *got, err)
		}
	}
}

// The other side refuses the client: nobody but who runs the site can help, and the
// settings depend on what was shown.
func TestAClientThatIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		auth    ClientAuth
		answer  answer
		setting string
	}{
		"a wrong secret":                    {ClientAuth{ID: "shop", Secret: "s"}, answer{401, "", `{"error":"invalid_client"}`}, "ClientSecret or TokenAuth"},
		"a wrong secret, with status 400":   {ClientAuth{ID: "shop", Secret: "s"}, answer{400, "", `{"error":"invalid_client"}`}, "ClientSecret or TokenAuth"},
		"a wrong secret, with status 200":   {ClientAuth{ID: "shop", Secret: "s"}, answer{200, "", `{"error":"invalid_client"}`}, "ClientSecret or TokenAuth"},
		"a wrong secret, without a word":    {ClientAuth{ID: "shop", Secret: "s"}, answer{401, "", `Unauthorized`}, "ClientSecret or TokenAuth"},
		"a wrong secret, in the header":     {ClientAuth{ID: "shop", Secret: "s"}, answer{401, `WWW-Authenticate: Basic realm="x", error="invalid_client"`, ``}, "ClientSecret or TokenAuth"},
		"a wrong secret, as Auth0 says it":  {ClientAuth{ID: "shop", Secret: "s"}, answer{401, "", `{"error":"access_denied","error_description":"Unauthorized"}`}, "ClientSecret or TokenAuth"},
		"no client for this way of asking":  {ClientAuth{ID: "shop", Secret: "s", Method: AuthPost}, answer{400, "", `{"error":"unauthorized_client"}`}, "ClientSecret or TokenAuth"},
		"a public client":                   {ClientAuth{ID: "shop"}, answer{401, "", `{"error":"invalid_client"}`}, "ClientSecret"},
		"an assertion for another audience": {ClientAuth{ID: "shop", Signer: signer}, answer{401, "", `{"error":"invalid_client"}`}, "ClientKey, AssertionAudience or TokenAuth"},
	} {
		p := newProvider(t, (*httptest.Server).Start)
		p.document["revocation_endpoint"], p.document["pushed_authorization_request_endpoint"] = p.URL+"/revoke", p.URL+"/par"
		p.record(t, c.answer)
		client := p.client(t, func(conf *Config) { conf.Auth = c.auth })
		_, exchange := client.Exchange(t.Context(), codeRequest)
		_, renew := client.Renew(t.Context(), "r", nil)
		_, push := client.Push(t.Context(), []oidc.Param{{Name: "scope", Value: "openid"}})
		for what, err := range map[string]error{"exchange": exchange, "renew": renew, "push": push, "revoke": client.Revoke(t.Context(), "r", "refresh_token")} {
			var why *Error
			if !errors.As(err, &why) || why.Code != CodeClient || why.Status != c.answer.status || why.Setting != c.setting {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
}

// What is over is not the client's fault, also with the client's status.
func TestWhatIsOverIsOverWith401(t *testing.T) {
	p := newProvider(t, (*httptest.Server).Start)
	p.document["revocation_endpoint"] = p.URL + "/revoke"
	client := p.client(t, func(c *Config) { c.Auth = ClientAuth{ID: "shop", Secret: "s"} })
	p.record(t, answer{401, "", `{"error":"invalid_grant"}`})
	_, exchange := client.Exchange(t.Context(), codeRequest)
	refusedWith(t, "exchange", exchange, CodeRefused)
	_, renew := client.Renew(t.Context(), "r", nil)
	refusedWith(t, "renew", renew, CodeGrantOver)
	p.record(t, answer{401, "", `{"error":"invalid_token"}`})
	if err := client.Revoke(t.Context(), "r", "refresh_token"); err != nil {
		t.Error(err)
	}
}

// A secret that is a token of its own is made for each request, the repeated one too.
func TestASecretIsMadeForEachRequest(t *testing.T) {
	p := newProvider(t, (*httptest.Server).Start)
	made := 0
	got := p.record(t, answer{503, "Retry-After: 1", ""}, good)
	client := p.client(t, func(c *Config) {
		c.Auth = ClientAuth{ID: "shop", Method: AuthPost, SecretFunc: func(ctx context.Context) (string, error) {
			made++
			return fmt.Sprint("secret-", made), ctx.Err()
		}}
	})
	client.wait = func(context.Context, time.Duration) error { return nil }
	if _, err := client.Exchange(t.Context(), codeRequest); err != nil {
		t.Fatal(err)
	}
	for i, r := range *got {
		if !strings.Contains(r.body, fmt.Sprint("client_secret=secret-", i+1, "&")) {
			t.Errorf("request %d: %s", i+1, r.body)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.Exchange(ctx, codeRequest); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
