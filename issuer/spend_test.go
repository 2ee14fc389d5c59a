package issuer_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/store/spentstore"
)

func TestOf200ParallelReplaysExactlyOneGetsARecord(t *testing.T) {
	db, err := spentstore.OpenSQLite(filepath.Join(t.TempDir(), "spent.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	f := serve(t, func(_ *fixture, c *issuer.Config) { c.Spent, c.Counter = db, db })
	tokens := f.issue("POST", issuer.IssuePath, 2)
	message := redemption(tokens[0], news)
	var mu sync.Mutex
	got := map[string]int{}
	var records []string
	var wg sync.WaitGroup
	gate := make(chan struct{})
	for i := range 200 {
		wg.Go(func() {
			<-gate
			path := []string{issuer.RedeemPath, issuer.TrustTokenPath}[i%2]
			r := f.send("POST", path, message)
			mu.Lock()
			defer mu.Unlock()
			if v, ok := r.token(); ok {
				records = append(records, v)
			}
			got[r.code()]++
		})
	}
	close(gate)
	wg.Wait()
	if len(records) != 1 || got["already_spent"] != 199 {
		t.Errorf("%d records, answers %v; want 1 record and 199 already_spent", len(records), got)
	}
	for _, r := range records {
		f.judge(r)
	}
	counts, err := db.Counts(t.Context(), 0)
	if err != nil || len(counts) != 1 || counts[0].Count != 1 {
		t.Errorf("counted %v, %v; want 1", counts, err)
	}
	f.redeem("POST", issuer.RedeemPath, tokens[1], news) // the other one is untouched
}

func TestStoreThatCannotAnswerMeansNotRedeemed(t *testing.T) {
	f := serve(t, nil)
	tok := f.issue("POST", issuer.IssuePath, 1)[0]
	f.store.fail = errors.New("disk on fire")
	r := f.send("POST", issuer.RedeemPath, redemption(tok, news))
	if r.status != 503 || r.code() != "store_unavailable" || r.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", r.status, r.body)
	}
	if v, ok := r.token(); ok || r.header.Get(pst.HeaderLifetime) != "" {
		t.Errorf("a record was signed: %q", v)
	}
	if bytes.Contains(r.body, []byte("fire")) {
		t.Errorf("the store's error was told: %s", r.body)
	}
	if !strings.Contains(f.logged(), "disk on fire") {
		t.Error("the store's error is not in the log")
	}
	if f.store.counts != 0 {
		t.Error("a redemption that was none was counted")
	}
	f.store.fail = nil
	f.redeem("POST", issuer.RedeemPath, tok, news)
}

// failing fails to count.
type failing struct{}

func (failing) Count(context.Context, string, issuer.Day) error {
	return errors.New("no counting today")
}

func TestCounterThatFailsCostsNobodyTheRecord(t *testing.T) {
	f := serve(t, func(_ *fixture, c *issuer.Config) { c.Counter = failing{} })
	f.redeem("POST", issuer.RedeemPath, f.issue("POST", issuer.IssuePath, 1)[0], news)
	if !strings.Contains(f.logged(), "no counting today") {
		t.Error("the failure is not in the log")
	}
}

func TestNoCounterIsFine(t *testing.T) {
	f := serve(t, func(_ *fixture, c *issuer.Config) { c.Counter = nil })
	f.redeem("POST", issuer.RedeemPath, f.issue("POST", issuer.IssuePath, 1)[0], news)
}

// brokenSigner signs until it is broken.
type brokenSigner struct {
	signer
	broken bool
}

func (s *brokenSigner) Sign(b []byte) ([]byte, error) {
	if s.broken {
		return nil, errors.New("key went away")
	}
	return s.signer.Sign(b)
}

func TestRecordThatCannotBeSigned(t *testing.T) {
	s := &brokenSigner{signer: issuer.NewRecordSigner(recordKey)}
	f := serve(t, func(_ *fixture, c *issuer.Config) { c.RecordSigner = s })
	tok := f.issue("POST", issuer.IssuePath, 1)[0]
	s.broken = true
	if r := f.send("POST", issuer.RedeemPath, redemption(tok, news)); r.status != 500 || r.code() != "signing_failed" {
		t.Errorf("%d %s", r.status, r.body)
	}
	// It was spent before, so it must stay spent.
	s.broken = false
	if r := f.send("POST", issuer.RedeemPath, redemption(tok, news)); r.code() != "already_spent" {
		t.Errorf("%d %s", r.status, r.body)
	}
}

type sessionKey struct{}

// What a redemption cannot see, it cannot use: neither the request nor what a
// site's own middleware put into its context reaches the store, and the answer
// is the same byte for byte.
func TestRedemptionSeesNothingOfTheRequest(t *testing.T) {
	f := serve(t, func(_ *fixture, c *issuer.Config) {
		c.Facts = func(*http.Request) (issuer.Facts, error) {
			return issuer.Facts{SignedIn: true, Account: "ada"}, nil
		}
	})
	session := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), sessionKey{}, "ada's session")))
		})
	}
	tokens := f.issue("POST", issuer.IssuePath, 2)
	redeem := func(tok pst.Token, change func(*http.Request)) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", issuer.RedeemPath, nil)
		r.Header.Set(pst.HeaderToken, base64.StdEncoding.EncodeToString(redemption(tok, news)))
		r.Header.Set(pst.HeaderVersion, pst.Version)
		change(r)
		w := httptest.NewRecorder()
		session(f.iss).ServeHTTP(w, r)
		return w
	}
	plain := redeem(tokens[0], func(*http.Request) {})
	known := redeem(tokens[1], func(r *http.Request) {
		r.AddCookie(&http.Cookie{Name: "session", Value: "ada-1234567890"})
		r.Header.Set("Authorization", "Bearer ada")
		r.Header.Set("Referer", "https://news.example/ada")
		r.Header.Set(issuer.ProofHeader, "ada")
		r.RemoteAddr = "192.0.2.7:1234"
	})
	if plain.Code != 200 || known.Code != 200 {
		t.Fatalf("%d %s, %d %s", plain.Code, plain.Body, known.Code, known.Body)
	}
	if a, b := plain.Header().Get(pst.HeaderToken), known.Header().Get(pst.HeaderToken); a != b {
		t.Errorf("with a cookie the record is another:\n%s\n%s", a, b)
	}
	if v := f.store.context.Value(sessionKey{}); v != nil {
		t.Errorf("the store was given %v", v)
	}
	if strings.Contains(f.logged(), "ada") {
		t.Error("the log names the account")
	}
}

