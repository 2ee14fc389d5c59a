package keyring

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"
)

// tokenWord is a key as files had it: its id, and zeros for a scalar, which is read
// by others.
func tokenWord(id uint32, expires string) string {
	b := make([]byte, tokenKeySize)
	b[0], b[1], b[2], b[3] = byte(id>>24), byte(id>>16), byte(id>>8), byte(id)
	return base64.StdEncoding.EncodeToString(b) + "," + expires
}

func TestTokenKeysOfTheFirstForm(t *testing.T) {
	two, one, three := tokenWord(2, "2027-05-26T22:00:00+02:00"), tokenWord(1, "2027-02-25T20:00:00Z"), tokenWord(3, "2027-08-24T20:00:00Z")
	file := "# The token keys of an issuer, written by bonafides keys. Secret: whoever has\n# them can make tokens. The first key signs.\n" +
		"# commitment 3, batch 10\n# key 2 published 2026-11-27T20:00:00Z\n" + two + "\n" + one + "\n# key 3 published 2026-11-28T20:00:00Z\n" + three + "\n"
	for name, c := range map[string]struct {
		text, want string
		commitment uint32
	}{
		"a file":                   {file, "2:current@180 1:retired@90 3:next@270", 3},
		"a file of another system": {strings.ReplaceAll(file, "\n", "\r\n"), "2:current@180 1:retired@90 3:next@270", 3},
		"words of a secret":        {two + " " + one + "\t" + three, "2:current@180 1:retired@90 3:next@270", 0},
		"indented":                 {"\n  # keys\n\t" + one + "\n\n", "1:current@90", 0},
		"comments of others": {"# commitment sesame, batch 10\n# key 1 published on 2027-02-25T10:00:00Z\n# key of the old site\n#\n" +
			"# commitment 2147483648, batch 10\n# commitment 7, batch 101\n# key 1 published 1960-02-25T10:00:00Z\n" + one, "1:current@90", 0},
		"a later key that ends first": {two + " " + tokenWord(9, "2027-02-25T20:00:00Z"), "2:current@180 9:retired@90", 0},
	} {
		r, old, err := Read(Token, c.text)
		if err != nil || !old || written(r.Keys) != c.want || r.Commitment != c.commitment || r.Batch != int(c.commitment)/3*10 {
			t.Errorf("%s: %s %d %d, %v, %v", name, written(r.Keys), r.Commitment, r.Batch, old, err)
		}
	}
	if r, _, _ := Read(Token, "# key 1 published 1960-02-25T10:00:00Z\n"+one); !r.LastPublished().IsZero() {
		t.Errorf("published %v", r.LastPublished())
	}
	r, _, _ := Read(Token, file)
	if !r.Keys[0].Published.Equal(start) || !r.Keys[1].Published.IsZero() || !r.LastPublished().Equal(day(1)) {
		t.Errorf("published %v, %v, last %v", r.Keys[0].Published, r.Keys[1].Published, r.LastPublished())
	}
	// Written anew it has all of it.
	text, err := r.Text()
	if err != nil {
		t.Fatal(err)
	}
	if again, old, err := Read(Token, text); old || err != nil || fmt.Sprint(again) != fmt.Sprint(r) || again.Keys[2].Published != r.Keys[2].Published {
		t.Errorf("%v, %v", again, err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"nothing":              {"", "no token keys are given"},
		"a comment alone":      {"# " + two, "no token keys are given"},
		"a word":               {two + " sesame,2030-01-01T00:00:00Z", "token key 2: want KEY,EXPIRY"},
		"a short key":          {"c2VzYW1l,2030-01-01T00:00:00Z", "token key 1: KEY is not 52 bytes"},
		"no expiry":            {strings.Split(two, ",")[0], "token key 1: EXPIRY"},
		"expiry before 1970":   {tokenWord(1, "1969-05-01T00:00:00Z"), "token key 1: EXPIRY"},
		"one key twice":        {one + " " + one, "token key 2: an earlier key has the same id"},
		"without an end":       {strings.Repeat("sesame ", 10_000), "64 KiB"},
		"a ring below comment": {"# keys\n" + tokenRing, "token key 1"},
	} {
		if _, _, err := Read(Token, c.text); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "sesam") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestRecordKeysOfTheFirstForm(t *testing.T) {
	word := func(c byte) string { return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(string(c), 32))) }
	file := "# The key that signs redemption records, written by bonafides keys. Secret: the\n# first line signs.\n" + word('a') +
		"\n# published until 2026-11-29T20:00:00Z\n" + word('b') + "\n" + word('c') + "\n"
	for name, c := range map[string]struct{ text, want string }{
		"a file":   {file, "3:current 2:retired@2 1:retired"},
		"a seed":   {word('a') + "\n", "1:current"},
		"a secret": {word('a') + " " + word('b'), "2:current 1:retired"},
	} {
		r, old, err := Read(Record, c.text)
		if err != nil || !old || written(r.Keys) != c.want || r.Keys[0].Text != "seed:"+word('a') || len(r.Keys) > 1 && r.Keys[1].Text != "public:"+word('b') {
			t.Errorf("%s: %s, %v, %v", name, written(r.Keys), old, err)
		}
	}
	// A retired key with no end cannot be written; a rotation gives it one.
	r, _, _ := Read(Record, file)
	if text, err := r.Text(); err == nil {
		t.Errorf("%q", text)
	}
	r, err := Rotate(r, day(1), Rules{Keep: 24 * time.Hour})
	if err != nil || written(r.Keys) != "4:current+ 3:retired@2 2:retired@2 1:retired@2" {
		t.Errorf("%s, %v", written(r.Keys), err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"nothing": {"# none", "no record keys are given"}, "a word": {word('a') + " sesame", "record key 2 is not the base64 of 32 bytes"},
		"64 bytes": {base64.StdEncoding.EncodeToString(make([]byte, 64)), "record key 1"},
	} {
		if _, _, err := Read(Record, c.text); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "sesam") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
