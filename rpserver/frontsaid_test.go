package rpserver_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// A provider that refuses a sign-in repeats in its error what it was asked with. Its words
// are for the log and for whoever draws the page; what was sent belongs into neither.
func TestAProvidersRefusalRepeatsNothingThatWasSent(t *testing.T) {
	idp := idptest.New(t)
	var why rpserver.Refusal
	a := newAway(t, idp, nil, func(c *rpserver.Config) {
		c.RefusalPage = func(w http.ResponseWriter, _ *http.Request, r rpserver.Refusal) {
			why = r
			w.WriteHeader(r.Status)
		}
	})
	for name, c := range map[string]struct {
		said func(sent url.Values) (code, description string)
		help string // what is told all the same
	}{
		"the state": {func(s url.Values) (string, string) { return "invalid_request", "state " + s.Get("state") + " is odd" }, "invalid_request"},
		"a part of it": {func(s url.Values) (string, string) {
			return "invalid_request", "state " + s.Get("state")[20:60] + "..."
		}, "invalid_request"},
		"the nonce":   {func(s url.Values) (string, string) { return "invalid_request", "nonce=" + s.Get("nonce") + "&x" }, "invalid_request"},
		"in the code": {func(s url.Values) (string, string) { return s.Get("nonce"), "no" }, "no"},
		"a token": {func(url.Values) (string, string) {
			return "login_required", "the hint eyJhbGciOiJub25lIn0.e30. is over"
		}, "login_required"},
		"nothing": {func(url.Values) (string, string) {
			return "access_denied", "Trace ID: 8ba5cc7e-6bf1-4a0e-8a56-3f2b8d0c4c00"
		}, "8ba5cc7e-6bf1-4a0e-8a56-3f2b8d0c4c00"},
		"the client's name": {func(url.Values) (string, string) { return "unauthorized_client", googleLike + " is not known" }, googleLike},
	} {
		a.newBrowser()
		to, err := url.Parse(a.step("GET", "/signin/start", fromHere).Header.Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		sent, before := to.Query(), len(a.log.String())
		code, description := c.said(sent)
		a.step("GET", "/signin/callback/idp?"+url.Values{
			"state": {sent.Get("state")}, "iss": {idp.Issuer}, "error": {code}, "error_description": {description},
		}.Encode(), nil)
		for where, text := range map[string]string{"the log": a.log.String()[before:], "the page": why.Said} {
			if !strings.Contains(text, c.help) {
				t.Errorf("%s: %s does not help: %s", name, where, text)
			}
			for _, secret := range []string{sent.Get("nonce")[:30], sent.Get("state")[:30], sent.Get("state")[20:50], "eyJ"} {
				if strings.Contains(text, secret) {
					t.Errorf("%s: %s holds %q: %s", name, where, secret, text)
				}
			}
		}
	}
}

const googleLike = "123456789012-abcdefghijklmnopqrstuvwxyz012345.apps.googleusercontent.com"
