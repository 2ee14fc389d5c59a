package rpserver

import (
	"bytes"
	"encoding/base64"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/internal/secret"
)

func sealer(t *testing.T, origin string, secrets ...string) *RP {
	t.Helper()
	var all [][]byte
	for _, s := range secrets {
		all = append(all, bytes.Repeat([]byte(s), 32))
	}
	keys, err := newSealKeys(all)
	if err != nil {
		t.Fatal(err)
	}
	return &RP{origin: origin, keys: keys}
}

var sealedAt = time.Unix(1790000000, 123456789)

func TestWhatWasSealedOpensAsItWas(t *testing.T) {
	rp := sealer(t, "https://shop.example", "a")
	f := sealedFor{labelState, "idp"}
	browser, other := secret.New(), secret.New()
	for _, path := range []string{"", "/basket?a=b", "/" + strings.Repeat("x", maxSealedPath-1)} {
		text := rp.seal(f, browser, path, sealedAt)
		s, ok := rp.open(f, text)
		if !ok || !s.made.Equal(sealedAt) || s.path != path || !s.of(browser) || s.of(other) || s.of("") {
			t.Errorf("%q: %v %+v", path, ok, s)
		}
		if _, err := base64.RawURLEncoding.Strict().DecodeString(text); err != nil || len(text) > maxSealed {
			t.Errorf("%d characters, %v", len(text), err)
		}
	}
}

// What is changed in one bit, or said in another way, was not made here.
func TestWhatWasChangedDoesNotOpen(t *testing.T) {
	rp := sealer(t, "https://shop.example", "a")
	f := sealedFor{labelState, "idp"}
	text := rp.seal(f, secret.New(), "/x", sealedAt) // 74 bytes: the last character has loose bits
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	bad := []string{"", "A", text[:95], text[:96], text + "A", text + "=", text + "\n", "\r" + text, text[:50] + "\n" + text[50:],
		strings.Repeat("A", 96), strings.Repeat("A", maxSealed+1)}
	for i := range raw {
		for bit := range 8 {
			b := bytes.Clone(raw)
			b[i] ^= 1 << bit
			bad = append(bad, base64.RawURLEncoding.EncodeToString(b))
		}
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/"
	for _, c := range alphabet {
		if end := text[:len(text)-1] + string(c); end != text {
			bad = append(bad, end)
		}
	}
	for _, text := range bad {
		if _, ok := rp.open(f, text); ok {
			t.Errorf("opened %q", text)
		}
	}
	if _, ok := rp.open(f, text); !ok {
		t.Error("nothing opens")
	}
}

func TestWhatWasSealedOpensWhereItBelongsAlone(t *testing.T) {
	browser := secret.New()
	rp := sealer(t, "https://shop.example", "a")
	for _, f := range []sealedFor{{label: labelNonce}, {labelCodeNonce, "idp"}, {labelState, "idp"}} {
		text := rp.seal(f, browser, "", sealedAt)
		for _, g := range []sealedFor{{label: labelNonce}, {labelNonce, "idp"}, {labelCodeNonce, "idp"}, {labelCodeNonce, "idp2"},
			{labelCodeNonce, ""}, {labelState, "idp"}, {labelState, "other"}, {label: labelBrowser}} {
			if _, ok := rp.open(g, text); ok != (f == g) {
				t.Errorf("made for %v, opened for %v: %v", f, g, ok)
			}
		}
		for _, other := range []*RP{sealer(t, "https://shop.example:8443", "a"), sealer(t, "https://shop.example", "b"), sealer(t, "https://shop.example")} {
			if _, ok := other.open(f, text); ok {
				t.Errorf("%v opened at %s under another secret or origin", f, other.origin)
			}
		}
	}
}

// A new secret is put in front of the old one, process by process.
func TestSecretsAreChangedWithoutLosingAnybody(t *testing.T) {
	f, browser := sealedFor{label: labelNonce}, secret.New()
	old, both, next := sealer(t, "https://shop.example", "a"), sealer(t, "https://shop.example", "b", "a"), sealer(t, "https://shop.example", "b")
	for _, c := range []struct {
		name     string
		from, to *RP
		ok       bool
	}{{"of the old one", old, both, true}, {"of the new one", both, next, true}, {"the new one is first", both, old, false}, {"the old one is gone", old, next, false}} {
		s, ok := c.to.open(f, c.from.seal(f, browser, "", sealedAt))
		if ok != c.ok || ok && !s.of(browser) {
			t.Errorf("%s: %v", c.name, ok)
		}
	}
}

// The provider sees nonces. It cannot tell two of one browser from two of two, also
// if it knows what is public in them.
func TestTwoNoncesOfABrowserHaveNothingInCommon(t *testing.T) {
	rp := sealer(t, "https://shop.example", "a")
	f, browser := sealedFor{label: labelNonce}, secret.New()
	seen := map[string]bool{}
	for range 100 {
		b, err := base64.RawURLEncoding.DecodeString(rp.seal(f, browser, "", sealedAt))
		if err != nil {
			t.Fatal(err)
		}
		for at := randomAt; at < pathAt; at += 8 { // the same moment, so the time is the same
			if part := string(b[at : at+8]); seen[part] {
				t.Fatalf("bytes %d to %d stood in a nonce before", at, at+8)
			} else {
				seen[part] = true
			}
		}
	}
}

func FuzzOpen(f *testing.F) {
	keys, err := newSealKeys([][]byte{make([]byte, 32)})
	if err != nil {
		f.Fatal(err)
	}
	rp := &RP{origin: "https://shop.example", keys: keys}
	state := sealedFor{labelState, "idp"}
	f.Add(rp.seal(state, "browser", "/a", sealedAt)[:95])
	f.Add(strings.Repeat("A", 96))
	f.Fuzz(func(t *testing.T, text string) {
		if s, ok := rp.open(state, text); ok {
			t.Errorf("opened %q: %+v", text, s)
		}
	})
}

// What is sealed was judged before; a rule that grew stricter since is asked again.
func TestASealedPathIsJudgedOnceMore(t *testing.T) {
	rp := sealer(t, "https://shop.example", "a")
	for kept, want := range map[string]string{"": "/", "/a": "/a", "//evil.example": "/", "https://evil.example": "/", "#": "/", "#x": "/"} {
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
		if got := rp.pathOf(w, r, kept); got != want {
			t.Errorf("%q goes on to %q, want %q", kept, got, want)
		}
	}
}
