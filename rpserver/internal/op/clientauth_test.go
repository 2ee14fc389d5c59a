package op

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
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

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// sent is what came to an endpoint, as it was on the wire.
type sent struct{ method, path, authorization, contentType, accept, body string }

func record(t *testing.T, into *[]sent, then answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		*into = append(*into, sent{r.Method, r.URL.String(), r.Header.Get("Authorization"), r.Header.Get("Content-Type"), r.Header.Get("Accept"), string(b)})
		then.write(w)
	}
}

// The client of RFC 6749 section 2.3.1, and what that makes of it.
var theRFCs = ClientAuth{ID: "s6BhdRkqt3", Secret: "gX1fBat3bV"}

const (
	theRFCsBasic = "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW"
	theForm      = "application/x-www-form-urlencoded"
)

func TestAClientAuthenticatesItselfAsTheRFCsWriteIt(t *testing.T) {
	const grant = "code=SplxlOBeZQQYbYS6WxSbIA&code_verifier=v&grant_type=authorization_code&redirect_uri=https%3A%2F%2Fclient.example.com%2Fcb"
	calls := 0
	anew := func(context.Context) (string, error) { calls++; return fmt.Sprint("made-", calls), nil }
	for name, c := range map[string]struct {
		auth                ClientAuth
		authorization, body string
	}{
		"basic": {theRFCs, theRFCsBasic, grant},
		"post": {ClientAuth{ID: "s6BhdRkqt3", Secret: "7Fjfp0ZBr1KtDRbnfVdmIw", Method: AuthPost}, "",
			"client_id=s6BhdRkqt3&client_secret=7Fjfp0ZBr1KtDRbnfVdmIw&" + grant},
		"nothing to show":      {ClientAuth{ID: "s6BhdRkqt3"}, "", "client_id=s6BhdRkqt3&" + grant},
		"none by its setting":  {ClientAuth{ID: "s6BhdRkqt3", Secret: "s3cret", Method: AuthNone}, "", "client_id=s6BhdRkqt3&" + grant},
		"appendix B in basic":  {ClientAuth{ID: "a:b c", Secret: " %&+£€"}, "Basic YSUzQWIrYzorJTI1JTI2JTJCJUMyJUEzJUUyJTgyJUFD", grant},
		"appendix B in a form": {ClientAuth{ID: "i", Secret: " %&+£€", Method: AuthPost}, "", "client_id=i&client_secret=+%25%26%2B%C2%A3%E2%82%AC&" + grant},
		"a secret made anew":   {ClientAuth{ID: "i", SecretFunc: anew, Method: AuthPost}, "", "client_id=i&client_secret=made-1&" + grant},
	} {
		p := newProvider(t, (*httptest.Server).Start)
		var got []sent
		p.token = record(t, &got, good)
		_, err := p.client(t, func(q *Config) { q.Auth = c.auth }).Exchange(t.Context(), CodeRequest{
			RedirectURI: "https://client.example.com/cb", Code: "SplxlOBeZQQYbYS6WxSbIA", Verifier: "v"})
		want := sent{"POST", "/token", c.authorization, theForm, "application/json", c.body}
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v\n got %q\nwant %q", name, err, got, want)
		}
	}
}

// A request with no challenge has no verifier, not an empty one.
func TestNoVerifierIsNotAnEmptyOne(t *testing.T) {
	p := newProvider(t, (*httptest.Server).Start)
	var got []sent
	p.token = record(t, &got, good)
	if _, err := p.client(t, func(c *Config) { c.Auth.ID = "i" }).Exchange(t.Context(), CodeRequest{Code: "c"}); err != nil {
		t.Fatal(err)
	}
	if want := "client_id=i&code=c&grant_type=authorization_code&redirect_uri="; got[0].body != want {
		t.Errorf("%q", got[0].body)
	}
}

// clientKey signs as the client, and reads what was signed without the reader that is
// tried here.
type clientKey struct {
	jws.Signer
	public ed25519.PublicKey
}

func newClientKey(t *testing.T) clientKey {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return clientKey{jws.NewEd25519Signer("k1", private), public}
}

