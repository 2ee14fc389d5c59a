package shop

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/trace"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// desk stands where the relying party does: it keeps what it was sent, and
// refuses each with a code that says what it saw. What a relying party must
// refuse is tested in rpserver, and with a browser in test/e2e.
type desk struct {
	user *rpserver.User
	got  []*http.Request
	body []string
}

func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	d.got, d.body = append(d.got, r), append(d.body, string(b))
	if r.URL.Path == "/signin/nonce" {
		http.SetCookie(w, &http.Cookie{Name: "rp-browser", Value: "thief", Path: "/"})
		_, _ = io.WriteString(w, `{"nonce":"n"}`)
		return
	}
	web.NewProblem(http.StatusForbidden, "refused_here", "The desk refuses.").Write(w)
}

func (d *desk) User(*http.Request) (*rpserver.User, bool) { return d.user, d.user != nil }

type pottery struct {
	*httptest.Server
	t      *testing.T
	desk   *desk
	client *http.Client
	asked  []*http.Request // what the identity provider received
	forms  []url.Values
}

func open(t *testing.T) *pottery {
	t.Helper()
	p := &pottery{t: t, desk: &desk{}}
	idp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		p.asked, p.forms = append(p.asked, r), append(p.forms, r.PostForm)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"error":{"code":"origin_mismatch"},"detail":"Another origin is registered."}`)
	}))
	t.Cleanup(idp.Close)
	p.Server = httptest.NewServer(nil)
	t.Cleanup(p.Server.Close)
	h, err := New(Config{
		Origins: instrument.Origins{Home: "http://localhost", News: "http://news.localhost", IdP: idp.URL, Shop: p.URL},
		Hub:     trace.NewHub(), SignIn: p.desk, ClientID: "kiln-lane", Client: p.Server.Client(),
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Server.Config.Handler = h
	jar, _ := cookiejar.New(nil)
	client := *p.Server.Client()
	client.Jar = jar
	p.client = &client
	return p
}

func (p *pottery) do(method, path, contentType, body string, accept string) (int, string) {
	p.t.Helper()
	r, _ := http.NewRequest(method, p.URL+path, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	resp, err := p.client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}

const form = "application/x-www-form-urlencoded"

func (p *pottery) change(product, what string) (int, string) {
	return p.do(http.MethodPost, "/basket", form, "product="+product+"&change="+what, "")
}

func TestBasketWithoutScript(t *testing.T) {
	p := open(t)
	for range 2 {
		if code, _ := p.change("mug", "add"); code != 200 {
			t.Fatalf("add: %d", code)
		}
	}
	p.change("bowl", "add")
	_, page := p.do(http.MethodGet, "/basket", "", "", "")
	if !strings.Contains(page, "£60.00") || !strings.Contains(page, `data-basket-count>3<`) {
		t.Error("two mugs and a bowl are not in the basket")
	}
	p.change("mug", "less")
	p.change("bowl", "remove")
	if _, page := p.do(http.MethodGet, "/basket", "", "", ""); !strings.Contains(page, `data-basket-count>1<`) {
		t.Error("taking out of the basket does not work")
	}
	p.change("mug", "less")
	if _, page := p.do(http.MethodGet, "/basket", "", "", ""); !strings.Contains(page, "Nothing in it yet") {
		t.Error("the basket is not empty")
	}
}

func TestBasketRefuses(t *testing.T) {
	p := open(t)
	for name, body := range map[string]string{
		"unknown product": "product=gold&change=add", "unknown change": "product=mug&change=steal",
		"twice": "product=mug&product=bowl&change=add", "nothing": "",
	} {
		if code, answer := p.do(http.MethodPost, "/basket", form, body, ""); code != 400 || !strings.Contains(answer, `"code"`) {
			t.Errorf("%s: %d %s", name, code, answer)
		}
	}
	for i := range maxOfOne {
		if code, answer := p.do(http.MethodPost, "/basket", form, "product=mug&change=add", "application/json"); code != 200 || !strings.Contains(answer, `"count":`) {
			t.Fatalf("%d: %d %s", i, code, answer)
		}
	}
	if code, answer := p.change("mug", "add"); code != 409 || !strings.Contains(answer, "too_many") {
		t.Errorf("the tenth: %d %s", code, answer)
	}
}

func TestForgedBasketCookies(t *testing.T) {
	for value, want := range map[string]int{
		"mug.2-bowl.1": 3, "mug.-3": 0, "mug.10": 0, "mug.1e9": 0, "gold.1": 0, "mug.2-mug.3": 3, "": 0,
		"<script>.1": 0, "mug.00000000000000000002": 2, strings.Repeat("mug.1-", 100): 0,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Cookie", basketCookie+"="+value)
		if got := basketOf(r).count(); got != want {
			t.Errorf("%.30q: %d in the basket, want %d", value, got, want)
		}
	}
}

func TestOrdersNeedASignIn(t *testing.T) {
	p := open(t)
	p.change("vase", "add")
	if code, page := p.do(http.MethodPost, "/order", form, "", ""); code != 403 || !strings.Contains(page, "Sign in to order") {
		t.Errorf("a stranger's order: %d", code)
	}
	if _, page := p.do(http.MethodGet, "/basket", "", "", ""); !strings.Contains(page, "Reed vase") {
		t.Error("the refused order emptied the basket")
	}
	p.desk.user = &rpserver.User{ID: "u1", Name: `Ada <script>alert(1)</script>`}
	code, page := p.do(http.MethodPost, "/order", form, "", "")
	if code != 200 || !strings.Contains(page, "Thank you, Ada &lt;script&gt;") || strings.Contains(page, "<script>alert") {
		t.Errorf("%d: the order is not confirmed to Ada, or her name is not escaped", code)
	}
	if _, page := p.do(http.MethodGet, "/basket", "", "", ""); !strings.Contains(page, "Nothing in it yet") {
		t.Error("the order did not empty the basket")
	}
	if code, _ := p.do(http.MethodPost, "/order", form, "", ""); code != 409 {
		t.Errorf("an empty order: %d", code)
	}
}

func TestOtherSitesCannotFillTheBasketOrOrder(t *testing.T) {
	p := open(t)
	for _, path := range []string{"/basket", "/order"} {
		r, _ := http.NewRequest(http.MethodPost, p.URL+path, strings.NewReader("product=mug&change=add"))
		r.Header.Set("Content-Type", form)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		resp, err := p.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != 403 || len(resp.Cookies()) != 0 {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
}

func TestPages(t *testing.T) {
	p := open(t)
	for path, want := range map[string]int{"/": 200, "/basket": 200, "/privacy": 200, "/terms": 200, "/account": 200, "/nothing": 404} {
		if code, _ := p.do(http.MethodGet, path, "", "", ""); code != want {
			t.Errorf("%s: %d, want %d", path, code, want)
		}
	}
	_, page := p.do(http.MethodGet, "/", "", "", "")
	for _, part := range []string{`data-do="signin"`, `data-attack="reuse-nonce"`, `data-attack="wrong-origin"`, `data-out="signin"`, `data-out="signout"`} {
		if strings.Count(page, part) != 1 {
			t.Errorf("the page has not exactly one %s", part)
		}
	}
	if strings.Contains(page, `data-do="signout"`) {
		t.Error("a stranger is offered a sign-out")
	}
	p.desk.user = &rpserver.User{ID: "u1", Email: "ada@idp.example"}
	if _, part := p.do(http.MethodGet, "/account", "", "", ""); !strings.Contains(part, "ada@idp.example") || !strings.Contains(part, `data-do="signout"`) {
		t.Errorf("%s", part)
	}
	// Whoever is signed in is so on every page.
	for _, path := range []string{"/", "/basket", "/privacy", "/terms", "/nothing"} {
		if _, page := p.do(http.MethodGet, path, "", "", ""); !strings.Contains(page, `data-do="signout"`) || strings.Contains(page, `data-do="signin"`) {
			t.Errorf("%s offers a sign-in to somebody who is signed in", path)
		}
	}
}

func TestPrices(t *testing.T) {
	for pence, want := range map[int]string{0: "£0.00", 5: "£0.05", 1800: "£18.00", 12345: "£123.45"} {
		if got := price(pence); got != want {
			t.Errorf("price(%d) = %s, want %s", pence, got, want)
		}
	}
}
