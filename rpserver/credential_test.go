package rpserver_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
)

// The button of Google Identity Services posts an ID token from the provider's page.
func TestACredentialThatAButtonPosts(t *testing.T) {
	p := newPosted(t)
	provider := configured(p.idp)
	provider.CredentialPost = true
	rp, err := rpserver.New(rpserver.Config{Origin: p.URL, Providers: []rpserver.Provider{provider}, Store: new(rpmem.Store)})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", rp)
	var in *rpserver.SignIn
	mux.HandleFunc("/whoami", func(w http.ResponseWriter, r *http.Request) {
		if s, ok := rp.SignedIn(r); ok {
			in = s
			_, _ = io.WriteString(w, s.Subject)
		}
	})
	p.Config.Handler = mux
	page := httptest.NewRecorder()
	nonce := rp.CredentialNonce(page, httptest.NewRequest("GET", p.URL+"/", nil))
	bound := page.Result().Cookies()
	if len(bound) != 1 || bound[0].SameSite != http.SameSiteNoneMode || !bound[0].Secure || page.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%v %v", bound, page.Header())
	}
	csrf := &http.Cookie{Name: "g_csrf_token", Value: "a random text"}
	token := p.idp.Token(idptest.Person{Subject: ada}, nonce, nil)
	form := func(change ...string) url.Values {
		v := url.Values{"credential": {token}, "g_csrf_token": {csrf.Value}, "select_by": {"auto"}}
		for i := 0; i < len(change); i += 2 {
			v.Set(change[i], change[i+1])
		}
		return v
	}
	to := p.URL + "/signin/credential/idp"
	for name, c := range map[string]struct {
		cookies []*http.Cookie
		form    url.Values
	}{
		"no cookie of the script's":  {bound, form()},
		"two of them":                {append(bound, csrf, &http.Cookie{Name: csrf.Name, Value: "other"}), form()},
		"another text":               {append(bound, csrf), form("g_csrf_token", "other")},
		"none in the form":           {append(bound, csrf), form("g_csrf_token", "")},
		"no credential":              {append(bound, csrf), form("credential", "")},
		"no cookie of the nonce":     {[]*http.Cookie{csrf}, form()},
		"a nonce that was made up":   {append(bound, csrf), form("credential", p.idp.Token(idptest.Person{Subject: ada}, strings.Repeat("A", 96), nil))},
		"another browser's nonce":    {append([]*http.Cookie{{Name: bound[0].Name, Value: strings.Repeat("A", 43)}}, csrf), form()},
		"without a nonce altogether": {append(bound, csrf), form("credential", p.idp.Token(idptest.Person{Subject: ada}, "", nil))},
	} {
		if res := p.do("POST", to, c.cookies, c.form); res.StatusCode < 400 || len(res.Cookies()) != 0 {
			t.Errorf("%s: %d %v", name, res.StatusCode, res.Cookies())
		}
	}
	res := p.do("POST", to+"?return=/whoami", append(bound, csrf), form())
	if res.StatusCode != 303 || res.Header.Get("Location") != "/whoami" {
		body, _ := io.ReadAll(res.Body)
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	who, _ := io.ReadAll(p.do("GET", p.URL+"/whoami", res.Cookies(), nil).Body)
	if string(who) != ada || in == nil || !in.Automatic {
		t.Errorf("signed in: %q, %+v", who, in)
	}
	if res := p.do("POST", to, append(bound, csrf), form()); res.StatusCode != 403 {
		t.Errorf("the same credential again: %d", res.StatusCode)
	}
	if res := p.do("GET", to, nil, nil); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", res.StatusCode)
	}
}

func TestTheDoorForCredentialsIsShutUnlessItIsSet(t *testing.T) {
	a := newAway(t, idptest.New(t), nil)
	if res := a.step("POST", "/signin/credential/idp", nil); res.StatusCode != 404 {
		t.Errorf("%d", res.StatusCode)
	}
}
