package main

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/internal/exchange"
)

// Both forms of the two secrets, as a Worker holds them.
func TestSecretsOfBothForms(t *testing.T) {
	seed, old := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	std := base64.StdEncoding.EncodeToString
	for name, text := range map[string]string{
		"a ring": "bonafides-keyring=1 kind=record\nid=2 state=current key=seed:" + std(seed) +
			"\nid=1 state=retired expires=2030-01-01T00:00:00Z key=public:" + std(old),
		"words": std(seed) + " " + std(old),
	} {
		seeds, retired, err := ringSecret("record", text)
		if err != nil || !bytes.Equal(seeds, seed) || !bytes.Equal(retired, old) {
			t.Errorf("%s: %x, %x, %v", name, seeds, retired, err)
		}
	}
	ring := secret(t)
	keys, err := exchange.ParseKeys(ring)
	if err != nil {
		t.Fatal(err)
	}
	words := ""
	for _, k := range keys.Ring().Keys {
		words += k.Text + "," + k.Expires.Format(time.RFC3339Nano) + " "
	}
	want, err := commitments(ring, 3, 10)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := commitments(words, 3, 10); err != nil || got != want {
		t.Errorf("%s, %v", got, err)
	}
}

func TestGateKeysAreRingsOrWords(t *testing.T) {
	std := base64.StdEncoding.EncodeToString
	a, b, old := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32), bytes.Repeat([]byte{3}, 64)
	scalars, retired, err := ringSecret("gate", "bonafides-keyring=1 kind=gate\nid=3 state=next key=seed:"+std(b)+"\nid=2 state=current key=seed:"+std(a)+
		"\nid=1 state=retired expires=2030-01-01T00:00:00Z key=public:"+std(old))
	if err != nil || !bytes.Equal(scalars, append(bytes.Clone(a), b...)) || !bytes.Equal(retired, old) {
		t.Errorf("a ring: %x, %x, %v", scalars, retired, err)
	}
	if scalars, retired, err = ringSecret("gate", std(a)+" "+std(b)); err != nil || !bytes.Equal(scalars, append(bytes.Clone(a), b...)) || len(retired) != 0 {
		t.Errorf("words: %x, %x, %v", scalars, retired, err)
	}
}

func TestCommitmentsHaveTheVersionOfTheKeys(t *testing.T) {
	ring := secret(t)
	for _, c := range []struct {
		keys    string
		version uint32
		want    string
	}{
		{strings.Replace(ring, "kind=token", "kind=token commitment=7", 1), 0, `"id":7`}, {ring, 0, `"id":1`},
		{strings.Replace(ring, "kind=token", "kind=token commitment=7", 1), 9, `"id":9`},
	} {
		if got, err := commitments(c.keys, c.version, 10); err != nil || !strings.Contains(got, c.want) {
			t.Errorf("version %d: %s, %v", c.version, got, err)
		}
	}
}
