package trace

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/internal/look"
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

// An issuance and a redemption, with the protocol's own client.
func tokens(t *testing.T, h *Hub) (issuer *httptest.Server, token *pst.Token, record string) {
	t.Helper()
	key, err := pst.GenerateKey(1)
	if err != nil {
		t.Fatal(err)
	}
	signing, err := jose.GenerateEd25519()
	if err != nil {
		t.Fatal(err)
	}
	issuer = party(t, h, look.Issuer, func(w http.ResponseWriter, r *http.Request) {
		b, err := base64.StdEncoding.DecodeString(r.Header.Get(pst.HeaderToken))
		if err != nil {
			t.Error(err)
			return
		}
		if pst.IsRedeemRequest(b) {
			req, err := pst.ParseRedeemRequest(b)
			if err != nil || key.Verify(&req.Token) != nil {
				t.Error("token refused")
				return
			}
			record, err = pst.SignRecord(signing.Signer(), pst.NewRecord("http://issuer.localhost:8080", req.ClientData.RedeemingOrigin, pst.ViaNative, 1, time.Now(), 24*time.Hour))
			if err != nil {
				t.Error(err)
			}
			w.Header().Set(pst.HeaderToken, record)
			w.Header().Set(pst.HeaderLifetime, "86000")
			return
		}
		Annotate(r.Context(), Field{Group: GroupFacts, Name: "account", Value: "ada-8f3a", Encoding: "text"})
		req, err := pst.ParseIssueRequest(b)
		if err != nil {
			t.Error(err)
			return
		}
		resp, err := key.Issue(req, 2)
		if err != nil {
			t.Error(err)
			return
		}
		w.Header().Set(pst.HeaderToken, base64.StdEncoding.EncodeToString(resp.Bytes()))
	})
	req, pending, err := pst.Begin(key.PublicKey(), 3)
	if err != nil {
		t.Fatal(err)
	}
	answer := send(t, "POST", issuer.URL+"/.well-known/trust-token", map[string]string{
		pst.HeaderToken: base64.StdEncoding.EncodeToString(req.Bytes()), pst.HeaderVersion: pst.Version,
		"Cookie": "session=very-secret-session",
	}, "")
	b, _ := base64.StdEncoding.DecodeString(answer.Header.Get(pst.HeaderToken))
	resp, err := pst.ParseIssueResponse(b)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pending.Finish(resp)
	if err != nil {
		t.Fatal(err)
	}
	redeem := pst.RedeemRequest{Token: got[0], ClientData: pst.ClientData{RedeemingOrigin: "http://news.localhost:8080", RedemptionTimestamp: 1790000000}}
	send(t, "POST", issuer.URL+"/.well-known/trust-token", map[string]string{
		pst.HeaderToken: base64.StdEncoding.EncodeToString(redeem.Bytes()), "Origin": "http://news.localhost:8080",
	}, "")
	return issuer, &got[0], record
}

func TestTokensAreDecoded(t *testing.T) {
	h := NewHub()
	_, token, record := tokens(t, h)

	x := only(t, h, KindIssue)
	want(t, x, "IssueRequest", "count", "3")
	want(t, x, "IssueResponse", "issued", "2")
	want(t, x, "IssueResponse", "key id", "1")
	want(t, x, GroupFacts, "account", "ada-8f3a")
	blinded, ok := x.Find("IssueRequest", "blinded element 3")
	if !ok || blinded.Size != 97 || len(blinded.Value) != 194 || !blinded.Unlinkable || blinded.Spec == "" {
		t.Errorf("blinded element: %+v", blinded)
	}
	if _, ok := x.Find("IssueResponse", "evaluated element 3"); ok {
		t.Error("an element is shown that was not signed")
	}

	x = only(t, h, KindRedeem)
	want(t, x, "Token", "nonce", hex.EncodeToString(token.Nonce[:]))
	want(t, x, "Token", "W", hex.EncodeToString(token.W()))
	want(t, x, "Client data", "redeeming-origin", "http://news.localhost:8080")
	want(t, x, "Client data", "redemption-timestamp", "1790000000 = 2026-09-21 14:13:20 UTC")
	want(t, x, "Redemption record header", "typ", "pst-rr+jwt")
	want(t, x, "Redemption record claims", "via", "native")

	ads := party(t, h, look.AdNetwork, func(w http.ResponseWriter, r *http.Request) {})
	header, err := pst.FormatRedemptionRecordHeader([]pst.OriginRecord{{Origin: "http://issuer.localhost:8080", Record: record}})
	if err != nil {
		t.Fatal(err)
	}
	send(t, "GET", ads.URL+"/ad", map[string]string{pst.HeaderRecord: header}, "")
	x = only(t, h, KindRecord)
	want(t, x, headerRecord, "issuer", "http://issuer.localhost:8080")
	want(t, x, "Redemption record claims", "iss", "http://issuer.localhost:8080")
	if f, _ := x.Find("Redemption record claims", "iat"); !f.Unlinkable {
		t.Error("the shared record's time is not marked as linking nothing")
	}
}

