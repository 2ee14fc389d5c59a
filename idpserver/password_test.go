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

func TestLimiter(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	l := newLimiter(2, time.Minute)
	allow := func(key string, want bool) func() {
		t.Helper()
		back, wait, ok := l.allow(key, now)
		if ok != want {
			t.Fatalf("allow(%q) = %v, want %v", key, ok, want)
		}
		if !ok && (wait <= 0 || wait > time.Minute) {
			t.Fatalf("wait = %v", wait)
		}
		return back
	}
	allow("a", true)
	back := allow("a", true)
	allow("a", false)
	allow("a", false) // a refusal costs nothing
	allow("b", true)
	back()
	allow("a", true)
	allow("a", false)
	now = now.Add(59 * time.Second)
	allow("a", false)
	now = now.Add(time.Second)
	allow("a", true)
	allow("a", false)
}

func TestLimiterIsBounded(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	l := newLimiter(2, time.Minute)
	l.size = 3
	for _, k := range []string{"a", "b", "c"} {
		l.allow(k, now)
	}
	if _, _, ok := l.allow("d", now); ok {
		t.Error("a full limiter forgot a busy key")
	}
	if _, _, ok := l.allow("a", now); !ok {
		t.Error("a full limiter refuses a key that it knows")
	}
	now = now.Add(time.Minute) // b and c have recovered, a has not
	if _, _, ok := l.allow("d", now); !ok {
		t.Error("a full limiter did not forget those that recovered")
	}
	if len(l.keys) != 2 {
		t.Errorf("%d keys", len(l.keys))
	}
}

func TestParseEmail(t *testing.T) {
	long := strings.Repeat("a", 64)
	for in, want := range map[string]string{
		"ada@example.org":                 "ada@example.org",
		" Ada.Lovelace+x@EXAMPLE.Org ":    "Ada.Lovelace+x@example.org",
		"o'hara@sub.example.co.uk":        "o'hara@sub.example.co.uk",
		"a@xn--bcher-kva.example":         "a@xn--bcher-kva.example",
		long + "@example.org":             long + "@example.org",
		long + "a@example.org":            "",
		"":                                "",
		"ada":                             "",
		"@example.org":                    "",
		"ada@":                            "",
		"ada@localhost":                   "",
		"ada@example..org":                "",
		"ada@-example.org":                "",
		"ada@example.org.":                "",
		"ada@192.168.0.1":                 "",
		"ada@[192.168.0.1]":               "",
		"ada@@example.org":                "",
		"a@b@example.org":                 "",
		".ada@example.org":                "",
		"ada.@example.org":                "",
		"a..b@example.org":                "",
		`"ada"@example.org`:               "",
		"ada lovelace@example.org":        "",
		"Ada <ada@example.org>":           "",
		"ada@example.org\r\nBcc: x@y.org": "",
		"ada@exämple.org":                 "",
		"ädä@example.org":                 "",
		"ada@example.org,b@example.org":   "",
	} {
		got, domain, err := parseEmail(in)
		if (err == nil) != (want != "") || got != want {
			t.Errorf("parseEmail(%q) = %q, %v; want %q", in, got, err, want)
		}
		if err == nil && !strings.HasSuffix(want, "@"+domain) {
			t.Errorf("parseEmail(%q): domain %q", in, domain)
		}
	}
}

func FuzzParseEmail(f *testing.F) {
	f.Add("ada@example.org")
	f.Add("a@b@c")
	f.Fuzz(func(t *testing.T, s string) {
		address, domain, err := parseEmail(s)
		if err != nil {
			return
		}
		if len(address) > maxEmail || strings.ContainsAny(address, " \r\n\t<>,;:\"\\()[]") || !strings.HasSuffix(address, "@"+domain) {
			t.Errorf("accepted %q as %q", s, address)
		}
		if again, _, err := parseEmail(address); err != nil || again != address {
			t.Errorf("%q does not stay itself: %q, %v", address, again, err)
		}
	})
}

func FuzzSafeNext(f *testing.F) {
	for _, s := range []string{"/account", "//x", "/\\x", "/a/../b", "/%2F%2Fx", "/a?b=c", "/:x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := safeNext(s); got != "" && (got != s || got[0] != '/' || len(got) > 1 && (got[1] == '/' || got[1] == '\\')) {
			t.Errorf("safeNext(%q) = %q", s, got)
		}
	})
}

func TestParseDomains(t *testing.T) {
	got, err := ParseDomains(strings.NewReader("# ours\ncorp.example\n\n  lab.corp.example  \n"))
	if err != nil || len(got) != 2 || got[0] != "corp.example" || got[1] != "lab.corp.example" {
		t.Errorf("ParseDomains = %v, %v", got, err)
	}
	for _, bad := range []string{"Corp.example", "corp", "corp.example # ours", "*.corp.example", "a@corp.example"} {
		if _, err := ParseDomains(strings.NewReader("ok.example\n" + bad + "\n")); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%q: error = %v", bad, err)
		}
	}
}

func TestCodesForgiveHowTheyAreTyped(t *testing.T) {
	for in, want := range map[string]string{
		"ABCD-2345": "ABCD2345", "abcd2345": "ABCD2345", " abcd 2345 ": "ABCD2345", "a-b-c-d-2-3-4-5": "ABCD2345",
		"ABCD-234": "", "ABCD-23456": "", "ABCD-2340": "", "ABCD-234é": "", "": "",
	} {
		if got, ok := readCode(in); got != want || ok != (want != "") {
			t.Errorf("readCode(%q) = %q, %v", in, got, ok)
		}
	}
	seen := map[string]bool{}
	for range 100 {
		c := newCode()
		if got, ok := readCode(c); !ok || got != c || seen[c] {
			t.Fatalf("newCode() = %q", c)
		}
		seen[c] = true
	}
}

func TestNamesAreOneVisibleLine(t *testing.T) {
	for in, want := range map[string]bool{
		"Ada": true, "  Ada Lovelace ": true, "Нина": true, "أحمد": true, strings.Repeat("ä", 100): true,
		strings.Repeat("ä", 101): false, "": false, "   ": false, "A\nB": false, "A\x00": false,
		"A\u202eB": false, "A\u2066B": false, "A\u2028B": false, "A\u0085B": false,
	} {
		if _, ok := readText(in, maxName); ok != want {
			t.Errorf("readText(%q) = %v", in, ok)
		}
	}
}
