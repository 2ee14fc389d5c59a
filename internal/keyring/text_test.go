package keyring

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

var start = time.Date(2026, 11, 27, 20, 0, 0, 0, time.UTC)

func day(n int) time.Time { return start.AddDate(0, 0, n) }

const tokenRing = "bonafides-keyring=1 kind=token commitment=3 batch=10\n" +
	"id=2 state=current published=2026-11-27T20:00:00Z expires=2027-05-26T20:00:00Z key=sesame==\n" +
	"id=1 state=retired expires=2027-02-25T20:00:00.5Z key=sesame1\n" +
	"id=4294967295 state=next published=2026-11-27T20:00:00Z expires=2027-08-24T20:00:00Z key=sesame3\n"

func TestTextIsTheRingAndNothingElse(t *testing.T) {
	want := Ring{Kind: Token, Commitment: 3, Batch: 10, Keys: []Key{
		{ID: 2, State: Current, Published: start, Expires: day(180), Text: "sesame=="},
		{ID: 1, State: Retired, Expires: day(90).Add(time.Second / 2), Text: "sesame1"},
		{ID: 1<<32 - 1, State: Next, Published: start, Expires: day(270), Text: "sesame3"},
	}}
	for _, text := range []string{tokenRing, strings.TrimSuffix(tokenRing, "\n")} {
		got, err := Parse(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%#v, %v", got, err)
		}
	}
	if text, err := want.Text(); err != nil || text != tokenRing {
		t.Errorf("%q, %v", text, err)
	}
	// Every kind, with no more than it needs.
	for _, kind := range []Kind{Token, Record, Provider, Gate} {
		text := "bonafides-keyring=1 kind=" + string(kind) + "\nid=0 state=current expires=2027-05-26T20:00:00Z key={\"kty\":\"EC\"}\n"
		if kind != Token {
			text = strings.Replace(text, " expires=2027-05-26T20:00:00Z", "", 1)
		}
		r, err := Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if again, err := r.Text(); err != nil || again != text {
			t.Errorf("%s: %q, %v", kind, again, err)
		}
		if _, old, err := Read(kind, text); old || err != nil {
			t.Errorf("%s: %v %v", kind, old, err)
		}
		for _, other := range []Kind{Token, Record, Provider, Gate} {
			if _, _, err := Read(other, text); (err == nil) != (other == kind) {
				t.Errorf("keys of kind %s were read as %s: %v", kind, other, err)
			}
		}
	}
}

func TestTextsThatAreRefused(t *testing.T) {
	change := func(old, new string) string {
		s := strings.Replace(tokenRing, old, new, 1)
		if s == tokenRing {
			t.Fatalf("%q is not in the text", old)
		}
		return s
	}
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "line 1"},
		{"something else", "sesame\n", "line 1"},
		{"a comment", "# sesame\n" + tokenRing, "line 1"},
		{"a comment below", tokenRing + "# sesame\n", "line 5: want id"},
		{"a newer version", change("ring=1", "ring=2"), "line 1: this is a key ring of another version"},
		{"no kind", change(" kind=token", ""), "line 1: kind"},
		{"an unknown kind", change("kind=token", "kind=sesame"), "line 1: kind"},
		{"an unknown field above", change(" batch=10", " sesame=10"), "line 1: there is a field that nobody knows"},
		{"an unknown field", change(" published=", " sesame="), "line 2: there is a field that nobody knows"},
		{"an unknown field at the end", change("key=sesame==", "key=sesame== sesame=1"), "line 2: there is a field that nobody knows"},
		{"a field twice", change("state=current", "state=current state=current"), "line 2: the field state stands there twice"},
		{"a field twice above", change("batch=10", "batch=10 batch=10"), "line 1: the field batch stands there twice"},
		{"another order", change("batch=10\nid=2 state=current published=2026-11-27T20:00:00Z expires=2027-05-26T20:00:00Z", "batch=10\nid=2 state=current expires=2027-05-26T20:00:00Z published=2026-11-27T20:00:00Z"), "line 2: the field published stands there twice, or in the wrong place"},
		{"two spaces", change("state=current ", "state=current  "), "line 2: want fields"},
		{"a tab", change("state=current ", "state=current\t"), "line 2: want state"},
		{"a space at the end", change("=10\n", "=10 \n"), "line 1: want fields"},
		{"an empty line", change("=10\n", "=10\n\n"), "line 2: want id"},
		{"an empty line at the end", tokenRing + "\n", "line 5: want id"},
		{"line ends of another system", strings.ReplaceAll(tokenRing, "\n", "\r\n"), "line 1"},
		{"a key without an id", change("id=1 ", ""), "line 3: want id"},
		{"an id with zeros", change("id=1 ", "id=01 "), "line 3: want id"},
		{"an id with a sign", change("id=1 ", "id=+1 "), "line 3: want id"},
		{"an id of 33 bits", change("id=4294967295", "id=4294967296"), "line 4: want id"},
		{"an id twice", change("id=1 ", "id=2 "), "line 3: an earlier key has the same id"},
		{"no state", change(" state=retired", ""), "line 3: want state"},
		{"an unknown state", change("state=retired", "state=expired"), "line 3: want state"},
		{"two that sign", change("state=retired", "state=current"), "line 3: an earlier key is current too"},
		{"none that signs", change("state=current", "state=retired"), "no key is current"},
		{"a time without a zone", change("00Z key=sesame==", "00 key=sesame=="), "line 2: expires is not a time"},
		{"a time in a zone", change("00Z key=sesame==", "00+00:00 key=sesame=="), "line 2: expires is not a time"},
		{"a time with a comma", change(".5Z", ",5Z"), "line 3: expires is not a time"},
		{"a time with zeros", change(".5Z", ".50Z"), "line 3: expires is not a time"},
		{"a day of February", change("2027-02-25", "2027-02-29"), "line 3: expires is not a time"},
		{"a time before 1970", change("2027-02-25", "1969-02-25"), "line 3: expires is a time before 1970"},
		{"an empty time", change("expires=2027-02-25T20:00:00.5Z", "expires="), "line 3: expires is not a time"},
		{"a token key without an end", change(" expires=2027-05-26T20:00:00Z", ""), "line 2: expires is missing"},
		{"no key", change(" key=sesame1", ""), "line 3: the field key is missing"},
		{"an empty key", change("key=sesame1", "key="), "line 3: the key is empty"},
		{"a key that is no text", change("key=sesame1", "key=sesamé"), "line 3: the key has something else"},
		{"a long key", change("key=sesame1", "key="+strings.Repeat("sesame", 2000)), "line 3: the key is longer"},
		{"commitment 0", change("commitment=3", "commitment=0"), "line 1: commitment"},
		{"a commitment of 32 bits", change("commitment=3", "commitment=2147483648"), "line 1: commitment"},
		{"a batch of 101", change("batch=10", "batch=101"), "line 1: batch"},
		{"a commitment of record keys", change("kind=token", "kind=record"), "line 1: only token keys"},
		{"a retired record key for ever", "bonafides-keyring=1 kind=record\nid=2 state=current key=x\nid=1 state=retired key=sesame\n", "line 3: expires is missing"},
		{"no keys", "bonafides-keyring=1 kind=token commitment=3 batch=10\n", "no token keys"},
		{"a text without an end", tokenRing + strings.Repeat("sesame", 20000), "64 KiB"},
	} {
		r, err := Parse(c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
			continue
		}
		if strings.Contains(err.Error(), "sesam") {
			t.Errorf("%s: the error shows what stands there: %v", c.name, err)
		}
		_ = r
	}
	var many strings.Builder
	many.WriteString("bonafides-keyring=1 kind=gate\nid=0 state=current key=x\n")
	for id := range MaxKeys {
		fmt.Fprintf(&many, "id=%d state=next key=x\n", id+1)
	}
	if _, err := Parse(many.String()); err == nil {
		t.Error("65 keys were taken")
	}
}

