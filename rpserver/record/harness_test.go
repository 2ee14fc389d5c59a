package record

import (
	"crypto/ed25519"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func keySet(t testing.TB, kid string) *jws.KeySet {
	t.Helper()
	k, err := jws.ParseKey([]byte(`{"kty":"OKP","crv":"Ed25519","kid":"` + kid + `","x":"` + jws.EncodeBase64URL(key.Public().(ed25519.PublicKey)) + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	return jws.NewKeySet(k)
}

func signed(t testing.TB, kid string, r pst.Record) string {
	t.Helper()
	s, err := pst.SignRecord(jws.NewEd25519Signer(kid, key), r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func goodRecord() pst.Record {
	return pst.NewRecord(issuer, news, pst.ViaNative, 2, now, 24*time.Hour)
}

func headerOf(t testing.TB, records ...pst.OriginRecord) string {
	t.Helper()
	v, err := pst.FormatRedemptionRecordHeader(records)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func newChecker(t testing.TB, change ...func(*Config)) *Checker {
	t.Helper()
	c := Config{Issuers: map[string]jwks.KeySource{issuer: jwks.Fixed(keySet(t, "r1"))}, Now: func() time.Time { return now }}
	for _, f := range change {
		f(&c)
	}
	k, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// request has headers in pairs.
func request(headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "http://ads.localhost:8080/ad", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func codeOf(r Result) string {
	if refused, ok := r.(Refused); ok {
		if refused.Detail == "" || !strings.HasSuffix(refused.Detail, ".") {
			return refused.Code + " without a sentence: " + refused.Detail
		}
		return refused.Code
	}
	return "vouched"
}
