package people

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

func TestPasswordHash(t *testing.T) {
	h := newHasher(Costs{Memory: 64, Passes: 1, Threads: 1}, nil)
	one := h.hash("a password")
	two := h.hash("a password")
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
		ok, outdated, err := h.verify("ada@example.org", c.password, c.phc)
		if err != nil || ok != c.want || outdated {
			t.Errorf("%s: %v, %v, %v", c.name, ok, outdated, err)
		}
	}
}

// One and the same letter, typed on a Mac, on a phone, and as it was hashed before.
func TestAPasswordIsTheSameHoweverItIsTyped(t *testing.T) {
	const composed, apart = "Gr\u00fc\u00dfe aus K\u00f6ln \u00c5", "Gru\u0308\u00dfe aus Ko\u0308ln \u212b"
	h := newHasher(Costs{Memory: 64, Passes: 1, Threads: 1}, nil)
	salt := make([]byte, saltSize)
	b64 := base64.RawStdEncoding
	before := "$argon2id$v=19$m=64,t=1,p=1$" + b64.EncodeToString(salt) + "$" + b64.EncodeToString(h.params.key([]byte(apart), salt))
	for _, c := range []struct {
		name, typed, phc string
		ok, outdated     bool
	}{
		{"composed, of composed", composed, h.hash(composed), true, false},
		{"composed, of letters and marks", composed, h.hash(apart), true, false},
		{"letters and marks, of composed", apart, h.hash(composed), true, false},
		{"as it was typed before there was one form", apart, before, true, true},
		{"another, of before", composed + "x", before, false, false},
		{"letters and marks, of nobody", apart, "", false, false},
		{"without the marks", "Gruße aus Koln A", h.hash(composed), false, false},
	} {
		ok, outdated, err := h.verify("ada@example.org", c.typed, c.phc)
		if ok != c.ok || outdated != c.outdated || err != nil {
			t.Errorf("%s: %v, %v, %v", c.name, ok, outdated, err)
		}
	}
}

func TestParsePHCRefusesWhatWasNotWrittenHere(t *testing.T) {
	h := newHasher(Costs{Memory: 64, Passes: 1, Threads: 1}, nil)
	good := h.hash("x")
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
		if err == nil && (p.Memory == 0 || p.Memory > 1<<20 || p.Passes == 0 || p.Threads == 0 || len(salt) < 8 || len(key) != hashSize) {
			t.Errorf("accepted %q as %v", s, p)
		}
	})
}

func TestTheDefaultCostsAreOWASPs(t *testing.T) {
	if DefaultCosts != (Costs{Memory: 19 << 10, Passes: 2, Threads: 1}) {
		t.Errorf("costs = %+v", DefaultCosts)
	}
}

// The time of a refusal must not tell whether somebody has an account, also while
// some accounts have hashes of costs that are no longer the present ones.
func TestWhoHasNoAccountCostsWhatSomeAccountCosts(t *testing.T) {
	old, now := Costs{Memory: 64, Passes: 1, Threads: 1}, Costs{Memory: 64, Passes: 3, Threads: 1}
	stored := newHasher(old, nil).hash("a password")
	h := newHasher(now, nil)
	names := make([]string, 200)
	for i := range names {
		names[i] = strings.Repeat("n", i)
		if got := h.pretend(names[i]); got != now {
			t.Fatalf("costs %v, and no account has them", got)
		}
	}
	if ok, outdated, err := h.verify("ada@example.org", "a password", stored); !ok || !outdated || err != nil {
		t.Fatal(ok, outdated, err)
	}
	count := map[Costs]int{}
	for _, n := range names {
		first := h.pretend(n)
		count[first]++
		if h.pretend(n) != first {
			t.Fatal("asked twice, one name costs differently: whoever has an account does not")
		}
	}
	if count[old] < 50 || count[now] < 50 || count[old]+count[now] != len(names) {
		t.Errorf("%v", count)
	}
	for i := range uint32(20) {
		h.met(Costs{Memory: 64, Passes: 4 + i, Threads: 1})
	}
	if len(h.inUse) != mostInUse {
		t.Errorf("%d costs are remembered", len(h.inUse))
	}
}
