package idpserver_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Proxies put their own Host into what they pass on, and browsers of a few years ago
// say Origin alone. The provider's own forms are known by its own origin.
func TestOwnFormsAreTakenBehindAProxyThatChangesTheHost(t *testing.T) {
	p := newIdP(t)
	p.create("ada@corp.example")
	send := func(host, origin string) *http.Response {
		r := httptest.NewRequest(http.MethodPost, "/signin",
			strings.NewReader(values("email", "ada@corp.example", "password", password).Encode()))
		r.Host = host
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", origin)
		return p.browser().send(r, false)
	}
	wantRedirect(t, send("127.0.0.1:3000", loopback), "/account?from=signin")
	wantRedirect(t, send("idp.localhost:8080", loopback), "/account?from=signin")
	for _, foreign := range []string{"https://evil.example", "http://idp.localhost:8081", "https://idp.localhost:8080", "null"} {
		wantPageCode(t, send("127.0.0.1:3000", foreign), 403, "cross_origin")
	}
}
