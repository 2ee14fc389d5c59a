package home

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
)

func TestItDoesNotSendPeopleToAnotherBrowser(t *testing.T) {
	hub := trace.NewHub()
	h, err := New(Config{Hub: hub, Mailbox: &Mailbox{}, Guide: newGuide(t, hub), Origin: "http://localhost:8080", Keeper: "http://keeper.localhost:8080", ChromeCommand: "chromium --x"})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost:8080/", nil))
	if page := w.Body.String(); !strings.Contains(page, "All six steps work in this browser.") {
		t.Error("the page does not say that any browser will do")
	}
}

func TestChartDrawsEachExchangeOnce(t *testing.T) {
	h, hub, _ := newHome(t)
	if page := get(t, h, "/").Body.String(); strings.Contains(page, `class="x`) || !strings.Contains(page, "No message yet") {
		t.Error("an empty run is drawn with messages")
	}
	happen(hub, look.IdP, "GET", "/fedcm/config.json", 200, `{"login_url":"/signin"}`)
	happen(hub, look.Shop, "POST", "/signin/fedcm", 403, `{"code":"nonce_reused","detail":"This nonce was used."}`)
	w := get(t, h, "/")
	page := w.Body.String()
	if w.Code != 200 || strings.Count(page, `data-seq=`) != 2 {
		t.Fatalf("status %d, page %s", w.Code, page)
	}
	for _, want := range []string{
		"FedCM configuration", "sign-in with ID token", "nonce_reused", "This nonce was used.",
		"arrow at1 n5\" data-party=\"browser", "GET 200</i>", "POST 403</i>",
		"arrow at1 n6\" data-party=\"browser", "browser to relying party, answered 403 Forbidden.",
		"For development only",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "connect-src 'self' http://issuer.localhost:8080 http://idp.localhost:8080 http://shop.localhost:8080 http://keeper.localhost:8080") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
}

// An act has one heading, over its first message that is seen.
func TestMessagesAreGroupedByAct(t *testing.T) {
	_, hub, _ := newHome(t)
	happen(hub, look.IdP, "GET", "/fedcm/config.json", 200, `{}`)
	happen(hub, look.IdP, "GET", "/fedcm/client_metadata", 200, `{}`)
	happen(hub, look.Shop, "GET", "/nosuch", 404, `{}`) // hidden, so it ends nothing
	happen(hub, look.Shop, "POST", "/signin/fedcm", 200, `{}`)
	happen(hub, look.AdNetwork, "GET", "/frame", 200, `{}`)
	happen(hub, look.Issuer, "GET", "/.well-known/private-state-token/key-commitment", 200, `{}`)
	var got []string
	for _, x := range grouped(byArrival(hub.All())) {
		if x.heading != "" {
			got = append(got, x.Kind+": "+x.heading)
		}
	}
	want := []string{trace.KindConfig + ": Signing in at another site", trace.KindCommitments + ": Getting tokens"}
	if !slices.Equal(got, want) {
		t.Errorf("headings %q, want %q", got, want)
	}
}

func TestHomeShowsBrandAndRoleAndOneButton(t *testing.T) {
	h, _, _ := newHome(t)
	page := get(t, h, "/").Body.String()
	for _, want := range []string{"Meridian Library", "the issuer", "Lanternkey", "the identity provider", "Kiln Lane", "the relying party", "Token keeper", "Forget all messages"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	if n := strings.Count(page, "button primary"); n != 1 {
		t.Errorf("%d primary buttons", n)
	}
	if !regexp.MustCompile(`data-probe="[^"]+" data-state="waiting" hidden`).MatchString(page) {
		t.Error("a probe speaks before it has failed")
	}
}

func TestMessagesAreEscapedAndSecretsHeldBack(t *testing.T) {
	h, hub, _ := newHome(t)
	happen(hub, look.Shop, "POST", "/order?code=s3cr3t-value", 409, `{"code":"x","detail":"<img src=x onerror=alert(1)>"}`)
	for _, path := range []string{"/", "/exchange/1", "/exchange/1?fragment", "/run.html", "/learned", "/guide"} {
		w := get(t, h, path)
		body := w.Body.String()
		if w.Code != 200 {
			t.Errorf("%s: status %d", path, w.Code)
		}
		for _, bad := range []string{"<script>alert", "<img src=x", "s3cr3t-value"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s has %q", path, bad)
			}
		}
	}
	if w := get(t, h, "/exchange/1?fragment"); !strings.Contains(w.Body.String(), "held back") || strings.Contains(w.Body.String(), "<html") {
		t.Errorf("fragment: %s", w.Body)
	}
}

