package issuer

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// onlyOnce fails the test when something is spent that was not redeemed.
type onlyOnce struct{ spends int }

func (s *onlyOnce) Admit(context.Context, ...TokenKey) error { return nil }

func (s *onlyOnce) Spend(context.Context, uint32, [pst.NonceSize]byte) error {
	s.spends++
	return nil
}

// FuzzExchange sends any header to every endpoint: an answer is a grant, or
// a refusal with a 4xx status and nothing spent.
func FuzzExchange(f *testing.F) {
	key, err := pst.DeriveKey(1, []byte("FIX0"))
	if err != nil {
		f.Fatal(err)
	}
	set, err := pst.NewKeySet(key)
	if err != nil {
		f.Fatal(err)
	}
	keys, err := NewKeys(set, map[uint32]time.Time{1: time.Unix(1900000000, 0)})
	if err != nil {
		f.Fatal(err)
	}
	req, pending, err := pst.Begin(key.PublicKey(), 2)
	if err != nil {
		f.Fatal(err)
	}
	resp, err := key.Issue(req, 2)
	if err != nil {
		f.Fatal(err)
	}
	tokens, err := pending.Finish(resp)
	if err != nil {
		f.Fatal(err)
	}
	redeem := pst.RedeemRequest{Token: tokens[0], ClientData: pst.ClientData{RedeemingOrigin: "https://news.example", RedemptionTimestamp: 1790000000}}
	for _, m := range [][]byte{req.Bytes(), redeem.Bytes(), redeem.Bytes()[:169], {0, 165}, {0, 1}, {}} {
		f.Add(base64.StdEncoding.EncodeToString(m), pst.Version)
	}
	f.Add("%", "")
	store := &onlyOnce{}
	record := ed25519.NewKeyFromSeed(make([]byte, 32))
	iss, err := New(Config{
		Origin: "https://issuer.example", Keys: keys,
		RecordSigner: NewRecordSigner(record), RecordKeys: RecordKeySet(record.Public().(ed25519.PublicKey)),
		Policy: PolicyFunc(func(context.Context, Facts) (Decision, error) { return Decision{1, ReasonGranted}, nil }),
		Spent:  store, Polyfill: true, Now: func() time.Time { return time.Unix(1790000000, 0) }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, token, version string) {
		for path, h := range map[string]exchange.Headers{
			IssuePath: exchange.Native, RedeemPath: exchange.Native, TrustTokenPath: exchange.Native,
			PolyfillIssuePath: exchange.Polyfill, PolyfillRedeemPath: exchange.Polyfill,
		} {
			store.spends = 0
			r := httptest.NewRequest(http.MethodPost, path, nil)
			r.Header[http.CanonicalHeaderKey(h.Token)] = []string{token}
			r.Header[http.CanonicalHeaderKey(h.Version)] = []string{version}
			w := httptest.NewRecorder()
			iss.ServeHTTP(w, r)
			_, granted := w.Header()[http.CanonicalHeaderKey(h.Token)]
			switch {
			case w.Code == http.StatusOK && granted:
				if version != pst.Version {
					t.Errorf("%s granted version %q", path, version)
				}
			case w.Code < 400 || w.Code > 499 || granted || store.spends != 0:
				t.Errorf("%s answered %d, header %v, %d spends", path, w.Code, granted, store.spends)
			}
		}
	})
}

// FuzzSiteverifyAnswer: no answer but a true "success" for our own host is good.
func FuzzSiteverifyAnswer(f *testing.F) {
	for _, s := range []string{`{"success":true,"hostname":"h","score":0.9}`, `{"success":false,"error-codes":["timeout-or-duplicate"]}`,
		`{"success":true}`, `[]`, `{"success":true,"hostname":"h","score":"1"}`, `{"success":true,"hostname":"h","score":1e400}`} {
		f.Add([]byte(s))
	}
	s := &exchange.Siteverify{Hostname: "h", MinScore: 0.5}
	f.Fuzz(func(t *testing.T, body []byte) {
		v, err := s.Judge(body)
		if err != nil && v == exchange.CaptchaGood {
			t.Error("good, and an error")
		}
		if err == nil && v == exchange.CaptchaGood && len(body) < len(`{"success":true,"hostname":"h","score":1}`) {
			t.Errorf("%q is good", body)
		}
	})
}
