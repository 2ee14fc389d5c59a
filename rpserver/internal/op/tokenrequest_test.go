package op

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestTheTokenRequestSaysWhoAsks(t *testing.T) {
	for name, secret := range map[string]string{"a public client": "", "a client with a secret": "s/e c:ret"} {
		p := newProvider(t, (*httptest.Server).Start)
		p.token = func(w http.ResponseWriter, r *http.Request) {
			id, pass, basic := r.BasicAuth()
			if err := r.ParseForm(); err != nil {
				t.Error(err)
			}
			want := url.Values{"grant_type": {"authorization_code"}, "code": {"c"}, "redirect_uri": {"https://shop.example/cb"}, "code_verifier": {"v"}}
			if secret == "" {
				want.Set("client_id", "shop 1")
			}
			if r.PostForm.Encode() != want.Encode() || basic != (secret != "") || basic && (id != "shop+1" || pass != url.QueryEscape(secret)) {
				t.Errorf("%s: %v %q %q", name, r.PostForm, id, pass)
			}
			_, _ = w.Write([]byte(`{"access_token":"a","id_token":"a.b.c"}`))
		}
		token, err := p.client(t, nil).Exchange(t.Context(), TokenRequest{
			Endpoint: p.URL + "/token", ClientID: "shop 1", ClientSecret: secret, RedirectURI: "https://shop.example/cb", Code: "c", Verifier: "v",
		})
		if token != "a.b.c" || err != nil {
			t.Errorf("%s: %q %v", name, token, err)
		}
	}
}

// reply is an answer of the token endpoint.
type reply struct {
	status int
	after  string // Retry-After
	body   string
}

var good = reply{200, "", `{"id_token":"a.b.c"}`}

// A busy provider is asked again once, when it says, if that is soon.
func TestABusyProviderIsAskedOnceMore(t *testing.T) {
	date := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	const code = CodeBusy
	for name, c := range map[string]struct {
		replies []reply
		asked   int
		waited  string
		code    string
		after   time.Duration // -1: it did not say
	}{
		"not busy":                  {[]reply{good}, 1, "", "", 0},
		"503, then good":            {[]reply{{503, "2", ""}, good}, 2, "2s", "", 0},
		"429, then good":            {[]reply{{429, "1", `{"error":"slow_down"}`}, good}, 2, "1s", "", 0},
		"at once":                   {[]reply{{503, "0", ""}, good}, 2, "0s", "", 0},
		"in words, then good":       {[]reply{{400, "3", `{"error":"temporarily_unavailable"}`}, good}, 2, "3s", "", 0},
		"in words of a 200":         {[]reply{{200, "3", `{"error":"temporarily_unavailable"}`}, good}, 2, "3s", "", 0},
		"the longest that is borne": {[]reply{{503, "5", ""}, good}, 2, "5s", "", 0},
		"a date":                    {[]reply{{503, date(4 * time.Second), ""}, good}, 2, "4s", "", 0},
		"a date that is over":       {[]reply{{503, date(-time.Hour), ""}, good}, 2, "0s", "", 0},
		"busy still":                {[]reply{{503, "1", ""}, {429, "2", ""}, good}, 2, "1s", code, 2 * time.Second},
		"then refused":              {[]reply{{503, "1", ""}, {400, "", `{"error":"invalid_grant"}`}}, 2, "1s", CodeRefused, -1},
		"for longer":                {[]reply{{503, "6", ""}, good}, 1, "", code, 6 * time.Second},
		"for ever":                  {[]reply{{503, "4294967295", ""}, good}, 1, "", code, 24 * time.Hour},
		"until a late date":         {[]reply{{503, date(time.Minute), ""}, good}, 1, "", code, time.Minute},
		"it does not say":           {[]reply{{503, "", ""}, good}, 1, "", code, -1},
		"nonsense":                  {[]reply{{503, "soon", ""}, good}, 1, "", code, -1},
		"less than no time":         {[]reply{{503, "-1", ""}, good}, 1, "", code, -1},
		"down":                      {[]reply{{500, "1", ""}, good}, 1, "", CodeUnreachable, -1},
		"no gateway":                {[]reply{{502, "1", "<html>"}, good}, 1, "", CodeUnreachable, -1},
		"a redirect":                {[]reply{{307, "", ""}, good}, 1, "", CodeRefused, -1},
		"not JSON":                  {[]reply{{200, "1", "token"}, good}, 1, "", CodeMalformed, -1},
		"no token":                  {[]reply{{200, "1", `{}`}, good}, 1, "", CodeNoIDToken, -1},
		"too long a token":          {[]reply{{200, "", `{"id_token":"` + strings.Repeat("a", MaxIDToken+1) + `"}`}}, 1, "", CodeNoIDToken, -1},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t, (*httptest.Server).Start)
			asked := 0
			p.token = func(w http.ResponseWriter, r *http.Request) {
				answer := c.replies[min(asked, len(c.replies)-1)]
				asked++
				if r.FormValue("code") != "c" {
					t.Errorf("request %d has the code %q", asked, r.FormValue("code"))
				}
				if answer.after != "" {
					w.Header().Set("Retry-After", answer.after)
				}
				w.Header().Set("Location", "/token")
				w.WriteHeader(answer.status)
				_, _ = w.Write([]byte(answer.body))
			}
			client, waited := p.client(t, nil), ""
			client.wait = func(_ context.Context, d time.Duration) error { waited += d.String(); return nil }
			token, err := client.Exchange(t.Context(), TokenRequest{Endpoint: p.URL + "/token", ClientID: "shop", Code: "c"})
			if asked != c.asked || waited != c.waited {
				t.Errorf("asked %d times after waiting %q", asked, waited)
			}
			if c.code == "" {
				if token != "a.b.c" || err != nil {
					t.Errorf("%q %v", token, err)
				}
				return
			}
			var why *Error
			if !errors.As(err, &why) || why.Code != c.code || token != "" {
				t.Fatalf("%q %v", token, err)
			}
			if why.After.Known != (c.after >= 0) || c.after >= 0 && why.After.Duration != c.after {
				t.Errorf("after %+v", why.After)
			}
		})
	}
}

func TestAWaitEndsWithItsRequest(t *testing.T) {
	p := newProvider(t, (*httptest.Server).Start)
	asked := 0
	p.token = func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.Header().Set("Retry-After", "5")
		w.WriteHeader(503)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := p.client(t, nil).Exchange(ctx, TokenRequest{Endpoint: p.URL + "/token"})
	var why *Error
	if !errors.As(err, &why) || why.Code != CodeBusy || asked != 1 || time.Since(began) > 4*time.Second {
		t.Errorf("%v after %s, asked %d times", err, time.Since(began), asked)
	}
	if got := fmt.Sprint(err); got != "provider_busy: status 503" {
		t.Error(got)
	}
}

func TestAnAnswerThatEndsEarlyIsNone(t *testing.T) {
	p := newProvider(t, (*httptest.Server).Start)
	p.token = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(good.body))
	}
	var why *Error
	if _, err := p.client(t, nil).Exchange(t.Context(), TokenRequest{Endpoint: p.URL + "/token"}); !errors.As(err, &why) || why.Code != CodeUnreachable {
		t.Error(err)
	}
}