func TestEmptyAndBrokenTokenHeadersSayWhatTheyAre(t *testing.T) {
	h := NewHub()
	s := party(t, h, look.Issuer, func(w http.ResponseWriter, r *http.Request) {
		w.Header()[pst.HeaderToken] = []string{""}
	})
	send(t, "POST", s.URL+"/issue", map[string]string{pst.HeaderToken: "!!!"}, "")
	x := only(t, h, KindIssue)
	want(t, x, "IssueResponse", "issued", "0")
	want(t, x, "Not decoded", headerToken, "!!!")
}

func TestSignInIsDecoded(t *testing.T) {
	h := NewHub()
	key, err := jose.GenerateES256()
	if err != nil {
		t.Fatal(err)
	}
	claims := `{"iss":"http://idp.localhost:8080","sub":"s-1","aud":"shop","exp":1790000300,"iat":1790000000,"nonce":"n-1","email":"ada@idp.localhost","name":"Ada Lovelace"}`
	token := sign(t, key, claims)
	idp := party(t, h, look.IdP, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/fedcm/accounts" {
			_, _ = io.WriteString(w, `{"accounts":[{"id":"s-1","email":"ada@idp.localhost","name":"Ada Lovelace"},{"id":"s-2","email":"grace@idp.localhost","name":"Grace Hopper"}]}`)
			return
		}
		_, _ = io.WriteString(w, `{"token":"`+token+`"}`)
	})
	shop := party(t, h, look.Shop, func(w http.ResponseWriter, r *http.Request) { _, _ = io.ReadAll(r.Body) })
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Origin": "http://shop.localhost:8080", "Sec-Fetch-Dest": "webidentity"}
	send(t, "GET", idp.URL+"/fedcm/accounts", map[string]string{"Sec-Fetch-Dest": "webidentity", "Cookie": "idp=abc"}, "")
	send(t, "POST", idp.URL+"/fedcm/assertion", form, url.Values{"client_id": {"shop"}, "account_id": {"s-1"}, "params": {`{"nonce":"n-1"}`}}.Encode())
	send(t, "POST", shop.URL+"/signin/fedcm", form, url.Values{"token": {token}}.Encode())

	x := only(t, h, KindAccounts)
	want(t, x, "JSON", "accounts[1].email", "grace@idp.localhost")
	x = only(t, h, KindAssertion)
	want(t, x, "Form", "client_id", "shop")
	want(t, x, "params", "params.nonce", "n-1")
	want(t, x, "ID token claims", "nonce", "n-1")
	x = only(t, h, KindSignIn)
	want(t, x, "ID token claims", "sub", "s-1")
	want(t, x, "ID token header", "alg", "ES256")

	learned, not := Learned(h, look.Shop)
	if !slices.ContainsFunc(learned, func(i Item) bool { return slices.Contains(i.Values, "ada@idp.localhost") }) {
		t.Errorf("shop learned %+v", learned)
	}
	for _, i := range not {
		if i.Found > 0 {
			t.Errorf("shop: %q was found after all", i.What)
		}
		if i.What == "the person's other accounts at the provider" && (!slices.Contains(i.Values, "grace@idp.localhost") || i.Searched == 0) {
			t.Errorf("the other account was not searched: %+v", i)
		}
	}
	// A claim that does not hold must show.
	send(t, "POST", shop.URL+"/anything", map[string]string{"Content-Type": "text/plain"}, base64.StdEncoding.EncodeToString([]byte("hello grace@idp.localhost")))
	_, not = Learned(h, look.Shop)
	if !slices.ContainsFunc(not, func(i Item) bool { return i.Found == 1 }) {
		t.Error("an address that reached the shop inside base64 was not found")
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

func TestNoSecretIsKept(t *testing.T) {
	const secret = "s3cr3t-9f1c"
	h := NewHub()
	s := party(t, h, look.IdP, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		http.SetCookie(w, &http.Cookie{Name: "idp", Value: secret})
		w.Header().Set("Location", "/next?code="+secret)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"session":"`+secret+`","nested":{"csrf_token":"`+secret+`"},"ok":true}`)
	})
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	send(t, "POST", s.URL+"/signin?code="+secret, map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Cookie": "a=" + secret + "; b=" + secret, "Authorization": "Bearer " + secret,
	}, "email=ada%40idp.localhost&password="+secret+"&csrf="+secret)
	send(t, "POST", s.URL+"/verify-email", form, "code="+secret)
	send(t, "POST", s.URL+"/signin", map[string]string{"Content-Type": "application/json"}, `{"password":"`+secret+`","deep":[{"client_secret":"`+secret+`"}]}`)
	send(t, "POST", s.URL+"/signin", map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, "--x\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n"+secret+"\r\n--x--\r\n")

	b, err := json.Marshal(h.All())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), secret) {
		t.Errorf("an exchange shows the secret: %s", b)
	}
	if !strings.Contains(string(b), "ada@idp.localhost") {
		t.Error("the form's other field is missing")
	}
	if n := Search(h.Raw(look.IdP), []string{secret}); n > 0 {
		t.Errorf("the secret is in %d captured messages", n)
	}
	if n := strings.Count(string(b), HeldBack); n < 10 {
		t.Errorf("%d values are held back, want all that were sent", n)
	}

	// The same search does find it where a test asked for everything.
	all := NewHub()
	all.InsecureKeepSecrets = true
	s2 := party(t, all, look.IdP, func(w http.ResponseWriter, r *http.Request) { _, _ = io.ReadAll(r.Body) })
	send(t, "POST", s2.URL+"/signin", map[string]string{"Cookie": "a=" + secret}, "")
	if Search(all.Raw(look.IdP), []string{secret}) != 1 {
		t.Error("InsecureKeepSecrets kept nothing")
	}
}

func TestMemoryIsBounded(t *testing.T) {
	h := NewHub()
	big := strings.Repeat("x", 200<<10)
	s := party(t, h, look.Publisher, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, big[:70<<10])
	})
	for i := range 900 {
		path := "/signin/nonce"
		if i%2 == 0 {
			path = fmt.Sprintf("/page/%d", i)
		}
		send(t, "POST", s.URL+path, map[string]string{"Content-Type": "text/plain"}, big)
	}
	all := h.All()
	if len(all) > maxProtocol+maxPages {
		t.Errorf("%d exchanges are kept", len(all))
	}
	size := 0
	for _, m := range h.Raw(look.Publisher) {
		size += len(m)
	}
	if size > maxRaw || h.rawSize != size {
		t.Errorf("%d bytes are kept, counted as %d, at most %d allowed", size, h.rawSize, maxRaw)
	}
	for _, x := range all {
		for _, f := range append(x.Request, x.Response...) {
			if len(f.Value) > maxText+8 {
				t.Fatalf("a field of %d bytes is kept", len(f.Value))
			}
		}
	}
	if last := all[len(all)-1]; last.Seq != 900 {
		t.Errorf("the newest is %d, want 900", last.Seq)
	}
	h.Reset()
	if len(h.All()) != 0 || h.rawSize != 0 {
		t.Error("Reset left something")
	}
}

func TestFloodOfPagesLeavesTheProtocol(t *testing.T) {
	h := NewHub()
	s := party(t, h, look.Issuer, func(w http.ResponseWriter, r *http.Request) {})
	send(t, "GET", s.URL+pathCommitments, nil, "")
	for i := range maxPages + 50 {
		send(t, "GET", s.URL+fmt.Sprintf("/style%d.css", i), nil, "")
	}
	only(t, h, KindCommitments)
}

func TestSamePageAgainIsOneArrow(t *testing.T) {
	h := NewHub()
	s := party(t, h, look.Shop, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
	})
	for range 3 {
		send(t, "GET", s.URL+"/", nil, "")
	}
	if x := only(t, h, KindPage); x.Count != 3 || x.Seq != 3 {
		t.Errorf("count %d, seq %d", x.Count, x.Seq)
	}
}

func TestSubscriberGetsWhatWasAndWhatComes(t *testing.T) {
	h := NewHub()
	s := party(t, h, look.Issuer, func(w http.ResponseWriter, r *http.Request) {})
	get := func() { send(t, "GET", s.URL+pathRecordKeys, nil, "") }
	get()
	get()
	ctx, cancel := context.WithCancel(context.Background())
	ch := h.Subscribe(ctx, 1)
	if x := <-ch; x.Seq != 2 {
		t.Errorf("first is %d, want 2", x.Seq)
	}
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(get)
	}
	for seq := int64(3); seq <= 22; seq++ {
		if x := <-ch; x.Seq != seq {
			t.Fatalf("got %d, want %d", x.Seq, seq)
		}
	}
	wait.Wait()
	cancel()
	if _, open := <-ch; open {
		t.Error("a message after the end")
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
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
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
