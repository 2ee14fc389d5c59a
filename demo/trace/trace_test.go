package trace

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// party starts a server of which the hub records everything.
func party(t *testing.T, h *Hub, p look.Party, handle http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h.Wrap(p, handle))
	t.Cleanup(s.Close)
	return s
}

func send(t *testing.T, method, url string, header map[string]string, body string) *http.Response {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp
}

func only(t *testing.T, h *Hub, kind string) Exchange {
	t.Helper()
	var out []Exchange
	for _, x := range h.All() {
		if x.Kind == kind {
			out = append(out, x)
		}
	}
	if len(out) != 1 {
		t.Fatalf("%d exchanges of kind %s, want 1: %+v", len(out), kind, h.All())
	}
	return out[0]
}

func want(t *testing.T, x Exchange, group, name, value string) {
	t.Helper()
	f, ok := x.Find(group, name)
	if !ok || f.Value != value {
		t.Errorf("%s: %s %q is %q (there: %v), want %q", x.Kind, group, name, f.Value, ok, value)
	}
}

func TestIssuerCouldNotLinkIsSearched(t *testing.T) {
	h := NewHub()
	issuer, token, _ := tokens(t, h)
	_, not := Learned(h, look.Issuer)
	for _, i := range not {
		if i.Found > 0 {
			t.Errorf("%q was found in %d of %d messages", i.What, i.Found, i.Searched)
		}
	}
	if i := not[1]; i.Searched != 1 || len(i.Values) != 3+2+2 {
		t.Errorf("issuance values: searched %d messages for %d values", i.Searched, len(i.Values))
	}
	// Were a blinded element to come with a redemption, in any encoding, the
	// panel would say so.
	blinded, _ := only(t, h, KindIssue).Find("IssueRequest", "blinded element 1")
	raw, _ := hex.DecodeString(blinded.Value)
	send(t, "POST", issuer.URL+"/.well-known/trust-token", map[string]string{
		pst.HeaderToken: base64.StdEncoding.EncodeToString((&pst.RedeemRequest{Token: *token, ClientData: pst.ClientData{RedeemingOrigin: "http://news.localhost:8080"}}).Bytes()),
		"X-Leak":        base64.RawURLEncoding.EncodeToString(raw),
	}, "")
	_, not = Learned(h, look.Issuer)
	if not[1].Found != 1 {
		t.Errorf("a leaked blinded element was found in %d messages, want 1", not[1].Found)
	}
}

func TestThePromiseIsNoWiderThanTheKeeperKeepsIt(t *testing.T) {
	for path, keeper := range map[string]bool{"/redeem": false, pathRedeemPoly: true} {
		h := NewHub()
		s := party(t, h, look.Issuer, func(http.ResponseWriter, *http.Request) {})
		send(t, "POST", s.URL+path, nil, "")
		_, not := Learned(h, look.Issuer)
		if got := strings.Contains(not[0].Why, "The address and the time of the redemption the issuer does see"); got != keeper {
			t.Errorf("%s: says what an issuer could tell: %v, want %v: %q", path, got, keeper, not[0].Why)
		}
	}
}

func TestEventStreamIsOneEventEach(t *testing.T) {
	h := NewHub()
	s := party(t, h, look.Issuer, func(w http.ResponseWriter, r *http.Request) {})
	send(t, "GET", s.URL+pathRecordKeys, nil, "")
	events := httptest.NewServer(h.Wrap(look.Home, h.Events(look.Issuer, func(x Exchange, w io.Writer) error {
		_, err := io.WriteString(w, "one\ntwo\r\n\nid: 9")
		return err
	})))
	defer events.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, "GET", events.URL, nil)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	const wanted = ": open\n\nevent: exchange\nid: 1\ndata: one\ndata: two\ndata: \ndata: id: 9\n\n"
	b := make([]byte, len(wanted))
	if _, err := io.ReadFull(resp.Body, b); err != nil || string(b) != wanted {
		t.Errorf("got %q (%v)", b, err)
	}
	cancel()
	if n := len(h.All()); n != 1 {
		t.Errorf("the stream itself is among %d exchanges", n)
	}
}

