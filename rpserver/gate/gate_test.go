package gate

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

const (
	gateOrigin = "https://gate.example"
	appOrigin  = "https://app.example"
	now        = int64(1_800_000_000)
)

func TestAnAssertionOfThisRequestSaysWhoCame(t *testing.T) {
	s := newSigner(t, "k", 7)
	v := newVerifier(t, fixed{set: keySet(t, s)})
	visitor, why := v.Check(get(sign(t, s, good())))
	if why != nil {
		t.Fatal(why)
	}
	if visitor.Admitted != ByIDToken || visitor.Issuer != "https://idp.example" || visitor.Subject != "ada" || visitor.Email != "ada@example.com" ||
		!visitor.Expiry.Equal(time.Unix(now+600, 0)) || string(visitor.Claims) != `{"name":"Ada","sub":"ada"}` {
		t.Errorf("%+v", visitor)
	}
	if visitor, why = v.Check(get(sign(t, s, goodRecord()))); why != nil {
		t.Fatal(why)
	}
	if visitor.Admitted != ByRecord || visitor.Issuer != "https://issuer.example" || visitor.Site != "https://news.example" || visitor.Via != "native" ||
		visitor.KeyID != 7 || visitor.RecordID != "b25jZQ" || visitor.Subject != "" {
		t.Errorf("%+v", visitor)
	}
	for _, name := range []string{"email", "claims"} {
		c := good()
		delete(c, name)
		if _, why := v.Check(get(sign(t, s, c))); why != nil {
			t.Errorf("without %s: %v", name, why)
		}
	}
}

