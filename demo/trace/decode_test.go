package trace

import (
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

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

func TestAnEmptyHeaderOfTheBrowserHidesNoRecordOfTheScript(t *testing.T) {
	h := NewHub()
	s := party(t, h, look.AdNetwork, func(http.ResponseWriter, *http.Request) {})
	value := `"http://issuer.localhost:8080";redemption-record="eyJhIjoxfQ.eyJpc3MiOiJodHRwOi8vaXNzdWVyLmxvY2FsaG9zdDo4MDgwIn0.eA"`
	send(t, "GET", s.URL+"/ad", map[string]string{headerRecord: "", polyfilled[headerRecord]: value}, "")
	x := only(t, h, KindRecord)
	if _, empty := x.Find(headerRecord, "no record"); empty {
		t.Error("the record is not seen")
	}
	want(t, x, "Redemption record claims", "iss", "http://issuer.localhost:8080")
	// None at all stays none.
	h = NewHub()
	s = party(t, h, look.AdNetwork, func(http.ResponseWriter, *http.Request) {})
	send(t, "GET", s.URL+"/ad", map[string]string{headerRecord: ""}, "")
	if _, empty := only(t, h, KindRecord).Find(headerRecord, "no record"); !empty {
		t.Error("an empty header is not said to be empty")
	}
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
