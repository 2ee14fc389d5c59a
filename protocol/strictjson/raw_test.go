package strictjson

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestRawMembers(t *testing.T) {
	for doc, want := range map[string][]RawMember{
		`{}`:                                    nil,
		" { } \n":                               nil,
		`{"a":1,"b":"x"}`:                       {{"a", `1`}, {"b", `"x"`}},
		` { "a" : [ 1 , { } ] , "b":-0.5e+3 } `: {{"a", `[ 1 , { } ]`}, {"b", `-0.5e+3`}},
		`{"a":true,"a":false,"a":null}`:         {{"a", `true`}, {"a", `false`}, {"a", `null`}},
		`{"\u0061":{"x":1,"x":2}}`:              {{"a", `{"x":1,"x":2}`}},
		`{"a":"\ud83d","b":"\ud83d\ude00\n"}`:   {{"a", `"\ud83d"`}, {"b", `"\ud83d\ude00\n"`}},
		"{\"a\":\"\xff\",\"\xff\":1,\"\\ud83d\":2,\"b\":[]}":                {{"a", "\"\xff\""}, {"b", `[]`}},
		`{"a":` + strings.Repeat("[", 127) + strings.Repeat("]", 127) + `}`: {{"a", strings.Repeat("[", 127) + strings.Repeat("]", 127)}},
	} {
		if got, err := RawMembers(doc, 1000); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q %v", doc, got, err)
		}
	}
	for doc, code := range map[string]string{
		``: CodeSyntax, ` `: CodeSyntax, `[]`: CodeSyntax, `"a"`: CodeSyntax, `{`: CodeSyntax, `{"a"`: CodeSyntax, `{"a":`: CodeSyntax, `{"a":1`: CodeSyntax,
		`{"a":1,}`: CodeSyntax, `{"a":1 "b":2}`: CodeSyntax, `{a:1}`: CodeSyntax, `{"a" 1}`: CodeSyntax, `{"a":x}`: CodeSyntax, `{"a":tru}`: CodeSyntax, `{"a":fals}`: CodeSyntax, `{"a":[1}`: CodeSyntax, `{"a":[1,]}`: CodeSyntax,
		`{"a":01}`: CodeSyntax, `{"a":"x}`: CodeSyntax, `{"a":"\x"}`: CodeSyntax, "{\"a\":\"\n\"}": CodeSyntax, `{"a\x":1}`: CodeSyntax, `{"a":1}}`: CodeTrailing, `{"a":1} x`: CodeTrailing,
		`{"a":` + strings.Repeat("[", 128) + strings.Repeat("]", 128) + `}`: CodeTooDeep,
		`{"a":"` + strings.Repeat("x", 1000) + `"}`:                         CodeTooLarge,
	} {
		_, err := RawMembers(doc, 1000)
		var e *Error
		if !errors.As(err, &e) || e.Code != code {
			t.Errorf("%s: %v, want %s", doc, err, code)
		}
	}
}

// What Parse takes, RawMembers takes with the same names and values, and all that it
// takes is JSON for encoding/json as well.
func FuzzRawMembers(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":1,"a":[{"b":"\ud83d"}]}`, "{\"\xff\":null}", `{"a":"\u0061\n","b":-1.5e3,"c":{"d":[true,false]}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		raw, err := RawMembers(s, 1<<20)
		v, strict := ParseString(s, Limits{MaxSize: 1 << 20, MaxDepth: 128})
		if err != nil {
			if strict == nil && v.Kind() == Object {
				t.Fatalf("Parse takes %q: %v", s, err)
			}
			return
		}
		if !json.Valid([]byte(s)) {
			t.Fatalf("taken: %q", s)
		}
		if strict != nil {
			return
		}
		i := 0
		for name, member := range v.Members() {
			if raw[i] != (RawMember{name, member.Raw()}) {
				t.Fatalf("%q: %q, want %s %s", s, raw[i], name, member.Raw())
			}
			i++
		}
		if i != len(raw) {
			t.Fatalf("%q: %d members, want %d", s, len(raw), i)
		}
	})
}
