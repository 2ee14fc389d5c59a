package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func code(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func TestAcceptedDocuments(t *testing.T) {
	for _, doc := range []string{
		`{}`, `[]`, `null`, `true`, `false`, `0`, `-0`, `""`, ` { } `, "\t\r\n[ ]\n",
		`{"a":1}`, `{"a":1,"A":2}`, `{"":0}`, `{"a":{"a":{"a":1}}}`, `[{"a":1},{"a":1}]`,
		`1`, `10`, `-1.5`, `1e5`, `1E+5`, `1e-5`, `0.0`, `0e0`, `123456789012345678901234567890`,
		`"\"\\\/\b\f\n\r\t"`, `"\u0000"`, `"\u00e9"`, `"é"`, `"😀"`, `"\uD83D\uDE00"`, `"\uffff"`, "\"\u2028\u007f\"",
		`[1,2,[3,[4]]]`, `{"a" : [ 1 , 2 ] , "b" : null }`,
		strings.Repeat("[", 16) + strings.Repeat("]", 16),
	} {
		if _, err := Parse([]byte(doc), Limits{}); err != nil {
			t.Errorf("%s: refused: %v", doc, err)
		}
		if !json.Valid([]byte(doc)) {
			t.Errorf("%s: is no JSON, so this test is wrong", doc)
		}
	}
}

func TestRefusedDocuments(t *testing.T) {
	for _, test := range []struct{ name, doc, code string }{
		{"empty", ``, CodeSyntax},
		{"space only", `  `, CodeSyntax},
		{"byte order mark", "\ufeff{}", CodeSyntax},
		{"second value", `{}{}`, CodeTrailing},
		{"trailing comma after the value", `{},`, CodeTrailing},
		{"trailing NUL", "{}\x00", CodeTrailing},
		{"no-break space after", "{}\u00a0", CodeTrailing},
		{"form feed is no space", "\f{}", CodeSyntax},
		{"trailing comma in object", `{"a":1,}`, CodeSyntax},
		{"trailing comma in array", `[1,]`, CodeSyntax},
		{"leading comma", `[,1]`, CodeSyntax},
		{"missing comma in array", `[1 2]`, CodeSyntax},
		{"missing comma in object", `{"a":1 "b":2}`, CodeSyntax},
		{"missing colon", `{"a" 1}`, CodeSyntax},
		{"colon at the end", `{"a":`, CodeSyntax},
		{"no colon at the end", `{"a"`, CodeSyntax},
		{"no value", `{"a":}`, CodeSyntax},
		{"name without quotes", `{a:1}`, CodeSyntax},
		{"name in single quotes", `{'a':1}`, CodeSyntax},
		{"number as name", `{1:1}`, CodeSyntax},
		{"object ends early", `{`, CodeSyntax},
		{"object ends after a value", `{"a":1`, CodeSyntax},
		{"object ends after a comma", `{"a":1,`, CodeSyntax},
		{"array ends early", `[`, CodeSyntax},
		{"array ends after a value", `[1`, CodeSyntax},
		{"wrong bracket", `[1}`, CodeSyntax},
		{"comment", `{/**/}`, CodeSyntax},
		{"string ends early", `"abc`, CodeSyntax},
		{"name ends early", `{"abc`, CodeSyntax},
		{"string of a backslash", `"\`, CodeSyntax},
		{"unknown escape", `"\x41"`, CodeSyntax},
		{"short escape", `"\u12"`, CodeSyntax},
		{"escape with other digits", `"\u12g4"`, CodeSyntax},
		{"control character", "\"a\x01\"", CodeSyntax},
		{"line feed in a string", "\"a\nb\"", CodeSyntax},
		{"lone high surrogate", `"\ud800"`, CodeUTF8},
		{"lone low surrogate", `"\udc00"`, CodeUTF8},
		{"high surrogate and a letter", `"\ud800\u0041"`, CodeUTF8},
		{"high surrogate and half an escape", `"\ud800\u00"`, CodeUTF8},
		{"two high surrogates", `"\ud800\ud800"`, CodeUTF8},
		{"surrogates the wrong way round", `"\udc00\ud800"`, CodeUTF8},
		{"invalid UTF-8", "\"\xff\"", CodeUTF8},
		{"overlong UTF-8", "\"\xc0\xaf\"", CodeUTF8},
		{"surrogate in UTF-8", "\"\xed\xa0\x80\"", CodeUTF8},
		{"cut UTF-8", "\"\xe2\x82\"", CodeUTF8},
		{"invalid UTF-8 in a name", "{\"\xff\":1}", CodeUTF8},
		{"True", `True`, CodeSyntax},
		{"tru", `tru`, CodeSyntax},
		{"truee", `truee`, CodeTrailing},
		{"nul", `nul`, CodeSyntax},
		{"fals", `fals`, CodeSyntax},
		{"NaN", `NaN`, CodeSyntax},
		{"Infinity", `-Infinity`, CodeSyntax},
		{"leading zero", `01`, CodeTrailing},
		{"leading zero in an object", `{"a":01}`, CodeSyntax},
		{"plus", `+1`, CodeSyntax},
		{"minus alone", `-`, CodeSyntax},
		{"point without digits", `1.`, CodeSyntax},
		{"point first", `.5`, CodeSyntax},
		{"exponent without digits", `1e`, CodeSyntax},
		{"exponent with a sign alone", `1e+`, CodeSyntax},
		{"hexadecimal", `0x10`, CodeTrailing},
		{"duplicate name", `{"a":1,"a":1}`, CodeDuplicate},
		{"duplicate name, first escaped", `{"\u0061":1,"a":2}`, CodeDuplicate},
		{"duplicate name, second escaped", `{"a":1,"\u0061":2}`, CodeDuplicate},
		{"duplicate empty name", `{"":1,"":2}`, CodeDuplicate},
		{"duplicate name inside", `{"x":[{"y":{"a":1,"b":2,"a":3}}]}`, CodeDuplicate},
		{"duplicate name after a container", `{"a":{"b":[1,2,{"a":1}]},"c":1,"a":2}`, CodeDuplicate},
		{"too deep array", strings.Repeat("[", 17) + strings.Repeat("]", 17), CodeTooDeep},
		{"too deep object", strings.Repeat(`{"a":`, 17) + "1" + strings.Repeat("}", 17), CodeTooDeep},
		{"very deep", strings.Repeat("[", 10000), CodeTooDeep},
		{"too large", `"` + strings.Repeat("a", 16<<10) + `"`, CodeTooLarge},
	} {
		_, err := Parse([]byte(test.doc), Limits{})
		if got := code(err); got != test.code {
			t.Errorf("%s: %q, want %q", test.name, got, test.code)
		}
		if _, serr := ParseString(test.doc, Limits{}); code(serr) != code(err) {
			t.Errorf("%s: ParseString answers %q, Parse %q", test.name, code(serr), code(err))
		}
	}
}

func TestDuplicateNamesInLargeObjects(t *testing.T) {
	build := func(n int, last string) string {
		var b strings.Builder
		b.WriteString("{")
		for i := 0; i < n; i++ {
			b.WriteString(`"name` + strings.Repeat("x", i) + `":[` + `{"a":1}` + `],`)
		}
		return b.String() + `"` + last + `":0}`
	}
	for n := 1; n < 3*walkMembers; n++ {
		if _, err := ParseString(build(n, "last"), Limits{}); err != nil {
			t.Fatalf("%d names: %v", n, err)
		}
		for _, again := range []int{0, n / 2, n - 1} {
			_, err := ParseString(build(n, "name"+strings.Repeat("x", again)), Limits{})
			if code(err) != CodeDuplicate {
				t.Fatalf("%d names, name %d twice: %v", n, again, err)
			}
		}
	}
}

func TestNamesThatShareAFilterBitAreNotDuplicates(t *testing.T) {
	if fold("xA") != fold("xa") {
		t.Fatal("the two names no longer share a bit: choose others")
	}
	if _, err := ParseString(`{"xA":1,"xa":2}`, Limits{}); err != nil {
		t.Error(err)
	}
	if _, err := ParseString(`{"xA":1,"xa":2,"xA":3}`, Limits{}); code(err) != CodeDuplicate {
		t.Error(err)
	}
}

func TestStringsAreScannedEightBytesAtATimeAlike(t *testing.T) {
	for c := 0; c < 256; c++ {
		for at := 0; at < 24; at++ {
			for _, fill := range []byte{'a', ' ', 0x7f, '!', '#', '[', ']'} {
				b := bytes.Repeat([]byte{fill}, 24)
				b[at] = byte(c)
				_, err := Parse([]byte(`["`+string(b)+`"]`), Limits{})
				if got, want := err == nil, json.Valid([]byte(`["`+string(b)+`"]`)) && utf8.Valid(b); got != want {
					t.Fatalf("byte %#x at %d among %#x: %v, want %v", c, at, fill, err, want)
				}
			}
		}
	}
}

func TestErrorTellsPlaceAndNotContent(t *testing.T) {
	_, err := Parse([]byte(`{"secret":"hunter2" x}`), Limits{})
	var e *Error
	if !errors.As(err, &e) || e.Offset != 20 {
		t.Fatalf("%v", err)
	}
	if s := err.Error(); strings.Contains(s, "hunter2") || !strings.Contains(s, "at byte 20") {
		t.Errorf("%s", s)
	}
}

func TestLimits(t *testing.T) {
	deep := strings.Repeat("[", 200) + strings.Repeat("]", 200)
	if _, err := ParseString(deep, Limits{MaxDepth: 1 << 30}); code(err) != CodeTooDeep {
		t.Errorf("a caller lifted the depth limit: %v", err)
	}
	ok := strings.Repeat("[", hardDepth) + strings.Repeat("]", hardDepth)
	if _, err := ParseString(ok, Limits{MaxDepth: 1 << 30}); err != nil {
		t.Errorf("depth %d: %v", hardDepth, err)
	}
	if _, err := ParseString(`[1]`, Limits{MaxSize: 2}); code(err) != CodeTooLarge {
		t.Errorf("%v", err)
	}
	if _, err := Parse([]byte(`[1]`), Limits{MaxSize: 2}); code(err) != CodeTooLarge {
		t.Errorf("%v", err)
	}
	if _, err := ParseString(`[1]`, Limits{MaxSize: 3, MaxDepth: 1}); err != nil {
		t.Errorf("%v", err)
	}
	if (Limits{MaxSize: 1<<31 - 1}).size() != hardSize {
		t.Error("a caller lifted the size limit")
	}
}

func TestValues(t *testing.T) {
	v, err := Parse([]byte(` {"s":"a\u00e9\ud83d\ude00\n","n":-12,"t":true,"f":false,"z":null,"l":["x","y"],"m":["x",1],"o":{"k":[]},"\u006ba":2} `), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := v.Get("s").Text(); !ok || s != "aé😀\n" {
		t.Errorf("s = %q", s)
	}
	if raw := v.Get("s").Raw(); raw != `"a\u00e9\ud83d\ude00\n"` {
		t.Errorf("raw s = %s", raw)
	}
	if b, ok := v.Get("t").Bool(); !b || !ok {
		t.Error("t")
	}
	if b, ok := v.Get("f").Bool(); b || !ok {
		t.Error("f")
	}
	if _, ok := v.Get("z").Bool(); ok || !v.Get("z").Exists() || v.Get("z").Kind() != Null {
		t.Error("z")
	}
	if l, ok := v.Get("l").Strings(); !ok || strings.Join(l, ",") != "x,y" {
		t.Error("l")
	}
	if _, ok := v.Get("m").Strings(); ok {
		t.Error("a list with a number counts as strings")
	}
	if _, ok := v.Get("s").Strings(); ok {
		t.Error("a string counts as a list")
	}
	if n, ok := v.Get("ka").Int(); !ok || n != 2 {
		t.Error("an escaped name is not found")
	}
	if _, ok := v.Get("n").Text(); ok {
		t.Error("a number counts as text")
	}
	if v.Len() != 9 || v.Get("l").Len() != 2 || v.Get("s").Len() != 0 || v.Get("o").Get("k").Len() != 0 {
		t.Error("Len")
	}
	names := ""
	for name, m := range v.Members() {
		names += name + m.Kind().String()[:1]
		if name == "f" {
			break
		}
	}
	if names != "sana"+"ta"+"fa" {
		t.Errorf("members: %s", names)
	}
	all := 0
	for range v.Members() {
		all++
	}
	for range v.Get("l").Elements() {
		all++
	}
	for range v.Get("l").Elements() {
		all += 100
		break
	}
	if all != 111 {
		t.Errorf("%d members and elements", all)
	}
	for range v.Elements() {
		t.Error("an object has elements")
	}
	for range v.Get("l").Members() {
		t.Error("an array has members")
	}
	if v.Get("S").Exists() || v.Get("l").Get("x").Exists() {
		t.Error("found what is not there")
	}
	if v.Raw() != strings.TrimSpace(` {"s":"a\u00e9\ud83d\ude00\n","n":-12,"t":true,"f":false,"z":null,"l":["x","y"],"m":["x",1],"o":{"k":[]},"\u006ba":2} `) {
		t.Errorf("raw = %s", v.Raw())
	}
}

func TestZeroValueAnswersNotThere(t *testing.T) {
	var v Value
	_, text := v.Text()
	_, boolean := v.Bool()
	_, whole := v.Int()
	_, _, date := v.NumericDate()
	_, list := v.Strings()
	if v.Exists() || v.Kind() != None || v.Raw() != "" || v.Len() != 0 || v.Get("a").Exists() || text || boolean || whole || date || list {
		t.Error("the zero Value is something")
	}
	if None.String() != "nothing" || Kind(99).String() != "an unknown kind" {
		t.Error("kinds are badly named")
	}
}

func TestInt(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "-0": 0, "7": 7, "-7": -7, "9007199254740991": 1<<53 - 1, "-9007199254740991": -(1<<53 - 1),
	} {
		v, _ := ParseString(text, Limits{})
		if n, ok := v.Int(); !ok || n != want {
			t.Errorf("%s: %d %v", text, n, ok)
		}
	}
	for _, text := range []string{"1.0", "1e3", "9007199254740992", "99999999999999999", "-9007199254740992", `"1"`, "null", "true"} {
		v, _ := ParseString(text, Limits{})
		if n, ok := v.Int(); ok {
			t.Errorf("%s: taken as %d", text, n)
		}
	}
}

func TestNumericDate(t *testing.T) {
	for _, test := range []struct {
		text    string
		seconds int64
		nanos   int
	}{
		{"0", 0, 0}, {"1700000000", 1700000000, 0}, {"1700000000.5", 1700000000, 500000000},
		{"1700000000.999999999", 1700000000, 999999999}, {"1700000000.9999999999999", 1700000000, 999999999},
		{"1700000000.000000001", 1700000000, 1}, {"1700000000.0000000001", 1700000000, 0},
		{"1.7e9", 1700000000, 0}, {"1.7E+9", 1700000000, 0}, {"17000000005e-1", 1700000000, 500000000},
		{"17000000005E-1", 1700000000, 500000000}, {"0.0000000017e18", 1700000000, 0}, {"5e-1", 0, 500000000},
		{"5e-3", 0, 5000000}, {"5e-9", 0, 5}, {"5e-10", 0, 0}, {"5e-99999999", 0, 0}, {"0e99999999", 0, 0}, {"0.0", 0, 0},
		{"9007199254740991", 1<<53 - 1, 0}, {"1e15", 1e15, 0}, {"12.34e1", 123, 400000000},
	} {
		v, err := ParseString(test.text, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if s, n, ok := v.NumericDate(); !ok || s != test.seconds || n != test.nanos {
			t.Errorf("%s: %d %d %v", test.text, s, n, ok)
		}
	}
	for _, text := range []string{
		"-1", "-0", "-0.5", "1e30", "1e16", "9007199254740992", "90071992547409910", "1e99999999", `"1700000000"`, "null", "true", "[]", "{}",
		"1." + strings.Repeat("0", 200), "99999999999999999999999999", "9.1e15",
	} {
		v, err := ParseString(text, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if s, _, ok := v.NumericDate(); ok {
			t.Errorf("%s: taken as %d", text, s)
		}
	}
}

func TestWriter(t *testing.T) {
	var w Writer
	w.String("s", "a\"\\\n\x00é")
	w.OptString("left out", "")
	w.OptString("o", "x")
	w.Int("n", -5)
	w.Bool("b", true)
	w.Strings("l", []string{"x", "y"})
	w.Strings("e", nil)
	w.Raw("r", []byte(`{"a":[1]}`))
	w.Raw("a", AppendArray(nil, []byte("1"), []byte("2")))
	b, err := w.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"s":"a\"\\\u000a\u0000é","o":"x","n":-5,"b":true,"l":["x","y"],"e":[],"r":{"a":[1]},"a":[1,2]}`
	if string(b) != want {
		t.Errorf("%s\nwant\n%s", b, want)
	}
	v, err := Parse(b, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if s, _ := v.Get("s").Text(); s != "a\"\\\n\x00é" {
		t.Errorf("does not read back: %q", s)
	}
	if b, err := new(Writer).Bytes(); err != nil || string(b) != "{}" {
		t.Errorf("empty object: %s %v", b, err)
	}
}

func TestWriterRefusesWhatReadersRefuse(t *testing.T) {
	for name, fill := range map[string]func(*Writer){
		"name twice":       func(w *Writer) { w.Int("a", 1); w.Int("a", 2) },
		"value not UTF-8":  func(w *Writer) { w.String("a", "\xff") },
		"name not UTF-8":   func(w *Writer) { w.Int("\xff", 1) },
		"list not UTF-8":   func(w *Writer) { w.Strings("a", []string{"\xff"}) },
		"raw no JSON":      func(w *Writer) { w.Raw("a", []byte(`1,"b":2`)) },
		"raw empty":        func(w *Writer) { w.Raw("a", nil) },
		"raw with a fault": func(w *Writer) { w.Raw("a", []byte(`{"x":1,"x":2}`)) },
	} {
		var w Writer
		fill(&w)
		if b, err := w.Bytes(); err != ErrWrite {
			t.Errorf("%s: %s %v", name, b, err)
		}
	}
}

// A Document on the stack reads what has room there without an allocation, and
// what has not as well as any other.
func TestDocumentIsReadAgainAndAgain(t *testing.T) {
	short, long := `{"a":"x","b":[1,"y"],"c":{}}`, `[`+strings.Repeat(`{"a":1},`, moreNodes)+`2]`
	sum := 0
	if n := testing.AllocsPerRun(100, func() {
		var d Document
		v, err := d.Parse(short, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for w := v.Walk(); w.Next(); {
			text, _ := w.Value().Text()
			sum += len(w.Name()) + len(text) + w.Value().Len()
		}
	}); n != 0 || sum%101 != 0 {
		t.Errorf("%v allocations, sum %d", n, sum)
	}

	var d Document
	for range 2 {
		v, err := d.Parse(long, Limits{})
		if err != nil || v.Len() != moreNodes+1 || v.Raw() != long {
			t.Fatalf("%d elements, %v", v.Len(), err)
		}
		for i, e := 0, v.Walk(); e.Next(); i++ {
			if a, ok := e.Value().Get("a").Int(); ok != (i < moreNodes) || ok && a != 1 {
				t.Fatalf("element %d: %s", i, e.Value().Raw())
			}
		}
		if v, err := d.Parse(`{"a":`, Limits{}); err == nil || v.Exists() {
			t.Fatal("half a document was taken")
		}
		if v, err = d.Parse(short, Limits{}); err != nil || v.Len() != 3 || v.Get("b").Raw() != `[1,"y"]` {
			t.Fatalf("%s, %v", v.Raw(), err)
		}
		if w := v.Get("a").Walk(); w.Next() {
			t.Fatal("a string holds something")
		}
	}
	// Around the number of values that there is room for.
	for n := roomNodes - 3; n < roomNodes+3; n++ {
		list := "[" + strings.TrimSuffix(strings.Repeat("7,", n), ",") + "]"
		v, err := d.Parse(list, Limits{})
		if err != nil || v.Len() != n {
			t.Fatalf("%d elements, want %d: %v", v.Len(), n, err)
		}
		for w := v.Walk(); w.Next(); {
			if got, ok := w.Value().Int(); !ok || got != 7 {
				t.Fatalf("%s among %d", w.Value().Raw(), n)
			}
		}
	}
}