func TestEveryRefusalHasItsCodeAndSaysWhatToDo(t *testing.T) {
	s, other := newSigner(t, "k", 7), newSigner(t, "k", 8)
	unknown := newSigner(t, "unknown", 7)
	keys := fixed{set: keySet(t, s)}
	with := func(change claims) string {
		c := good()
		maps.Copy(c, change)
		return sign(t, s, c)
	}
	lacking := func(c claims, name string) string {
		delete(c, name)
		return sign(t, s, c)
	}
	token := with(nil)
	wrongType, err := jws.Sign(s, "JWT", []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	list, err := jws.Sign(s, typ, []byte(`[]`))
	if err != nil {
		t.Fatal(err)
	}
	twice, err := jws.Sign(s, typ, []byte(`{"iss":"https://gate.example","iss":"https://evil.example"}`))
	if err != nil {
		t.Fatal(err)
	}
	hs256, err := jws.SigningInput(jws.EdDSA, "k", typ, []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	post := get(token)
	post.Method = http.MethodPost
	elsewhere := httptest.NewRequest(http.MethodGet, "/admin", nil)
	elsewhere.Header.Set(Header, token)
	spelled := httptest.NewRequest(http.MethodGet, "/a?b=%2F", nil)
	spelled.Header.Set(Header, token)
	absolute := httptest.NewRequest(http.MethodGet, "http://app.example/a?b=%2f", nil)
	absolute.Header.Set(Header, token)
	seen := map[string]bool{}
	for _, c := range []struct {
		name, code string
		r          *http.Request
		keys       jwks.KeySource
	}{
		{"no assertion", CodeMissing, get(), keys},
		{"an empty one", CodeMissing, get(""), keys},
		{"two", CodeDuplicated, get(token, token), keys},
		{"no keys", CodeKeysUnavailable, get(token), fixed{err: errors.New("away")}},
		{"not a JWS", jws.CodeMalformed, get("ada"), keys},
		{"too long", jws.CodeTooLarge, get(strings.Repeat("a", 17<<10)), keys},
		{"another type of token", jws.CodeType, get(wrongType), keys},
		{"another algorithm", jws.CodeAlgNotAllowed, get(jws.Assemble(hs256, make([]byte, 64))), keys},
		{"an unknown key", jws.CodeKeyUnknown, get(sign(t, unknown, good())), keys},
		{"another key of the same id", jws.CodeSignature, get(sign(t, other, good())), keys},
		{"changed claims", jws.CodeSignature, get(strings.Replace(token, token[strings.Index(token, ".")+1:strings.LastIndex(token, ".")], jws.EncodeBase64URL([]byte(`{"sub":"admin"}`)), 1)), keys},
		{"a list", CodeClaimsInvalid, get(list), keys},
		{"a claim twice", CodeClaimsInvalid, get(twice), keys},
		{"another gate", CodeGateMismatch, get(with(claims{"iss": "https://other.example"})), keys},
		{"another origin", CodeOriginMismatch, get(with(claims{"aud": "https://other.example"})), keys},
		{"a list of origins", CodeClaimsInvalid, get(with(claims{"aud": []string{appOrigin}})), keys},
		{"expired", CodeExpired, get(with(claims{"iat": now - 60, "exp": now})), keys},
		{"from the future", CodeNotYetValid, get(with(claims{"iat": now + 31, "exp": now + 91})), keys},
		{"a long life", CodeLifetime, get(with(claims{"exp": now + 61})), keys},
		{"a life that ends before it begins", CodeLifetime, get(with(claims{"iat": now + 20, "exp": now + 20})), keys},
		{"another method", CodeMethodMismatch, post, keys},
		{"another path", CodeTargetMismatch, elsewhere, keys},
		{"another spelling of the query", CodeTargetMismatch, spelled, keys},
		{"a whole address for a path", CodeTargetMismatch, absolute, keys},
		{"a time with a point", CodeClaimsInvalid, get(with(claims{"exp": json.Number("1800000060.5")})), keys},
		{"a subject that is no text", CodeClaimsInvalid, get(with(claims{"sub": 7})), keys},
		{"an empty subject", CodeClaimsInvalid, get(with(claims{"sub": ""})), keys},
		{"claims that are no object", CodeClaimsInvalid, get(with(claims{"claims": "x"})), keys},
		{"another way in", CodeClaimsInvalid, get(with(claims{"admitted": "ticket"})), keys},
		{"a key id that is none", CodeClaimsInvalid, get(func() string { c := goodRecord(); c["key"] = 1 << 32; return sign(t, s, c) }()), keys},
		{"no site", CodeClaimsInvalid, get(lacking(goodRecord(), "site")), keys},
		{"no path", CodeClaimsInvalid, get(lacking(good(), "target")), keys},
		{"no time", CodeClaimsInvalid, get(lacking(good(), "iat")), keys},
	} {
		visitor, why := newVerifier(t, c.keys).Check(c.r)
		if why == nil || visitor != nil || why.Code != c.code {
			t.Errorf("%s: %v %v, want %s", c.name, visitor, why, c.code)
			continue
		}
		if why.Error() != why.Code+": "+why.Detail {
			t.Errorf("%s: %s", c.name, why)
		}
		if !strings.HasSuffix(why.Detail, ".") || strings.Contains(why.Detail, "..") {
			t.Errorf("%s: %q is no sentence", c.name, why.Detail)
		}
		want := http.StatusForbidden
		if c.code == CodeKeysUnavailable {
			want = http.StatusServiceUnavailable
		}
		if why.Status != want {
			t.Errorf("%s: status %d, want %d", c.name, why.Status, want)
		}
		seen[c.code] = true
	}
	for code := range reasons {
		if !seen[code] {
			t.Errorf("no case has the code %s", code)
		}
	}
}

func TestTheTimesOfAnAssertionHaveExactEdges(t *testing.T) {
	s := newSigner(t, "k", 7)
	v := newVerifier(t, fixed{set: keySet(t, s)})
	for _, at := range []struct{ iat, exp int64 }{{now - 59, now + 1}, {now, now + 60}, {now + 30, now + 90}} {
		c := good()
		c["iat"], c["exp"] = at.iat, at.exp
		if _, why := v.Check(get(sign(t, s, c))); why != nil {
			t.Errorf("%d to %d: %v", at.iat-now, at.exp-now, why)
		}
	}
}

func TestOnlyRequestsOfTheGateReachTheHandlerAndNoOtherWordOfIt(t *testing.T) {
	s := newSigner(t, "k", 7)
	reached := 0
	h := newVerifier(t, fixed{set: keySet(t, s)}).Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached++
		visitor, ok := VisitorOf(r.Context())
		if !ok || visitor.Subject != "ada" {
			t.Errorf("%v %v", visitor, ok)
		}
		for name := range r.Header {
			if strings.Contains(strings.ToLower(name), "gate") {
				t.Errorf("the handler sees %s", name)
			}
		}
		if r.Header.Get("X-Mine") != "kept" {
			t.Error("other headers are gone")
		}
	}))
	forged := func(r *http.Request) *http.Request {
		for _, name := range []string{"Gate-Subject", "gate_subject", "GATE.SUBJECT", "Gate-Admin"} {
			r.Header[name] = []string{"admin"}
		}
		r.Header.Set("X-Mine", "kept")
		return r
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, forged(get(sign(t, s, good()))))
	if w.Code != http.StatusOK || reached != 1 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	w = httptest.NewRecorder()
	h.ServeHTTP(w, forged(get()))
	if w.Code != http.StatusForbidden || reached != 1 || !strings.Contains(w.Body.String(), `"assertion_missing"`) || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if _, ok := VisitorOf(context.Background()); ok {
		t.Error("a visitor out of nowhere")
	}
}

func TestAConfigurationThatCannotBeRightIsRefused(t *testing.T) {
	for _, c := range []Config{
		{}, {Gate: gateOrigin}, {Origin: appOrigin}, {Gate: gateOrigin + "/", Origin: appOrigin}, {Gate: gateOrigin, Origin: appOrigin + "/app"},
		{Gate: "http://gate.example", Origin: appOrigin}, {Gate: "gate.example", Origin: appOrigin}, {Gate: gateOrigin, Origin: "https://app.example:443"},
	} {
		if _, err := New(c); err == nil || !strings.HasPrefix(err.Error(), "gate: Config.") {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if v, err := New(Config{Gate: gateOrigin, Origin: appOrigin}); err != nil || v.now == nil || v.keys == nil {
		t.Error(err)
	}
	if _, ok := jwks.KeySource((*jwks.Source)(nil)).(jwks.RefreshingKeySource); !ok {
		t.Error("the source over HTTP cannot look again")
	}
}
