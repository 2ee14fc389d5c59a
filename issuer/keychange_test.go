package issuer_test

import (
	"errors"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/store/mem/spentmem"
)

// A token that was spent must stay spent for as long as its key lives, so the key
// must not live longer than the store was told, nor its id stand for another key.
func TestIssuerRefusesKeysThatChangedUnderTheirID(t *testing.T) {
	store := new(spentmem.Store)
	begin := func(key *pst.PrivateKey, expires time.Time) error {
		c := config(&fixture{t: t, now: start})
		set, err := pst.NewKeySet(key)
		if err != nil {
			t.Fatal(err)
		}
		if c.Keys, err = issuer.NewKeys(set, map[uint32]time.Time{1: expires}); err != nil {
			t.Fatal(err)
		}
		c.Spent = store
		_, err = issuer.New(c)
		return err
	}
	expires := start.AddDate(1, 0, 0)
	for _, c := range []struct {
		name    string
		key     *pst.PrivateKey
		expires time.Time
		want    issuer.KeyChange
	}{
		{"first", keyOne, expires, ""},
		{"again", keyOne, expires, ""},
		{"a later expiry", keyOne, expires.Add(time.Second), issuer.KeyProlonged},
		{"an earlier expiry", keyOne, expires.AddDate(0, -1, 0), ""},
		{"the first expiry", keyOne, expires, ""},
		{"another key", strange, expires, issuer.KeyReplaced},
	} {
		err := begin(c.key, c.expires)
		var refused *issuer.KeyChangedError
		if got := errors.As(err, &refused); got != (c.want != "") || got && (refused.ID != 1 || refused.Change != c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := store.Purge(t.Context(), nil, expires.AddDate(1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	var refused *issuer.KeyChangedError
	if err := begin(keyOne, expires); !errors.As(err, &refused) || refused.Change != issuer.KeyForgotten {
		t.Errorf("a forgotten key: %v", err)
	}
}

// The clock went ahead, the key was taken out and forgotten, and the clock is right
// again in a process that still has the key.
func TestTokenOfAForgottenKeyIsRefusedAndNotTriedAgain(t *testing.T) {
	f := serve(t, nil)
	tokens := f.issue("POST", issuer.IssuePath, 2)
	f.redeem("POST", issuer.RedeemPath, tokens[0], news)
	if _, err := f.store.ForgetKey(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for _, tok := range tokens {
		if r := f.send("POST", issuer.RedeemPath, redemption(tok, news)); r.status != 400 || r.code() != "key_expired" {
			t.Errorf("%d %s", r.status, r.body)
		}
	}
}
