//go:build goexperiment.jsonv2

package jsonv2

import (
	jsonv1 "encoding/json"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// claims are those of a usual ID token, 415 bytes.
const claims = `{"iss":"https://accounts.example","azp":"407408718192.apps.example","aud":"407408718192.apps.example","sub":"110169484474386276334","hd":"example.com","email":"ada@example.com","email_verified":true,"at_hash":"HK6E_P6Dh8Y93mRNtsDB1Q","nonce":"0394852-3190485-2490358","name":"Ada Lovelace","picture":"https://accounts.example/p/ada.jpg","given_name":"Ada","family_name":"Lovelace","iat":1353601026,"exp":1353604926}`

// What each says of documents on which readers have been known to differ. Where v2
// takes what strictjson refuses, the caller of v2 has to add the check.
func TestWhatEachRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		text       string
		ours, v2   bool // accepted
		lenientToo bool // what encoding/json, version 1, accepts
	}{
		"a usual document":          {claims, true, true, true},
		"a name twice":              {`{"sub":"a","sub":"b"}`, false, false, true},
		"a name twice, one escaped": {`{"sub":"a","\u0073ub":"b"}`, false, false, true},
		"a name twice, far below":   {`{"x":[{"y":{"a":1,"a":2}}]}`, false, false, true},
		"text that is not UTF-8":    {"{\"sub\":\"\xff\"}", false, false, true},
		"a lone surrogate":          {`{"sub":"\ud800"}`, false, false, true},
		"a byte order mark":         {"\ufeff{}", false, false, false},
		"something after it":        {`{} {}`, false, false, false},
		"17 levels":                 {strings.Repeat("[", 17) + strings.Repeat("]", 17), false, true, true},
		"9,000 levels":              {strings.Repeat("[", 9000) + strings.Repeat("]", 9000), false, true, true},
		"17 KiB":                    {`{"sub":"` + strings.Repeat("a", 17<<10) + `"}`, false, true, true},
	} {
		_, err := strictjson.ParseString(c.text, strictjson.Limits{})
		if (err == nil) != c.ours {
			t.Errorf("%s: strictjson: %v", name, err)
		}
		var into any
		if err := json.Unmarshal([]byte(c.text), &into); (err == nil) != c.v2 {
			t.Errorf("%s: encoding/json/v2: %v", name, err)
		}
		if err := jsonv1.Unmarshal([]byte(c.text), &into); (err == nil) != c.lenientToo {
			t.Errorf("%s: encoding/json: %v", name, err)
		}
	}
}

// A number that no float64 holds has no value here; v2 rounds it where the caller
// has no type for it.
func TestNumbersThatNoFloatHolds(t *testing.T) {
	const text = `{"exp":9007199254740993}`
	v, err := strictjson.ParseString(text, strictjson.Limits{})
	if n, ok := v.Get("exp").Int(); err != nil || ok {
		t.Errorf("strictjson: %d, %v, %v", n, ok, err)
	}
	var into map[string]any
	if err := json.Unmarshal([]byte(text), &into); err != nil || into["exp"] != 9007199254740992.0 {
		t.Errorf("encoding/json/v2: %v, %v", into, err)
	}
}

type token struct {
	Iss, Aud, Sub, Nonce, Name, Email string
	Verified                          bool `json:"email_verified"`
	Iat, Exp                          int64
}

var sink token

// Each reads the nine values of token from the claims.
func BenchmarkClaims(b *testing.B) {
	text := []byte(claims)
	b.Run("strictjson", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var d strictjson.Document
			v, err := d.Parse(claims, strictjson.Limits{})
			if err != nil {
				b.Fatal(err)
			}
			sink = token{}
			for w := v.Walk(); w.Next(); {
				switch w.Name() {
				case "iss":
					sink.Iss, _ = w.Value().Text()
				case "aud":
					sink.Aud, _ = w.Value().Text()
				case "sub":
					sink.Sub, _ = w.Value().Text()
				case "nonce":
					sink.Nonce, _ = w.Value().Text()
				case "name":
					sink.Name, _ = w.Value().Text()
				case "email":
					sink.Email, _ = w.Value().Text()
				case "email_verified":
					sink.Verified, _ = w.Value().Bool()
				case "iat":
					sink.Iat, _ = w.Value().Int()
				case "exp":
					sink.Exp, _ = w.Value().Int()
				}
			}
		}
	})
	b.Run("v2 into a struct", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sink = token{}
			if err := json.Unmarshal(text, &sink); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("v2 into a map", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var m map[string]any
			if err := json.Unmarshal(text, &m); err != nil {
				b.Fatal(err)
			}
			sink.Sub, _ = m["sub"].(string)
		}
	})
	b.Run("v2, valid or not", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if !jsontext.Value(text).IsValid() {
				b.Fatal("not valid")
			}
		}
	})
	b.Run("version 1 into a struct", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sink = token{}
			if err := jsonv1.Unmarshal(text, &sink); err != nil {
				b.Fatal(err)
			}
		}
	})
	// What a value costs must be what it is: no reader may have been measured at nothing.
	if sink.Sub != "110169484474386276334" {
		b.Fatalf("read %q", sink.Sub)
	}
}