func TestClientThatLeftKeepsItsToken(t *testing.T) {
	f := serve(t, nil)
	tok := f.issue("POST", issuer.IssuePath, 1)[0]
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequest("POST", issuer.RedeemPath, nil).WithContext(ctx)
	r.Header.Set(pst.HeaderToken, base64.StdEncoding.EncodeToString(redemption(tok, news)))
	r.Header.Set(pst.HeaderVersion, pst.Version)
	w := httptest.NewRecorder()
	f.iss.ServeHTTP(w, r)
	if w.Code != 503 || f.store.spends != 0 {
		t.Errorf("answered %d after %d spends", w.Code, f.store.spends)
	}
	f.redeem("POST", issuer.RedeemPath, tok, news)
}

// slow waits in Spend until it is let go.
type slow struct {
	spy
	in, out chan struct{}
}

func (s *slow) Spend(ctx context.Context, id uint32, n [64]byte) error {
	close(s.in)
	<-s.out
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.spy.Spend(ctx, id, n)
}

func TestClientThatLeavesDuringTheSpendDoesNotStopIt(t *testing.T) {
	s := &slow{in: make(chan struct{}), out: make(chan struct{})}
	f := serve(t, func(_ *fixture, c *issuer.Config) { c.Spent = s })
	tok := f.issue("POST", issuer.IssuePath, 1)[0]
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequest("POST", issuer.RedeemPath, nil).WithContext(ctx)
	r.Header.Set(pst.HeaderToken, base64.StdEncoding.EncodeToString(redemption(tok, news)))
	r.Header.Set(pst.HeaderVersion, pst.Version)
	w := httptest.NewRecorder()
	done := make(chan struct{})
	go func() { defer close(done); f.iss.ServeHTTP(w, r) }()
	<-s.in
	cancel()
	close(s.out)
	<-done
	if w.Code != 200 || s.spends != 1 {
		t.Errorf("answered %d after %d spends", w.Code, s.spends)
	}
}
