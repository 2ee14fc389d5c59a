package idpserver_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
)

func TestRedirectURIsOfProgramsOnADevice(t *testing.T) {
	c := directory.Client{ID: "app", Name: "App", URL: "https://app.example", Native: true,
		RedirectURIs: []string{"http://127.0.0.1/cb", "http://[::1]/cb", "com.example.app:/cb", "http://localhost/cb"}}
	if _, err := directory.StaticClients(c); err != nil {
		t.Fatal(err)
	}
	for uri, want := range map[string]bool{
		"http://127.0.0.1/cb": true, "http://127.0.0.1:49152/cb": true, "http://[::1]:1/cb": true, "com.example.app:/cb": true, "http://localhost/cb": true,
		"http://localhost:80/cb": false, "http://127.0.0.1:49152/cb/": false, "http://127.0.0.1:49152/other": false, "http://127.0.0.2:1/cb": false,
		"https://127.0.0.1:1/cb": false, "http://127.0.0.1:1@evil.example/cb": false, "http://127.0.0.1:/cb": false, "http://127.0.0.1:123456/cb": false,
		"http://127.0.0.1.evil.example/cb": false, "http://127.0.0.1:49152": false, "com.example.app:/cb?x": false, "com.example.app://cb": false, "": false,
		"http://127.0.0.1:80a/cb": false, "http://127.0.0.1:+80/cb": false,
	} {
		if c.HasRedirectURI(uri) != want {
			t.Errorf("%q: %v", uri, !want)
		}
	}
	web := c
	web.Native = false
	if web.HasRedirectURI("http://127.0.0.1:49152/cb") {
		t.Error("any port for a client with a server")
	}
	for name, change := range map[string]func(*directory.Client){
		"a secret":              func(c *directory.Client) { c.SecretHash = directory.HashClientSecret("x") },
		"a scheme without dots": func(c *directory.Client) { c.RedirectURIs = []string{"app:/cb"} },
		"javascript":            func(c *directory.Client) { c.RedirectURIs = []string{"javascript:alert(1)"} },
		"a host in it":          func(c *directory.Client) { c.RedirectURIs = []string{"com.example.app://host/cb"} },
		"no URL":                func(c *directory.Client) { c.URL = "" },
		"not Native":            func(c *directory.Client) { c.Native, c.Origins = false, []string{"https://app.example"} },
	} {
		bad := c
		change(&bad)
		if _, err := directory.StaticClients(bad); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// A secret is replaced without a moment in which nobody can sign in.
func TestTwoSecretsOfAClientAtOnce(t *testing.T) {
	p := newIdP(t)
	p.secret(wikiSecret)
	c := clients[1]
	c.OlderSecretHashes = [][]byte{directory.HashClientSecret("the old one of 32 characters ...")}
	if !c.HasSecret(wikiSecret) || !c.HasSecret("the old one of 32 characters ...") || c.HasSecret("") || c.HasSecret("another") {
		t.Error("not those two alone")
	}
	for name, hashes := range map[string][][]byte{"short": {[]byte("x")}, "empty": {{}}} {
		bad := clients[1]
		bad.OlderSecretHashes = hashes
		if _, err := directory.StaticClients(bad); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	res := p.browser().get("/.well-known/oauth-authorization-server")
	wantStatus(t, res, http.StatusOK)
	if body(t, res) != body(t, p.browser().get("/.well-known/openid-configuration")) {
		t.Error("two documents")
	}
}

func TestAProgramOnADeviceSignsIn(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	for _, redirect := range []string{"http://127.0.0.1:49152/cb", "com.example.app:/cb"} {
		v, verifier := codeRequest(t)
		v.Set("client_id", "app")
		v.Set("redirect_uri", redirect)
		to, err := url.Parse(b.consent(v, ada.ID, "continue").Header.Get("Location"))
		if err != nil || to.Query().Get("code") == "" {
			t.Fatal(to, err)
		}
		form := exchange(to.Query().Get("code"), verifier)
		form.Set("client_id", "app")
		form.Set("redirect_uri", redirect)
		p.tokens(p.token(form))
		v.Set("prompt", "none") // another program could ask so
		if to := b.get("/authorize?" + v.Encode()).Header.Get("Location"); !strings.HasPrefix(to, redirect+"?") || !strings.Contains(to, "error=consent_required") {
			t.Errorf("silently: %q", to)
		}
	}
}