func (k clientKey) claims(t *testing.T, token string) (claims map[string]any) {
	t.Helper()
	dot := strings.LastIndexByte(token, '.')
	input, tail := token[:max(dot, 0)], token[dot+1:]
	header, payload, _ := strings.Cut(input, ".")
	signature, err := base64.RawURLEncoding.DecodeString(tail)
	if err != nil || !ed25519.Verify(k.public, []byte(input), signature) {
		t.Fatal("no signature of the client", err)
	}
	if b, err := base64.RawURLEncoding.DecodeString(header); err != nil || string(b) != `{"alg":"EdDSA","kid":"k1","typ":"JWT"}` {
		t.Errorf("%s %v", b, err)
	}
	b, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil || json.Unmarshal(b, &claims) != nil {
		t.Fatal(string(b), err)
	}
	return claims
}

// Each request, also the one that asks again, has an assertion and a secret of its own.
func TestARequestThatIsRepeatedAuthenticatesItselfAnew(t *testing.T) {
	s := newClientKey(t)
	for _, audience := range []string{"", "https://idp.example/token"} {
		p := newProvider(t, (*httptest.Server).Start)
		want, seen, asked := audience, map[string]bool{}, 0
		if want == "" {
			want = p.URL
		}
		p.token = func(w http.ResponseWriter, r *http.Request) {
			asked++
			if err := r.ParseForm(); err != nil || r.Header.Get("Authorization") != "" {
				t.Error(err, r.Header)
			}
			f := r.PostForm
			if f.Get("client_id") != "shop" || f.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" || len(f["client_assertion"]) != 1 {
				t.Errorf("%v", f)
			}
			claims := s.claims(t, f.Get("client_assertion"))
			if claims["iss"] != "shop" || claims["sub"] != "shop" || claims["aud"] != want || claims["exp"] != float64(now.Unix()+60) || claims["iat"] != float64(now.Unix()) {
				t.Errorf("%v", claims)
			}
			seen[claims["jti"].(string)] = true
			if asked == 1 {
				answer{503, "0", ""}.write(w)
				return
			}
			good.write(w)
		}
		_, err := p.client(t, func(c *Config) { c.Auth = ClientAuth{ID: "shop", Signer: s, Audience: audience} }).Exchange(t.Context(), CodeRequest{Code: "c"})
		if err != nil || asked != 2 || len(seen) != 2 {
			t.Errorf("%v; asked %d times with %d assertions", err, asked, len(seen))
		}
	}
	p := newProvider(t, (*httptest.Server).Start)
	calls, got := 0, []sent(nil)
	p.token = record(t, &got, answer{503, "0", ""})
	c := p.client(t, func(c *Config) {
		c.Auth = ClientAuth{ID: "i", Method: AuthPost, SecretFunc: func(context.Context) (string, error) { calls++; return fmt.Sprint("made-", calls), nil }}
	})
	_, _ = c.Exchange(t.Context(), CodeRequest{Code: "c"})
	if len(got) != 2 || !strings.Contains(got[0].body, "client_secret=made-1&") || !strings.Contains(got[1].body, "client_secret=made-2&") {
		t.Errorf("%+v", got)
	}
}