func TestUnknownMessageIs404(t *testing.T) {
	h, _, _ := newHome(t)
	for _, seq := range []string{"1", "0", "-1", "x", "99999999999999999999"} {
		if w := get(t, h, "/exchange/"+seq); w.Code != 404 {
			t.Errorf("%s: %d", seq, w.Code)
		}
	}
}

func TestSavedFileStandsAlone(t *testing.T) {
	h, hub, _ := newHome(t)
	happen(hub, look.IdP, "GET", "/fedcm/accounts", 200, `{"accounts":[{"id":"s-1","name":"Ada","email":"ada@idp.example"}]}`)
	w := get(t, h, "/run.html")
	page := w.Body.String()
	if !strings.Contains(w.Header().Get("Content-Disposition"), "attachment") {
		t.Error("it is not offered as a download")
	}
	for _, no := range []string{"<script", "<link", " src=", "@import", "url("} {
		if strings.Contains(page, no) {
			t.Errorf("the file has %q", no)
		}
	}
	for _, want := range []string{"accounts[0].email", "ada@idp.example", "--party-issuer", ".lanes"} {
		if !strings.Contains(page, want) {
			t.Errorf("the file lacks %q", want)
		}
	}
	if strings.Count(page, "</style>") != 1 {
		t.Error("the style ends early")
	}
}