// What cannot be read again is not written.
func TestRingsThatAreNotWritten(t *testing.T) {
	good, err := Parse(tokenRing)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Ring){
		"a key that is to be made":  func(r *Ring) { r.Keys[0].Text = "" },
		"a key of two words":        func(r *Ring) { r.Keys[0].Text = "a b" },
		"a key of two lines":        func(r *Ring) { r.Keys[0].Text = "a\nid=9" },
		"the state of no file":      func(r *Ring) { r.Keys[1].State = Expired },
		"two that sign":             func(r *Ring) { r.Keys[1].State = Current },
		"a year of five digits":     func(r *Ring) { r.Keys[1].Expires = day(3_000_000) },
		"a batch of another kind":   func(r *Ring) { r.Kind, r.Commitment = Gate, 0 },
		"a negative batch":          func(r *Ring) { r.Batch = -1 },
		"an unknown kind":           func(r *Ring) { r.Kind = "x" },
		"published in another time": func(r *Ring) { r.Keys[0].Published = time.Unix(-1, 0) },
	} {
		r := good
		r.Keys = append([]Key(nil), good.Keys...)
		spoil(&r)
		if text, err := r.Text(); err == nil {
			t.Errorf("%s: %q", name, text)
		}
	}
}

func TestPrintingARingShowsNoKey(t *testing.T) {
	r, err := Parse(tokenRing)
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if s := fmt.Sprintf(verb, r); strings.Contains(s, "sesame") || !strings.Contains(s, "key 2 (current)") {
			t.Errorf("%s: %s", verb, s)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(tokenRing)
	f.Add("bonafides-keyring=1 kind=record\nid=2 state=current key=seed:x\nid=1 state=retired expires=2027-05-26T20:00:00Z key=public:x")
	f.Add("bonafides-keyring=1 kind=gate\nid=0 state=next published=2026-11-27T20:00:00Z key=x\nid=1 state=current key={}\n")
	f.Add("AAAAAe9IawRIHyuRUGJpRcNu+QpY9V/v+Jdt9HoE2Dxvw7GlQtEKnTwTspyt+4nrIcK1Xw==,2035-01-01T00:00:00Z # x")
	f.Fuzz(func(t *testing.T, text string) {
		if r, err := Parse(text); err == nil {
			again, err := r.Text()
			if err != nil || again != strings.TrimSuffix(text, "\n")+"\n" {
				t.Fatalf("%q became %q, %v", text, again, err)
			}
		}
		// The first form, once it is read and rotated, is as good as any.
		for _, kind := range []Kind{Token, Record} {
			r, old, err := Read(kind, text)
			if err != nil || !old {
				continue
			}
			if r, err = Rotate(r, start, Rules{Keep: time.Hour}); err != nil {
				continue
			}
			for i := range r.Keys {
				if r.Keys[i].Text == "" {
					r.Keys[i].Text = "made"
				}
				if kind == Token && r.Keys[i].Expires.IsZero() {
					r.Keys[i].Expires = day(1)
				}
			}
			written, err := r.Text()
			if err != nil {
				t.Fatalf("%q cannot be written: %v", text, err)
			}
			if again, err := Parse(written); err != nil || !reflect.DeepEqual(again, r) {
				t.Fatalf("%q was read as %#v, %v", written, again, err)
			}
		}
	})
}
