package strictjson

import "testing"

// What is read with marks is refused without them.
func TestMarks(t *testing.T) {
	dup, half := Limits{MarkDuplicates: true}, Limits{MarkSurrogates: true}
	for _, c := range []struct {
		doc    string
		limits Limits
		code   string // without marks
		marked bool
	}{
		{`{"a":1,"a":2}`, dup, CodeDuplicate, true},
		{`{"a":1,"\u0061":2}`, dup, CodeDuplicate, true},
		{`{"x":[{"b":1,"b":1}]}`, dup, CodeDuplicate, true},
		{`{"a":1,"b":2}`, dup, "", false},
		{`{"n":"\ud83d"}`, half, CodeUTF8, true},
		{`{"n":"\udc00x"}`, half, CodeUTF8, true},
		{`{"n":"\ud83d\u0041"}`, half, CodeUTF8, true},
		{`["\ud83d"]`, half, CodeUTF8, true},
		{`{"n":"\ud83d\ude00"}`, half, "", false},
	} {
		_, err := ParseString(c.doc, Limits{})
		if got := code(err); got != c.code {
			t.Errorf("%s, strictly: %q, want %q", c.doc, got, c.code)
		}
		v, err := ParseString(c.doc, c.limits)
		if err != nil || v.Marked() != c.marked {
			t.Errorf("%s: marked %v, %v", c.doc, v.Marked(), err)
		}
	}
	for _, c := range []struct {
		doc    string
		limits Limits
		code   string
	}{
		{`{"a":1,"a":2}`, half, CodeDuplicate},
		{`{"n":"\ud83d"}`, dup, CodeUTF8},
		{`{"\ud83d":1}`, half, CodeUTF8},
		{`{"n":"\ud83d\uZZZZ"}`, half, CodeSyntax},
		{"{\"n\":\"\xed\xa0\x80\"}", half, CodeUTF8},
	} {
		if _, err := ParseString(c.doc, c.limits); code(err) != c.code {
			t.Errorf("%s: %v, want %s", c.doc, err, c.code)
		}
	}
}

func TestAMarkedStringIsNotReturned(t *testing.T) {
	v, err := ParseString(`{"n":"x\ud83d","l":["y","\ud83d"],"o":{"c":1}}`, Limits{MarkDuplicates: true, MarkSurrogates: true})
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := v.Get("n").Text(); ok || s != "" || v.Get("n").Raw() != `"x\ud83d"` {
		t.Errorf("half a character: %q", s)
	}
	if _, ok := v.Get("l").Strings(); ok || !v.Get("l").Marked() || v.Get("o").Marked() || (Value{}).Marked() {
		t.Error("an array with half a character, or what is beside it")
	}
	// The room is used again: marks of the document before do not stay.
	var d Document
	if v, err := d.Parse(`{"a":1,"a":2,"n":"\ud83d"}`, Limits{MarkDuplicates: true, MarkSurrogates: true}); err != nil || !v.Marked() {
		t.Fatal(err)
	}
	if v, err := d.Parse(`{"a":1,"b":2,"n":"x"}`, Limits{}); err != nil || v.Marked() || v.Get("a").Raw() != "1" {
		t.Error("a mark of the document before", err)
	}
	if _, err := d.Parse(`{"n":"\ud83d`, Limits{MarkSurrogates: true}); code(err) != CodeSyntax {
		t.Error(err)
	}
	if v, err := d.Parse(`{"n":"x"}`, Limits{}); err != nil || v.Marked() {
		t.Error(err)
	}
}
