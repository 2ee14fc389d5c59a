package issuer_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func TestGeneratedKeysSurviveTheirText(t *testing.T) {
	keys, err := issuer.GenerateKeys(start.Add(time.Millisecond), 90*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	again, err := issuer.ParseKeys(keys.Secret())
	if err != nil || again.Secret() != keys.Secret() {
		t.Fatalf("%v, %v", again, err)
	}
	if id, batch := again.CommitmentID(), again.BatchSize(); id != 1 || batch != issuer.DefaultBatch {
		t.Errorf("commitment %d, batch %d", id, batch)
	}
	// The second is published ahead of its turn, and tokens live for a turn.
	all, expiry := again.Set().All(), again.Expiry()
	if len(all) != 2 || again.Set().Active().ID() != 1 || !expiry[1].Equal(start.AddDate(0, 0, 180)) || !expiry[2].Equal(start.AddDate(0, 0, 270)) {
		t.Errorf("%v, %v", again, expiry)
	}
	if known := again.TokenKeys(); len(known) != 2 || known[1].ID != 2 || !known[1].Expires.Equal(expiry[2]) {
		t.Errorf("%v", known)
	}
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		if s := fmt.Sprintf(verb, keys); s != "[key 1 (current) key 2 (next)]" {
			t.Errorf("%s: %s", verb, s)
		}
	}
	if _, err := issuer.GenerateKeys(start, 0); err == nil {
		t.Error("keys for no time were made")
	}
}

// What a rotation wrote is published under the number that it gave, unless the
// configuration says otherwise.
func TestKeysSayUnderWhichNumberTheyArePublished(t *testing.T) {
	text := func(head string) string {
		return head + "\nid=1 state=current expires=2030-01-01T00:00:00Z key=" + base64.StdEncoding.EncodeToString(keyOne.Bytes()) + "\n"
	}
	for _, c := range []struct {
		keys             string
		id, wantID       uint32
		batch, wantBatch int
	}{
		{text("bonafides-keyring=1 kind=token commitment=7 batch=12"), 0, 7, 0, 12},
		{text("bonafides-keyring=1 kind=token commitment=7 batch=12"), 8, 8, 20, 20},
		{text("bonafides-keyring=1 kind=token"), 0, 1, 0, 30},
		{base64.StdEncoding.EncodeToString(keyOne.Bytes()) + ",2030-01-01T00:00:00Z", 0, 1, 0, 30},
	} {
		cfg := config(&fixture{t: t, store: &spy{}, now: start})
		var err error
		if cfg.Keys, err = issuer.ParseKeys(c.keys); err != nil {
			t.Fatal(err)
		}
		cfg.CommitmentID, cfg.BatchSize = c.id, c.batch
		iss, err := issuer.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		got, err := pst.ParseCommitments(iss.Commitment())
		if err != nil || got.ID != c.wantID || got.BatchSize != c.wantBatch {
			t.Errorf("commitment %d and batch %d, %v; want %d and %d", got.ID, got.BatchSize, err, c.wantID, c.wantBatch)
		}
	}
}

func TestKeysThatCannotBeJoined(t *testing.T) {
	set, err := pst.NewKeySet(keyOne, keyTwo)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := issuer.NewKeys(set, map[uint32]time.Time{1: start}); err == nil || !strings.Contains(err.Error(), "key 2 has no expiry") {
		t.Errorf("a key without expiry: %v", err)
	}
	if _, err := issuer.NewKeys(nil, nil); err == nil {
		t.Error("no keys were taken")
	}
	if k, err := issuer.ParseKeys("sesame"); err == nil || k != nil || strings.Contains(err.Error(), "sesame") {
		t.Errorf("%v, %v", k, err)
	}
}

func TestCommitmentsAloneAreThoseOfTheIssuer(t *testing.T) {
	f := serve(t, func(_ *fixture, c *issuer.Config) { c.CommitmentID, c.BatchSize = 5, 10 })
	keys := config(f).Keys
	h, err := issuer.Commitments(keys, 5, 10)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", issuer.CommitmentPath, nil))
	if !bytes.Equal(w.Body.Bytes(), f.iss.Commitment()) {
		t.Errorf("%s", w.Body)
	}
	if _, err := issuer.Commitments(keys, 5, 0); err == nil {
		t.Error("a batch of none")
	}
}

func TestGeneratedRecordKeySurvivesItsText(t *testing.T) {
	text, err := issuer.GenerateRecordKey(start)
	if err != nil {
		t.Fatal(err)
	}
	other, err := issuer.GenerateRecordKey(start)
	if err != nil || other == text {
		t.Fatalf("%v, or one key twice", err)
	}
	key, public, err := issuer.ParseRecordKeys(text)
	if err != nil || len(public) != 1 || !public[0].Equal(key.Public()) {
		t.Fatalf("%v, %v", public, err)
	}
	// One that will sign and one that did stand below it.
	next, old := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32)), ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32))
	std := base64.StdEncoding.EncodeToString
	text += "id=9 state=retired expires=2030-01-01T00:00:00Z key=public:" + std(old.Public().(ed25519.PublicKey)) + "\n" +
		"id=2 state=next key=seed:" + std(next.Seed()) + "\n"
	again, public, err := issuer.ParseRecordKeys(text)
	if err != nil || !again.Equal(key) || len(public) != 3 || !public[0].Equal(key.Public()) || !public[1].Equal(next.Public()) || !public[2].Equal(old.Public()) {
		t.Errorf("%v, %v", public, err)
	}
}
