package rpserver_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// overheard is the line between a site and its provider: it remembers what is secret of all that
// goes over it, and may answer in the provider's place with what it was sent.
type overheard struct {
	mu      sync.Mutex
	secrets []string
	echo    func(r *http.Request, sent string) *http.Response // nil: the provider answers
}

var secretNames = []string{"code", "code_verifier", "client_secret", "refresh_token", "token", "access_token", "id_token", "state", "nonce", "id_token_hint"}

func (w *overheard) keep(values ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, v := range values {
		if len(v) > 11 && !slices.Contains(w.secrets, v) {
			w.secrets = append(w.secrets, v)
		}
	}
}

func (w *overheard) keepAll(q url.Values) {
	for _, name := range secretNames {
		w.keep(q[name]...)
	}
}

func (w *overheard) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := []byte(r.URL.RawQuery)
	if r.Body != nil {
		var err error
		if sent, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(sent))
	}
	form, err := url.ParseQuery(string(sent))
	if err != nil {
		return nil, err
	}
	w.keepAll(form)
	_, authorization, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	w.keep(authorization)
	w.mu.Lock()
	echo := w.echo
	w.mu.Unlock()
	if echo != nil {
		if res := echo(r, string(sent)+" "+authorization); res != nil {
			return res, nil
		}
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(body))
	var members map[string]any
	if json.Unmarshal(body, &members) == nil {
		for _, name := range secretNames {
			text, _ := members[name].(string)
			w.keep(text)
		}
	}
	return res, nil
}

func (w *overheard) answers(echo func(r *http.Request, sent string) *http.Response) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.echo = echo
}

func answering(status int, header, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}, "Www-Authenticate": {header}},
		Body:   io.NopCloser(strings.NewReader(body)),
	}
}

// Everything that a person and a provider can do, and a provider that repeats in its errors
// whatever it got: of what went over the line nothing comes to the log, in whole or in half.
func TestNothingOfAWholeFlowComesToTheLog(t *testing.T) {
	idp := idptest.New(t, idptest.WithClock(time.Now()))
	w := &overheard{}
	a := newAway(t, idp, func(p *rpserver.Provider) {
		p.Offline, p.MoreScopes, p.Userinfo = true, []string{"calendar"}, rpserver.UserinfoAlways
	},
		func(c *rpserver.Config) { c.Client = &http.Client{Transport: w, Timeout: 10 * time.Second} })
	w.keep(idp.ClientSecret)
	flow := func(start string) {
		to := a.step("GET", start, fromHere).Header.Get("Location")
		if u, err := url.Parse(to); err == nil {
			w.keepAll(u.Query())
		}
		callback := a.through(start)
		u, err := url.Parse(callback)
		if err != nil {
			t.Fatal(err)
		}
		w.keepAll(u.Query())
		a.open(callback)
		a.open(callback) // again
		for _, c := range a.jar.Cookies(mustRequest(t, "GET", a.URL).URL) {
			w.keep(c.Value)
		}
	}
	flow("/signin/start?return=/whoami")
	if a.who() != ada {
		t.Fatal(a.log)
	}
	flow("/signin/start?scope=calendar")
	flow("/signin/start?max_age=0")
	source := a.rp.TokenSource(a.signedIn())
	idp.Advance(2 * time.Hour)
	if _, err := source.Token(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := idp.BackChannelLogout(t.Context(), a.rp.BackChannelLogoutURIs()[0], idptest.Person{Subject: ada}); err != nil {
		t.Fatal(err)
	}
	flow("/signin/start")
	a.post("/signout?at=provider", "text/html")

	quoted := func(s string) string { b, _ := json.Marshal(s); return string(b) }
	for name, answer := range map[string]func(sent string) *http.Response{
		"in the description": func(s string) *http.Response {
			return answering(400, "", `{"error":"invalid_request","error_description":`+quoted(s)+`}`)
		},
		"in the code": func(s string) *http.Response { return answering(400, "", `{"error":`+quoted(s)+`}`) },
		"in an object": func(s string) *http.Response {
			return answering(400, "", `{"error":{"code":"x","message":`+quoted(s)+`}}`)
		},
		"with status 200": func(s string) *http.Response {
			return answering(200, "", `{"error":"x","error_description":`+quoted(s)+`}`)
		},
		"in the header": func(s string) *http.Response {
			return answering(401, `Bearer error="x", error_description="`+s+`"`, "")
		},
		"as no JSON": func(s string) *http.Response { return answering(200, "", s) },
		"as a member": func(s string) *http.Response {
			return answering(200, "", `{`+quoted(s)+`:1,`+quoted(s)+`:2,"id_token":`+quoted(s)+`}`)
		},
		"as a token": func(s string) *http.Response {
			return answering(200, "", `{"id_token":`+quoted(strings.Fields(s)[0])+`,"access_token":"x"}`)
		},
		"as the token type": func(s string) *http.Response {
			return answering(200, "", `{"id_token":"a.b.c","access_token":"x","token_type":`+quoted(s)+`}`)
		},
		"as a redirect": func(s string) *http.Response {
			res := answering(302, "", "")
			res.Header.Set("Location", "/x?"+s+"\x01")
			return res
		},
		"broken off": func(s string) *http.Response {
			res := answering(200, "", "")
			res.Body = io.NopCloser(io.MultiReader(strings.NewReader(s), failing(s)))
			return res
		},
	} {
		for _, where := range []idptest.Endpoint{idptest.Token, idptest.Userinfo} {
			a.newBrowser()
			w.answers(func(r *http.Request, sent string) *http.Response {
				if r.URL.Path != string(where) {
					return nil
				}
				return answer(sent)
			})
			flow("/signin/start")
			if who := a.who(); who != "nobody" {
				t.Errorf("%s of %s signs %s in", name, where, who)
			}
		}
	}
	if !strings.Contains(a.log.String(), "left out: it repeats") || len(w.secrets) < 100 {
		t.Errorf("%d secrets went over the line, and nothing was left out", len(w.secrets))
	}
	for _, secret := range w.secrets {
		for _, part := range []string{secret[:12], secret[len(secret)-12:]} {
			if strings.Contains(a.log.String(), part) {
				for line := range strings.Lines(a.log.String()) {
					if strings.Contains(line, part) {
						t.Errorf("%q is in %s", part, line)
						break
					}
				}
			}
		}
	}
}

// failing is a body that ends with an error of this text.
type failing string

func (f failing) Read([]byte) (int, error) { return 0, failure(f) }

type failure string

func (f failure) Error() string { return "broken after " + string(f) }
