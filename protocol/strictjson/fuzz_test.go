package strictjson

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"
)

// What this reader accepts, encoding/json accepts with the same meaning.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"a":1,"b":[true,false,null,"x\u00e9\ud83d\ude00"],"c":{"d":-1.5e+3}}`, `[]`, `"\ud800"`, `{"a":1,"\u0061":2}`,
		`01`, "\"\xff\"", `{"a":{"a":{"a":[]}}}`, strings.Repeat("[", 20), `{"iss":"https://a","exp":1.7e9}`, ` 1 `, `{}x`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := Parse(b, Limits{})
		// What is read with marks and has none is what is read without.
		if m, merr := Parse(b, Limits{MarkDuplicates: true, MarkSurrogates: true}); (merr == nil && !m.Marked()) != (err == nil) {
			t.Fatalf("%q: %v, and with marks %v, %v", b, err, m.Marked(), merr)
		}
		if err != nil {
			if (v != Value{}) {
				t.Fatal("a refused document has a value")
			}
			return
		}
		if !json.Valid(b) || !utf8.Valid(b) {
			t.Fatalf("accepted what is no JSON: %q", b)
		}
		d := json.NewDecoder(strings.NewReader(string(b)))
		d.UseNumber()
		var want any
		if err := d.Decode(&want); err != nil {
			t.Fatal(err)
		}
		same(t, v, want)
		// What was accepted is accepted again from its own text.
		if _, err := ParseString(v.Raw(), Limits{}); err != nil {
			t.Fatal(err)
		}
	})
}

func same(t *testing.T, v Value, want any) {
	t.Helper()
	switch want := want.(type) {
	case nil:
		if v.Kind() != Null {
			t.Fatalf("%s is not null", v.Raw())
		}
	case bool:
		if b, ok := v.Bool(); !ok || b != want {
			t.Fatalf("%s is not %v", v.Raw(), want)
		}
	case string:
		if s, ok := v.Text(); !ok || s != want {
			t.Fatalf("%s is not %q", v.Raw(), want)
		}
	case json.Number:
		if v.Kind() != Number || v.Raw() != want.String() {
			t.Fatalf("%s is not %s", v.Raw(), want)
		}
		checkNumber(t, v)
	case []any:
		if v.Kind() != Array || v.Len() != len(want) {
			t.Fatalf("%s has not %d elements", v.Raw(), len(want))
		}
		i := 0
		for e := range v.Elements() {
			same(t, e, want[i])
			i++
		}
	case map[string]any:
		if v.Kind() != Object || v.Len() != len(want) {
			t.Fatalf("%s has not %d members", v.Raw(), len(want))
		}
		for name, e := range v.Members() {
			w, ok := want[name]
			if !ok || v.Get(name) != e {
				t.Fatalf("member %q", name)
			}
			same(t, e, w)
		}
	}
}

// checkNumber holds Int and NumericDate against exact rational arithmetic.
func checkNumber(t *testing.T, v Value) {
	text := v.Raw()
	if i := strings.IndexAny(text, "eE"); i >= 0 && len(text)-i > 6 {
		return // big.Rat would write out the whole exponent
	}
	exact, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%s is no number", text)
	}
	if n, ok := v.Int(); ok && exact.Cmp(new(big.Rat).SetInt64(n)) != 0 {
		t.Fatalf("%s is not %d", text, n)
	}
	s, nanos, ok := v.NumericDate()
	if !ok {
		return
	}
	low := new(big.Rat).SetFrac64(int64(nanos), 1e9)
	low.Add(low, new(big.Rat).SetInt64(s))
	high := new(big.Rat).Add(low, big.NewRat(1, 1e9))
	if exact.Cmp(low) < 0 || exact.Cmp(high) >= 0 || nanos < 0 || nanos > 999999999 {
		t.Fatalf("%s is not %d.%09d", text, s, nanos)
	}
}

func FuzzWriteString(f *testing.F) {
	f.Add("a\"\\\n\x00é")
	f.Fuzz(func(t *testing.T, s string) {
		var w Writer
		w.String("s", s)
		b, err := w.Bytes()
		if (err == nil) != utf8.ValidString(s) {
			t.Fatalf("%q: %v", s, err)
		}
		if err != nil {
			return
		}
		v, err := Parse(b, Limits{MaxSize: hardSize})
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := v.Get("s").Text(); got != s {
			t.Fatalf("%q reads back as %q", s, got)
		}
	})
}