func TestCallerIsMarkedByItsConnection(t *testing.T) {
	h := NewHub()
	s := party(t, h, look.IdP, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, `{"keys":[]}`) })
	var done func()
	c := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err == nil {
			done = h.Calling(conn.LocalAddr(), look.Shop)
		}
		return conn, err
	}}}
	resp, err := c.Get(s.URL + pathKeySet)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	done()
	if x := only(t, h, KindKeySet); x.From != look.Shop || x.To != look.IdP {
		t.Errorf("from %s to %s", x.From, x.To)
	}
	if n := Search(h.Raw(look.Shop), []string{`{"keys":[]}`}); n != 1 {
		t.Error("what the shop got back is not among what it received")
	}
	send(t, "GET", s.URL+pathDiscovery, map[string]string{"Bonafides-Caller": "shop"}, "")
	if x := only(t, h, KindDiscovery); x.From != look.Browser {
		t.Errorf("a browser's request is said to be from %s", x.From)
	}
}

func TestPanicIsRecordedAndGoesOn(t *testing.T) {
	h := NewHub()
	handler := h.Wrap(look.Shop, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oh") }))
	func() {
		defer func() {
			if recover() != "oh" {
				t.Error("the panic was swallowed")
			}
		}()
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}()
	if all := h.All(); len(all) != 1 || all[0].Status != 500 || !all[0].Refused {
		t.Errorf("%+v", all)
	}
}

func TestSearchLooksThroughEncodings(t *testing.T) {
	for name, wrap := range map[string]func(string) string{
		"plain":        func(s string) string { return s },
		"base64":       func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"base64url":    func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
		"percent":      url.QueryEscape,
		"JSON escapes": func(s string) string { return `{"a":["\u0061` + s[1:] + `"]}` },
		"base64 in base64": func(s string) string {
			return base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(s))))
		},
		"a claim of a JWS": func(s string) string {
			return "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString([]byte(`{"email":"`+s+`"}`)) + "."
		},
		"percent in base64": func(s string) string { return base64.StdEncoding.EncodeToString([]byte("e=" + url.QueryEscape(s))) },
	} {
		t.Run(name, func(t *testing.T) {
			const value = "ada+x@idp.localhost:8080"
			m := &message{method: "POST", uri: "/", host: "x", header: http.Header{"Content-Type": {"text/plain"}}, body: []byte(wrap(value)), from: look.Browser}
			in, _ := m.raw(true)
			if Search([][]byte{in}, []string{value}) != 1 {
				t.Errorf("not found in %q", in)
			}
			if Search([][]byte{in}, []string{"grace@idp.localhost", ""}) != 0 {
				t.Error("found what is not there")
			}
		})
	}
}

func FuzzMessage(f *testing.F) {
	f.Add("POST", "/issue?x=%zz", "Sec-Private-State-Token", "AAAA", "application/json", []byte(`{"a":`))
	f.Add("POST", "/signin/fedcm", "Cookie", ";;=;a", "application/x-www-form-urlencoded", []byte("token=a.b.c"))
	f.Add("GET", "*", "Sec-Redemption-Record", `"https://i.example";redemption-record="a.b.c"`, "text/html", []byte("\xff"))
	f.Fuzz(func(t *testing.T, method, uri, name, value, contentType string, body []byte) {
		m := &message{party: look.Issuer, from: look.Shop, method: method, uri: uri, host: "issuer.localhost", remote: "127.0.0.1:1",
			header: http.Header{http.CanonicalHeaderKey(name): {value}, "Content-Type": {contentType}}, body: body, bodySize: len(body), status: 200,
			answerHeader: http.Header{"Content-Type": {contentType}, headerToken: {value}}, answer: body, answerSize: len(body)}
		for _, p := range []string{uri, pathIssue, pathRedeem, pathAssertion, pathSignIn} {
			m.uri = p
			x := m.exchange()
			if _, err := json.Marshal(x); err != nil {
				t.Fatal(err)
			}
			m.raw(false)
		}
	})
}

func sign(t *testing.T, key *jose.PrivateKey, claims string) string {
	t.Helper()
	token, err := jws.Sign(key.Signer(), "", []byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	return token
}
