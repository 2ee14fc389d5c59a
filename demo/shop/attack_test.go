package shop

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/demo/look"
	kit "github.com/bonafides-dev/bonafides/internal/look"
)

func (p *pottery) attack(name, body string) look.Outcome {
	p.t.Helper()
	code, answer := p.do(http.MethodPost, "/attack/"+name, form, body, "application/json")
	var o look.Outcome
	if err := json.Unmarshal([]byte(answer), &o); err != nil || code != 200 {
		p.t.Fatalf("%s: %d %s", name, code, answer)
	}
	return o
}

const idToken = "aGVhZA.Y2xhaW1z.c2lnbmF0dXJl"

func TestAttacksSendWhatTheySay(t *testing.T) {
	p := open(t)
	for _, name := range []string{"reuse-nonce", "tamper-token", "login-csrf"} {
		if o := p.attack(name, ""); o.State != kit.Failed || len(p.desk.got) != 0 {
			t.Errorf("%s before any sign-in: %+v", name, o)
		}
	}
	intake := `{"token":"` + idToken + `","config_url":"x"}`
	r, _ := http.NewRequest(http.MethodPost, p.URL+"/signin/fedcm", strings.NewReader(intake))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", p.URL)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.AddCookie(&http.Cookie{Name: "rp-browser", Value: "mine"})
	resp, err := p.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()

	last := func() (*http.Request, string) { return p.desk.got[len(p.desk.got)-1], p.desk.body[len(p.desk.body)-1] }
	for _, name := range []string{"reuse-nonce", "tamper-token", "login-csrf"} {
		before := len(p.desk.got)
		if o := p.attack(name, ""); o.State != kit.Refused || o.Title != "The desk refuses." {
			t.Errorf("%s: %+v", name, o)
		}
		if len(p.desk.got) != before+1 {
			t.Fatalf("%s sent %d requests", name, len(p.desk.got)-before)
		}
		got, body := last()
		if c, err := got.Cookie("rp-browser"); err != nil || c.Value != "mine" {
			t.Errorf("%s: without the browser's cookie", name)
		}
		var sent struct{ Token string }
		if err := json.Unmarshal([]byte(body), &sent); err != nil {
			t.Fatal(err)
		}
		if (sent.Token != idToken) != (name == "tamper-token") {
			t.Errorf("%s sent token %q", name, sent.Token)
		}
		if (got.Header.Get("Origin") != p.URL) != (name == "login-csrf") {
			t.Errorf("%s sent Origin %q", name, got.Header.Get("Origin"))
		}
	}

	if o := p.attack("other-browser", "token="+idToken); o.State != kit.Refused {
		t.Errorf("other-browser: %+v", o)
	}
	got, body := last()
	if c, err := got.Cookie("rp-browser"); err != nil || c.Value != "thief" || !strings.Contains(body, idToken) {
		t.Errorf("other-browser sent %q with cookie %v", body, c)
	}

	for name, want := range map[string][2]string{"wrong-origin": {"http://news.localhost", "webidentity"}, "no-dest": {p.URL, ""}} {
		p.asked, p.forms = nil, nil
		if o := p.attack(name, ""); o.State != kit.Refused || o.Title != "Another origin is registered." {
			t.Errorf("%s: %+v", name, o)
		}
		if len(p.asked) != 1 || p.asked[0].URL.Path != "/fedcm/assertion" || p.forms[0].Get("client_id") != "kiln-lane" ||
			p.asked[0].Header.Get("Origin") != want[0] || p.asked[0].Header.Get("Sec-Fetch-Dest") != want[1] {
			t.Errorf("%s: the provider received %v %v", name, p.asked, p.forms)
		}
	}
}