func TestClearForgets(t *testing.T) {
	h, hub, _ := newHome(t)
	happen(hub, look.IdP, "GET", "/jwks.json", 200, `{"keys":[]}`)
	post := func(site string) int {
		r := httptest.NewRequest(http.MethodPost, "http://localhost:8080/clear", nil)
		r.Header.Set("Sec-Fetch-Site", site)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	if code := post("cross-site"); code != 403 || len(hub.All()) != 1 {
		t.Errorf("another site cleared the chart: %d", code)
	}
	if code := post("same-origin"); code != 303 || len(hub.All()) != 0 {
		t.Errorf("%d, %d messages left", code, len(hub.All()))
	}
}

func TestStepsAreDoneWhenSeen(t *testing.T) {
	h, hub, _ := newHome(t)
	state := func() string {
		var b strings.Builder
		for _, m := range regexp.MustCompile(`<li( class="([a-z ]*)")?`).FindAllStringSubmatch(get(t, h, "/guide").Body.String(), -1) {
			switch {
			case strings.Contains(m[2], "done"):
				b.WriteByte('d')
			case strings.Contains(m[2], "current"):
				b.WriteByte('c')
			default:
				b.WriteByte('-')
			}
		}
		return b.String()
	}
	for _, step := range []struct {
		do   func()
		want string
	}{
		{func() {}, "c-----"},
		{func() { happen(hub, look.IdP, "GET", "/nothing", 404, "") }, "c-----"}, // a missing page is no attack
		{func() { happen(hub, look.IdP, "POST", "/signin", 303, "") }, "c---d-"},
		{func() { happen(hub, look.Shop, "POST", "/signin/fedcm", 403, "{}") }, "c--dd-"}, // refused: an attack, no sign-in
		{func() { happen(hub, look.Shop, "POST", "/signin/fedcm", 200, "{}") }, "c--ddd"},
	} {
		step.do()
		if got := state(); got != step.want {
			t.Errorf("steps are %q, want %q", got, step.want)
		}
	}
}

func TestMailboxShowsNewestFirstAndForgets(t *testing.T) {
	h, _, box := newHome(t)
	for i := range maxMails + 5 {
		box.Put(Mail{At: time.Unix(int64(i), 0), To: "ada@idp.example", Subject: fmt.Sprintf("mail %d", i), Text: "Your code: <b>1</b>"})
	}
	mails := box.Mails()
	if len(mails) != maxMails || mails[0].Subject != "mail 54" || mails[maxMails-1].Subject != "mail 5" {
		t.Errorf("%d mails, first %q", len(mails), mails[0].Subject)
	}
	if page := get(t, h, "/mailbox").Body.String(); strings.Contains(page, "<b>1</b>") || !strings.Contains(page, "mail 54") {
		t.Error("mails are missing or not escaped")
	}
}

func TestManyAlikeFieldsAreClosed(t *testing.T) {
	var fields []trace.Field
	fields = append(fields, trace.Field{Group: "IssueRequest", Name: "count"})
	for i := range 30 {
		fields = append(fields, trace.Field{Group: "IssueRequest", Name: fmt.Sprintf("blinded element %d", i+1)})
	}
	fields = append(fields, trace.Field{Group: "Headers", Name: "Origin"}, trace.Field{Group: "IssueRequest", Name: "after 1"})
	got := parts(fields)
	var shape []string
	n := 0
	for _, p := range got {
		shape = append(shape, fmt.Sprintf("%d %v %s", len(p.fields), p.closed, p.summary))
		n += len(p.fields)
	}
	if want := "3 false |28 true 28 more: blinded element 3 to 30|1 false |1 true Origin"; strings.Join(shape, "|") != want {
		t.Errorf("got %q", shape)
	}
	if n != len(fields) {
		t.Errorf("%d of %d fields are shown", n, len(fields))
	}
}

func TestArrows(t *testing.T) {
	for _, c := range []struct {
		from, to look.Party
		want     string
	}{
		{look.Browser, look.Issuer, "arrow at1 n2"},
		{look.Issuer, look.Browser, "arrow at1 n2 left"},
		{look.Shop, look.IdP, "arrow at5 n2 left"},
		{look.Publisher, look.Issuer, "arrow at2 n2 left"},
		{look.Browser, look.Shop, "arrow at1 n6"},
	} {
		if got := arrowClass(c.from, c.to); got != c.want {
			t.Errorf("%s to %s: %q, want %q", c.from, c.to, got, c.want)
		}
	}
	if drawn(trace.Exchange{From: look.Home, To: look.Shop}) || drawn(trace.Exchange{From: look.Shop, To: look.Shop}) {
		t.Error("an arrow without two columns is drawn")
	}
}

func TestAnotherBrowserAndANewStartBeginAtTheFirstStep(t *testing.T) {
	h, hub, _ := newHome(t)
	happen(hub, look.Issuer, "POST", "/redeem", 200, "")
	send := func(method, path string, cookies []*http.Cookie) (string, []*http.Cookie) {
		t.Helper()
		r := httptest.NewRequest(method, "http://localhost:8080"+path, nil)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		for _, c := range cookies {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if set := w.Result().Cookies(); len(set) > 0 {
			cookies = set
		}
		return w.Body.String(), cookies
	}
	page, cookies := send(http.MethodGet, "/", nil)
	if strings.Contains(page, `class="done`) || strings.Contains(page, "Start again") {
		t.Error("a browser that comes for the first time has walked already")
	}
	happen(hub, look.Issuer, "POST", "/redeem", 200, "")
	if page, _ = send(http.MethodGet, "/guide", cookies); !strings.Contains(page, `class="done`) || !strings.Contains(page, "Start again") {
		t.Errorf("what it did is no progress: %s", page)
	}
	_, cookies = send(http.MethodPost, "/guide/again", cookies)
	if page, _ = send(http.MethodGet, "/guide", cookies); strings.Contains(page, `class="done`) {
		t.Error("starting again starts nothing again")
	}
}
