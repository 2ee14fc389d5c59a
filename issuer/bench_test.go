package issuer_test

import (
	"encoding/base64"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/store/spentstore"
)

// roundTrip runs one request through the handler, without a network.
func roundTrip(b *testing.B, iss *issuer.Issuer, path string, message []byte) string {
	r := httptest.NewRequest("POST", path, nil)
	r.Header.Set(pst.HeaderToken, base64.StdEncoding.EncodeToString(message))
	r.Header.Set(pst.HeaderVersion, pst.Version)
	w := httptest.NewRecorder()
	iss.ServeHTTP(w, r)
	if w.Code != 200 {
		b.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Header().Get(pst.HeaderToken)
}

func benchIssuer(b *testing.B) *issuer.Issuer {
	db, err := spentstore.OpenSQLite(filepath.Join(b.TempDir(), "spent.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	c := config(&fixture{now: start})
	c.Spent, c.Counter, c.BatchSize = db, db, 60
	c.Log = slog.New(slog.DiscardHandler)
	iss, err := issuer.New(c)
	if err != nil {
		b.Fatal(err)
	}
	return iss
}

func BenchmarkIssue30(b *testing.B) {
	iss := benchIssuer(b)
	req, _, err := pst.Begin(keyOne.PublicKey(), 30)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		roundTrip(b, iss, issuer.IssuePath, req.Bytes())
	}
}

// BenchmarkRedeem is a redemption with SQLite, whose commits reach the disk: one
// for the token, one for the count.
func BenchmarkRedeem(b *testing.B) {
	iss := benchIssuer(b)
	var tokens []pst.Token
	for b.Loop() {
		if len(tokens) == 0 {
			b.StopTimer()
			tokens = mint(b)
			b.StartTimer()
		}
		roundTrip(b, iss, issuer.RedeemPath, redemption(tokens[0], news))
		tokens = tokens[1:]
	}
}

// mint makes a hundred tokens.
func mint(b *testing.B) []pst.Token {
	req, pending, err := pst.Begin(keyOne.PublicKey(), pst.MaxBatch)
	if err != nil {
		b.Fatal(err)
	}
	resp, err := keyOne.Issue(req, pst.MaxBatch)
	if err != nil {
		b.Fatal(err)
	}
	tokens, err := pending.Finish(resp)
	if err != nil {
		b.Fatal(err)
	}
	return tokens
}
