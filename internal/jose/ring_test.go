package jose

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/internal/keyring"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// rotated makes the ring of the rotations of n days.
func rotated(t *testing.T, a jws.Algorithm, n int) keyring.Ring {
	t.Helper()
	ring := keyring.Ring{Kind: keyring.Provider}
	for day := range n + 1 {
		var err error
		ring, err = keyring.Rotate(ring, time.Date(2026, 11, 30+day, 12, 0, 0, 0, time.UTC), keyring.Rules{Ahead: true, Keep: 36 * time.Hour})
		if err == nil {
			err = MakeRing(&ring, a)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return ring
}

func TestARingOfProviderKeys(t *testing.T) {
	for _, a := range []jws.Algorithm{jws.RS256, jws.ES256} {
		ring := rotated(t, a, 1)
		text, err := ring.Text()
		if err != nil {
			t.Fatal(err)
		}
		again, keys, err := ReadRing(text)
		if err != nil || fmt.Sprint(again) != fmt.Sprint(ring) || len(keys) != 3 {
			t.Fatalf("%v, %v", again, err)
		}
		for i, want := range []keyring.State{keyring.Current, keyring.Retired, keyring.Next} {
			k := keys[i]
			public, err := jws.ParseKey(k.Public)
			if err != nil {
				t.Fatal(err)
			}
			if kid, _ := public.KeyID(); k.State != want || (k.Private == nil) != (want == keyring.Retired) || kid != k.KeyID || k.Algorithm() != a {
				t.Errorf("%s: key %d is %s %q %q, with its private half: %v", a, i+1, k.State, kid, k.Algorithm(), k.Private != nil)
			}
		}
		if shown := fmt.Sprintf("%v %+v %#v", keys[0], keys[0], keys); strings.Contains(shown, `"d"`) || strings.Contains(shown, "kty") {
			t.Errorf("printing a key shows it: %s", shown)
		}
	}
	if err := MakeRing(&keyring.Ring{}, jws.EdDSA); err == nil {
		t.Error("EdDSA keys were made for ID tokens")
	}
}

func TestAKeyFileOfTheFirstForm(t *testing.T) {
	key, err := GenerateES256()
	if err != nil {
		t.Fatal(err)
	}
	private, err := key.PrivateJWK()
	if err != nil {
		t.Fatal(err)
	}
	ring, keys, err := ReadRing(strings.ReplaceAll(string(private), `,`, ",\n  ") + "\n")
	if err != nil || len(keys) != 1 || keys[0].KeyID != key.KeyID() || keys[0].State != keyring.Current {
		t.Fatalf("%v, %v", keys, err)
	}
	// A rotation leaves the new form, and the key in it.
	ring, err = keyring.Rotate(ring, time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC), keyring.Rules{Ahead: true})
	if err == nil {
		err = MakeRing(&ring, jws.ES256)
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := ring.Text()
	if err != nil {
		t.Fatal(err)
	}
	if _, keys, err := ReadRing(text); err != nil || len(keys) != 2 || keys[0].KeyID != key.KeyID() || keys[1].State != keyring.Next {
		t.Errorf("%v, %v", keys, err)
	}
}

func TestReadRingRefuses(t *testing.T) {
	es, rs := rotated(t, jws.ES256, 1), rotated(t, jws.RS256, 0)
	ed, err := GenerateEd25519()
	if err != nil {
		t.Fatal(err)
	}
	private, err := ed.PrivateJWK()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(k []keyring.Key)
		want   string
	}{
		"a retired key that can sign":  {func(k []keyring.Key) { k[1].Text = k[2].Text }, "line 3: a retired provider key is a public JWK"},
		"a current key that cannot":    {func(k []keyring.Key) { k[0].Text = k[1].Text }, "line 2: jose: the JWK has no private part"},
		"no key":                       {func(k []keyring.Key) { k[0].Text = "sesame" }, "line 2: jose: the private key is not"},
		"a key twice":                  {func(k []keyring.Key) { k[2].Text = k[0].Text }, "line 4: an earlier key is the same"},
		"two algorithms":               {func(k []keyring.Key) { k[2].Text = rs.Keys[0].Text }, "line 4: an earlier key has another algorithm"},
		"none for ID tokens":           {func(k []keyring.Key) { k[2].Text = string(private) }, `line 4: the key signs with "EdDSA"`},
		"a retired key without an alg": {func(k []keyring.Key) { k[1].Text = strings.Replace(k[1].Text, `"alg":"ES256",`, "", 1) }, "line 3: a retired provider key is a public JWK with kid and alg"},
	} {
		ring := es
		ring.Keys = append([]keyring.Key(nil), es.Keys...)
		c.change(ring.Keys)
		text, err := ring.Text()
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := ReadRing(text); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, _, err := ReadRing(string(private)); err == nil || !strings.HasPrefix(err.Error(), "the key signs with") {
		t.Errorf("an Ed25519 key alone: %v", err)
	}
}
