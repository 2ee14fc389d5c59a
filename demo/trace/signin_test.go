package trace

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/internal/jose"
)

// The ways without FedCM, by window and by redirect: every message has a name
// and a sentence, the ID token is opened, and no code is kept.
func TestWindowAndRedirectAreDecoded(t *testing.T) {
	h := NewHub()
	key, err := jose.GenerateES256()
	if err != nil {
		t.Fatal(err)
	}
	token := sign(t, key, `{"iss":"http://idp.localhost:8080","sub":"s-1","aud":"shop","exp":1790000300,"iat":1790000000,"nonce":"n-1","email":"ada@idp.localhost"}`)
	const shopOrigin = "http://shop.localhost:8080"
	window := func(kind, rest string) string {
		return `<p>x</p><div id="bonafides-popup" hidden data-origin="` + shopOrigin + `" data-state="s&amp;1" data-kind="` + kind + `" ` + rest + `></div>`
	}
	idp := party(t, h, look.IdP, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch {
		case r.URL.Path == "/token":
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"id_token":"`+token+`","access_token":"very-secret-token","token_type":"Bearer","expires_in":300}`)
		case form.Get("do") == "cancel":
			_, _ = io.WriteString(w, window("closed", ""))
		case r.Method == http.MethodPost && form.Get("account") == "":
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, window("error", `data-code="account_not_signed_in" data-url="http://idp.localhost:8080/error"`))
		case r.Method == http.MethodPost:
			_, _ = io.WriteString(w, window("token", `data-token="`+token+`"`))
		default:
			_, _ = io.WriteString(w, window("ready", ""))
		}
	})
	shop := party(t, h, look.Shop, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusSeeOther) })

	ask := url.Values{"client_id": {"shop"}, "origin": {shopOrigin}, "state": {"s&1"}, "params": {`{"nonce":"n-1"}`}}
	decide := func(more ...string) {
		form := url.Values{}
		for k, v := range ask {
			form[k] = v
		}
		for i := 0; i < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		send(t, "POST", idp.URL+"/fedcm/popup/consent", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, form.Encode())
	}
	send(t, "GET", idp.URL+"/fedcm/config.json", map[string]string{"Origin": shopOrigin}, "")
	send(t, "GET", idp.URL+"/fedcm/popup?"+ask.Encode(), nil, "")
	decide("do", "continue", "account", "s-1")

	want(t, only(t, h, KindPageConfig), "Headers", "Origin", shopOrigin)
	x := only(t, h, KindPopup)
	want(t, x, "Query", "client_id", "shop")
	want(t, x, GroupMessage, "kind", "ready")
	want(t, x, GroupMessage, "state", "s&1")
	x = only(t, h, KindPopupAnswer)
	want(t, x, "params", "params.nonce", "n-1")
	want(t, x, GroupMessage, "kind", "token")
	want(t, x, "ID token claims", "sub", "s-1")
	if !strings.Contains(x.Note, "to the page of "+shopOrigin) {
		t.Errorf("note: %s", x.Note)
	}

	send(t, "GET", shop.URL+"/signin/start?return=/", nil, "")
	send(t, "GET", idp.URL+"/authorize?client_id=shop&state=s&nonce=n&code_challenge=c", nil, "")
	send(t, "POST", idp.URL+"/authorize/consent", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, "do=continue&account=s-1&client_id=shop")
	send(t, "GET", shop.URL+"/signin/callback/lanternkey?code=very-secret-code&state=s", nil, "")
	send(t, "POST", idp.URL+"/token", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, "code=very-secret-code&code_verifier=very-secret-verifier&client_id=shop")
	want(t, only(t, h, KindRedirect), "Query", "return", "/")
	want(t, only(t, h, KindAuthorize), "Query", "code_challenge", "c")
	want(t, only(t, h, KindConsent), "Form", "account", "s-1")
	x = only(t, h, KindCallback)
	want(t, x, "Query", "code", HeldBack)
	x = only(t, h, KindToken)
	want(t, x, "Form", "code_verifier", HeldBack)
	want(t, x, "JSON", "access_token", HeldBack)
	want(t, x, "ID token claims", "email", "ada@idp.localhost")
	for _, x := range h.All() {
		if x.Note == "" || Title(x.Kind) == x.Kind {
			t.Errorf("%s has no words: title %q, note %q", x.Kind, Title(x.Kind), x.Note)
		}
		for _, f := range slices.Concat(x.Request, x.Response) {
			if strings.Contains(f.Value, "very-secret") {
				t.Errorf("%s shows %s %s", x.Kind, f.Group, f.Name)
			}
		}
		if strings.Contains(x.URL, "very-secret") {
			t.Errorf("%s keeps %s", x.Kind, x.URL)
		}
	}

	// The provider knew the shop before anybody agreed, and the panel says so.
	learned, not := Learned(h, look.IdP)
	if !slices.ContainsFunc(learned, func(i Item) bool {
		return strings.HasPrefix(i.What, "before consent") && slices.Contains(i.Values, shopOrigin)
	}) {
		t.Errorf("learned: %+v", learned)
	}
	for _, i := range not {
		if i.Found > 0 {
			t.Errorf("%q was found after all", i.What)
		}
	}

	h.Reset()
	decide("do", "cancel")
	if x := only(t, h, KindPopupAnswer); !strings.Contains(x.Note, "said no") {
		t.Errorf("note: %s", x.Note)
	}
	h.Reset()
	decide("do", "continue")
	if x := only(t, h, KindPopupAnswer); !x.Refused || !strings.Contains(x.Note, "account_not_signed_in") {
		t.Errorf("note: %s", x.Note)
	}
}
