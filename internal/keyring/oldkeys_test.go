package keyring

import (
	"encoding/base64"
	"strings"
	"testing"
)

func TestAProviderKeyOfTheFirstForm(t *testing.T) {
	want := `{"kty":"EC","k\"id":"a\\","d":"AAAA"}`
	for name, text := range map[string]string{
		"a line":      want + "\n",
		"many lines":  "\n{\n\t\"kty\": \"EC\",\r\n  \"k\\\"id\" : \"a\\\\\",\n  \"d\": \"AAAA\"\n}\n",
		"as it stood": want,
	} {
		r, old, err := Read(Provider, text)
		if err != nil || !old || written(r.Keys) != "1:current" || r.Keys[0].Text != want {
			t.Errorf("%s: %s, %v, %v", name, written(r.Keys), old, err)
			continue
		}
		// Written anew it is a ring.
		again, err := r.Text()
		if err != nil {
			t.Fatal(err)
		}
		if r, old, err := Read(Provider, again); err != nil || old || r.Keys[0].Text != want {
			t.Errorf("%s: %v, %v", name, old, err)
		}
	}
	for name, c := range map[string]struct{ text, want string }{
		"white space in a member": {`{"d":"open sesam"}`, "visible ASCII"},
		"nothing":                 {"", "this is no key ring"},
		"a word":                  {"sesame", "this is no key ring"},
		"another kind":            {tokenRing, "keys of kind token, not provider"},
	} {
		if _, _, err := Read(Provider, c.text); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "sesam") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestGateKeysOfTheFirstForm(t *testing.T) {
	word := func(c byte) string {
		return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(string(c), GateKeySize)))
	}
	for text, want := range map[string]string{
		word('a') + "\n": "1:current",
		"# mine\n" + word('a') + " " + word('b') + "\n\t" + word('c'): "1:current 2:next 3:next",
	} {
		r, old, err := Read(Gate, text)
		if err != nil || !old || written(r.Keys) != want || r.Keys[0].Text != Seed+word('a') {
			t.Errorf("%q: %s, %v, %v", text, written(r.Keys), old, err)
		}
	}
	for name, c := range map[string]struct{ text, want string }{
		"nothing":          {"# none", "no gate keys are given"},
		"a word":           {word('a') + " sesame", "gate key 2 is not the base64 of 32 bytes"},
		"31 bytes":         {base64.StdEncoding.EncodeToString(make([]byte, 31)), "gate key 1"},
		"a key twice":      {word('a') + " " + word('b') + " " + word('a'), "gate key 3 is the same as key 1"},
		"seven keys":       {word('a') + " " + word('b') + " " + word('c') + " " + word('d') + " " + word('e') + " " + word('f') + " " + word('g'), "more than 6"},
		"another kind":     {tokenRing, "keys of kind token, not gate"},
		"another alphabet": {strings.Repeat("-", 43) + "=", "gate key 1"},
	} {
		if _, _, err := Read(Gate, c.text); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestHalves(t *testing.T) {
	b := func(c byte, n int) string {
		return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(string(c), n)))
	}
	r := Ring{Kind: Gate, Keys: []Key{
		{ID: 3, State: Next}, {ID: 1, State: Retired, Expires: day(1), Text: Public + b('r', 64)},
		{ID: 4, State: Retired, Expires: day(1), Text: Seed + b('s', 32)}, {ID: 2, State: Current, Text: Seed + b('c', 32)},
	}}
	if _, _, err := r.Halves(32, 64); err == nil || !strings.Contains(err.Error(), "line 2: a next gate key is seed: and the base64 of 32 bytes") {
		t.Errorf("a key that is to be made: %v", err)
	}
	err := r.MakeHalves(func() ([]byte, error) { return []byte(strings.Repeat("n", 32)), nil }, func(secret []byte) ([]byte, error) {
		return []byte(strings.Repeat(string(secret[:1]), 64)), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	secret, public, err := r.Halves(32, 64)
	if err != nil || len(secret) != 2 || len(public) != 2 || string(secret[0]) != strings.Repeat("c", 32) || string(secret[1]) != strings.Repeat("n", 32) ||
		string(public[0]) != strings.Repeat("r", 64) || string(public[1]) != strings.Repeat("s", 64) {
		t.Errorf("%q, %q, %v", secret, public, err)
	}
	r.Keys[1].Text = r.Keys[2].Text
	if _, _, err := r.Halves(32, 64); err == nil || !strings.Contains(err.Error(), "line 4: an earlier key is the same") {
		t.Errorf("a key twice: %v", err)
	}
	r.Keys[1].Text = Public + b('r', 64)
	if strings.Contains(r.Keys[2].Text, b('s', 32)) {
		t.Error("a retired key can still sign")
	}
	for name, text := range map[string]string{"a public half that signs": Public + b('c', 64), "without its name": b('c', 32), "too long": Seed + b('c', 33)} {
		r.Keys[3].Text = text
		if _, _, err := r.Halves(32, 64); err == nil || !strings.Contains(err.Error(), "line 5: a current gate key is seed:") || strings.Contains(err.Error(), "YWNj") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
