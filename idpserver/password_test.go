package idpserver

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestPasswordHash(t *testing.T) {
	ctx := context.Background()
	h, err := newHasher(argonParams{memory: 64, passes: 1, threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	one, err := h.hash(ctx, "a password")
	if err != nil {
		t.Fatal(err)
	}
	two, err := h.hash(ctx, "a password")
	if err != nil {
		t.Fatal(err)
	}
	if one == two {
		t.Error("two hashes of one password are equal: no salt")
	}
	for _, c := range []struct {
		name, password, phc string
		want                bool
	}{
		{"right", "a password", one, true},
		{"wrong", "another password", one, false},
		{"empty", "", one, false},
		{"no account", "a password", "", false},
		{"no account, no password", "", "", false},
	} {
		ok, outdated, err := h.verify(ctx, c.password, c.phc)
		if err != nil || ok != c.want || outdated {
			t.Errorf("%s: %v, %v, %v", c.name, ok, outdated, err)
		}
	}
}

func TestParsePHCRefusesWhatWasNotWrittenHere(t *testing.T) {
	h, err := newHasher(argonParams{memory: 64, passes: 1, threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	good, err := h.hash(context.Background(), "x")
	if err != nil {
		t.Fatal(err)
	}
	p, salt, key, err := parsePHC(good)
	if err != nil || p != h.params || len(salt) != saltSize || len(key) != hashSize {
		t.Fatalf("parsePHC(%q) = %v, %d, %d, %v", good, p, len(salt), len(key), err)
	}
	for name, change := range map[string]func(string) string{
		"empty":              func(string) string { return "" },
		"another algorithm":  func(s string) string { return strings.Replace(s, "argon2id", "argon2i", 1) },
		"another version":    func(s string) string { return strings.Replace(s, "v=19", "v=16", 1) },
		"no costs":           func(s string) string { return strings.Replace(s, "m=64,t=1,p=1", "", 1) },
		"zero passes":        func(s string) string { return strings.Replace(s, "t=1", "t=0", 1) },
		"gigabytes":          func(s string) string { return strings.Replace(s, "m=64", "m=99999999", 1) },
		"leading zero":       func(s string) string { return strings.Replace(s, "m=64", "m=064", 1) },
		"plus sign":          func(s string) string { return strings.Replace(s, "m=64", "m=+64", 1) },
		"another order":      func(s string) string { return strings.Replace(s, "m=64,t=1", "t=1,m=64", 1) },
		"one more cost":      func(s string) string { return strings.Replace(s, "p=1", "p=1,x=1", 1) },
		"one more part":      func(s string) string { return s + "$" },
		"something before":   func(s string) string { return "x" + s },
		"cut key":            func(s string) string { return s[:len(s)-4] },
		"padding":            func(s string) string { return s + "=" },
		"a letter in base64": func(s string) string { return s[:len(s)-1] + "*" },
		"bits after the end": func(s string) string { return s[:len(s)-1] + "B" },
	} {
		if _, _, _, err := parsePHC(change(good)); !errors.Is(err, errBadHash) {
			t.Errorf("%s: accepted %q", name, change(good))
		}
	}
}

func FuzzParsePHC(f *testing.F) {
	f.Add("$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=,t=,p=$$")
	f.Fuzz(func(t *testing.T, s string) {
		p, salt, key, err := parsePHC(s)
		if err == nil && (p.memory == 0 || p.memory > 1<<20 || p.passes == 0 || p.threads == 0 || len(salt) < 8 || len(key) != hashSize) {
			t.Errorf("accepted %q as %v", s, p)
		}
	})
}

func TestHashingWaitsForASlotOnlyAsLongAsTheRequest(t *testing.T) {
	h := &hasher{params: argonParams{memory: 64, passes: 1, threads: 1}, slots: make(chan struct{}, 1)}
	h.slots <- struct{}{} // somebody hashes
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := h.hash(ctx, "x"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v", err)
	}
}

// shippedArgon is the default before TestMain makes hashes cheap.
var shippedArgon = defaultArgon

func TestTheDefaultCostsAreOWASPs(t *testing.T) {
	if shippedArgon != (argonParams{memory: 19 << 10, passes: 2, threads: 1}) {
		t.Errorf("costs = %+v", shippedArgon)
	}
}
