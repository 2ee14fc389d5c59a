package rpserver_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// Whoever comes by another name of the site signs in at its own, where the provider
// sends them back to.
func TestASignInThatBeginsAtAnotherHostGoesOnAtTheSitesOwn(t *testing.T) {
	a := newAway(t, idptest.New(t), nil)
	other := strings.Replace(a.URL, "127.0.0.1", "localhost", 1)
	if p := a.open(other + "/signin/start?return=/whoami"); p.body != ada || !strings.HasPrefix(p.at.String(), a.URL+"/whoami") {
		t.Fatalf("ended at %s: %s", p.at, p.body)
	}
	u, err := url.Parse(other)
	if err != nil {
		t.Fatal(err)
	}
	if cookies := a.jar.Cookies(u); len(cookies) != 0 {
		t.Errorf("left there: %v", cookies)
	}
}

func TestWhereASignInAtAnotherHostGoes(t *testing.T) {
	const origin = "https://shop.example"
	c := goodConfig()
	c.Origin, c.Prefix = origin, "/auth"
	rp, err := rpserver.New(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ host, query, want string }{
		{"www.shop.example", "", "?here=1"},
		{"www.shop.example", "return=/a%3Fb=c%26d&login_hint=a%40b;c", "?return=/a%3Fb=c%26d&login_hint=a%40b;c&here=1"},
		{"shop.example:8443", "return=/a", "?return=/a&here=1"},
		{"shop.example.", "return=/a", "?return=/a&here=1"},
		{"evil.example/", "return=/a", "?return=/a&here=1"}, // whatever it is, the way leads to the site
		{"shop.example@evil.example", "return=https://evil.example", "?return=https://evil.example&here=1"},
		{"shop.example", "return=/a", ""},
		{"SHOP.example:443", "return=/a", ""},
		{"127.0.0.1:9000", "return=/a&here=1", ""}, // a proxy writes its own: once, and no more
	} {
		r := httptest.NewRequest(http.MethodGet, origin+"/signin/start?"+test.query, nil)
		r.Host = test.host
		w := httptest.NewRecorder()
		rp.ServeHTTP(w, r)
		to := w.Header().Get("Location")
		if home := to == origin+"/auth/signin/start"+test.want; home != (test.want != "") {
			t.Errorf("%s?%s: %d to %q", test.host, test.query, w.Code, to)
		}
		if sent := len(w.Result().Cookies()) > 0; test.want != "" && (sent || w.Code != http.StatusSeeOther) {
			t.Errorf("%s?%s: %d with cookies %v", test.host, test.query, w.Code, sent)
		}
	}
}