func TestTheMethodIsTheBestThatTheProviderNames(t *testing.T) {
	s := newClientKey(t)
	secret := ClientAuth{ID: "i", Secret: "s"}
	key := ClientAuth{ID: "i", Signer: s}
	both := ClientAuth{ID: "i", Secret: "s", Signer: s}
	set := func(a ClientAuth, method string) ClientAuth { a.Method = method; return a }
	for name, c := range map[string]struct {
		auth  ClientAuth
		named []string
		want  string // "": refused
	}{
		"a document that names none":         {secret, nil, AuthBasic},
		"none, and a key":                    {key, nil, AuthKey},
		"none, and both":                     {both, nil, AuthBasic},
		"basic and post":                     {secret, []string{AuthPost, AuthBasic}, AuthBasic},
		"post alone":                         {secret, []string{AuthPost}, AuthPost},
		"post and others":                    {secret, []string{"client_secret_jwt", AuthKey, AuthPost}, AuthPost},
		"a key first":                        {both, []string{AuthBasic, AuthPost, AuthKey}, AuthKey},
		"both, and no keys":                  {both, []string{AuthPost}, AuthPost},
		"keys alone":                         {key, []string{AuthKey}, AuthKey},
		"a public client":                    {ClientAuth{ID: "i"}, []string{AuthBasic}, AuthNone},
		"a secret, and keys alone":           {secret, []string{AuthKey}, ""},
		"a secret, and none alone":           {secret, []string{AuthNone}, ""},
		"a key, and secrets alone":           {key, []string{AuthBasic, AuthPost}, ""},
		"a setting wins":                     {set(secret, AuthPost), []string{AuthBasic}, AuthPost},
		"a setting wins over keys":           {set(both, AuthBasic), []string{AuthKey}, AuthBasic},
		"a setting that nobody knows":        {set(both, "client_secret_jwt"), nil, ""},
		"a setting without its secret":       {set(key, AuthBasic), nil, ""},
		"a setting without its key":          {set(secret, AuthKey), nil, ""},
		"a setting and nothing to show":      {set(ClientAuth{ID: "i"}, AuthPost), nil, ""},
		"a setting for the public, a secret": {set(secret, AuthNone), []string{AuthBasic}, AuthNone},
	} {
		p := newProvider(t, (*httptest.Server).Start)
		if c.named != nil {
			p.document["token_endpoint_auth_methods_supported"] = c.named
		}
		var got []sent
		p.token = record(t, &got, good)
		_, err := p.client(t, func(q *Config) { q.Auth = c.auth }).Exchange(t.Context(), CodeRequest{Code: "c"})
		if c.want == "" {
			if why := whyNot(t, err); why.Code != CodeAuth || why.Setting != "TokenAuth" || !strings.Contains(err.Error(), "TokenAuth") || len(got) != 0 {
				t.Errorf("%s: %v; sent %q", name, err, got)
			}
			continue
		}
		if err != nil || len(got) != 1 {
			t.Fatalf("%s: %v", name, err)
		}
		used := AuthNone
		switch form, _ := url.ParseQuery(got[0].body); {
		case got[0].authorization != "" && !form.Has("client_secret") && !form.Has("client_assertion"):
			used = AuthBasic
		case form.Has("client_secret"):
			used = AuthPost
		case form.Has("client_assertion"):
			used = AuthKey
		}
		if used != c.want {
			t.Errorf("%s: %s, want %s", name, used, c.want)
		}
	}
}

// refusing is a key that signs nothing, and says why in words that nobody should read.
type refusing struct{ jws.Signer }

func (refusing) Algorithm() jws.Algorithm    { return jws.ES256 }
func (refusing) KeyID() string               { return "k" }
func (refusing) Sign([]byte) ([]byte, error) { return nil, errors.New("pin 4711") }

func TestWhatCannotBeShownIsNotSent(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	for name, c := range map[string]struct {
		auth    ClientAuth
		setting string
		ctx     context.Context
	}{
		"a key that signs nothing":   {ClientAuth{ID: "i", Signer: refusing{}}, "ClientKey", t.Context()},
		"a secret that is not made":  {ClientAuth{ID: "i", SecretFunc: func(context.Context) (string, error) { return "pin 4711", errors.New("pin 4711") }}, "ClientSecretFunc", t.Context()},
		"a secret that is empty":     {ClientAuth{ID: "i", SecretFunc: func(context.Context) (string, error) { return "", nil }}, "ClientSecretFunc", t.Context()},
		"a secret nobody waited for": {ClientAuth{ID: "i", SecretFunc: func(ctx context.Context) (string, error) { end(); return "", ctx.Err() }}, "ClientSecretFunc", ended},
	} {
		p := newProvider(t, (*httptest.Server).Start)
		var got []sent
		p.token = record(t, &got, good)
		_, err := p.client(t, func(q *Config) { q.Auth = c.auth }).Exchange(c.ctx, CodeRequest{Code: "c"})
		if why := whyNot(t, err); why.Code != CodeAuth || why.Setting != c.setting || len(got) != 0 || strings.Contains(err.Error(), "4711") || errors.Is(err, context.Canceled) != (c.ctx == ended) {
			t.Errorf("%s: %v; sent %q", name, err, got)
		}
	}
}

func TestWhoIsRefusedIsToldWhereToLook(t *testing.T) {
	for setting, auth := range map[string]ClientAuth{
		"ClientSecret or TokenAuth":      {ID: "i", Secret: "s"},
		"ClientSecretFunc or TokenAuth":  {ID: "i", SecretFunc: func(context.Context) (string, error) { return "s", nil }},
		"ClientKey or AssertionAudience": {ID: "i", Signer: newClientKey(t)},
	} {
		p := newProvider(t, (*httptest.Server).Start)
		p.token = func(w http.ResponseWriter, _ *http.Request) { answer{401, "", `{"error":"invalid_client"}`}.write(w) }
		_, err := p.client(t, func(c *Config) { c.Auth = auth }).Exchange(t.Context(), CodeRequest{})
		if why := whyNot(t, err); why.Code != CodeClient || why.Setting != setting {
			t.Errorf("%v", err)
		}
	}
}
