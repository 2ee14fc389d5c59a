package pst

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

const (
	recIssuer = "https://issuer.example"
	recOrigin = "https://news.example"
)

var (
	recKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, 32))
	recNow = time.Unix(1_700_001_234, 0) // 33 minutes 54 seconds past a full hour
)

func recKeys(t testing.TB) *jws.KeySet {
	t.Helper()
	k, err := jws.ParseKey([]byte(`{"kty":"OKP","crv":"Ed25519","kid":"r1","x":"` + jws.EncodeBase64URL(recKey.Public().(ed25519.PublicKey)) + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	return jws.NewKeySet(k)
}

func recSigner() jws.Signer { return jws.NewEd25519Signer("r1", recKey) }

func recCode(err error) string {
	var e *jws.Error
	if errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return "not a *jws.Error: " + err.Error()
	}
	return ""
}

func sampleRecord() Record {
	return NewRecord(recIssuer, recOrigin, ViaNative, 2, recNow, 24*time.Hour)
}

func TestRecordGolden(t *testing.T) {
	token, err := SignRecord(recSigner(), sampleRecord())
	if err != nil {
		t.Fatal(err)
	}
	payload, header, err := jws.Inspect(token, 0)
	if err != nil {
		t.Fatal(err)
	}
	if header != `{"alg":"EdDSA","kid":"r1","typ":"pst-rr+jwt"}` ||
		payload != `{"iss":"https://issuer.example","iat":1699999200,"exp":1700085600,"key":2,"origin":"https://news.example","via":"native"}` {
		t.Errorf("%s %s", header, payload)
	}
	single := sampleRecord()
	single.ID = "c2luZ2xl"
	if token, err = SignRecord(recSigner(), single); err != nil {
		t.Fatal(err)
	}
	if payload, _, _ = jws.Inspect(token, 0); !strings.HasSuffix(payload, `"via":"native","jti":"c2luZ2xl"}`) {
		t.Errorf("%s", payload)
	}
}

func TestRecordsOfOneOriginHourAndKeyAreTheSameBytes(t *testing.T) {
	hour := recNow.Truncate(time.Hour)
	first := ""
	for _, at := range []time.Duration{0, time.Second, 17*time.Minute + 3*time.Nanosecond, time.Hour - time.Nanosecond} {
		token, err := SignRecord(recSigner(), NewRecord(recIssuer, recOrigin, ViaNative, 2, hour.Add(at), 24*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = token
		}
		if token != first {
			t.Errorf("the record at %v past the hour differs", at)
		}
	}
	for name, r := range map[string]Record{
		"next hour":    NewRecord(recIssuer, recOrigin, ViaNative, 2, hour.Add(time.Hour), 24*time.Hour),
		"other key":    NewRecord(recIssuer, recOrigin, ViaNative, 3, hour, 24*time.Hour),
		"other origin": NewRecord(recIssuer, "https://other.example", ViaNative, 2, hour, 24*time.Hour),
		"other path":   NewRecord(recIssuer, recOrigin, ViaPolyfill, 2, hour, 24*time.Hour),
	} {
		token, err := SignRecord(recSigner(), r)
		if err != nil {
			t.Fatal(err)
		}
		if token == first {
			t.Errorf("%s: the same record", name)
		}
	}
}

func TestSignRecordRoundsIssuedAtDown(t *testing.T) {
	r := sampleRecord()
	r.IssuedAt = recNow.Unix()
	token, err := SignRecord(recSigner(), r)
	if err != nil {
		t.Fatal(err)
	}
	got, err := JudgeRecord(token, recKeys(t), recIssuer, recNow)
	if err != nil || got.IssuedAt != recNow.Truncate(time.Hour).Unix() {
		t.Errorf("%+v %v", got, err)
	}
}

func TestRecordSurvivesAndExpires(t *testing.T) {
	want := sampleRecord()
	token, err := SignRecord(recSigner(), want)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		at   time.Time
		code string
	}{
		{recNow, ""},
		{time.Unix(want.IssuedAt, 0), ""},
		{time.Unix(want.IssuedAt-60, 0), ""},
		{time.Unix(want.IssuedAt-61, 0), RecordCodeNotYet},
		{time.Unix(want.Expiry-1, 999_999_999), ""},
		{time.Unix(want.Expiry, 0), RecordCodeExpired},
		{time.Unix(want.Expiry+1, 0), RecordCodeExpired},
	} {
		got, err := JudgeRecord(token, recKeys(t), recIssuer, test.at)
		if recCode(err) != test.code {
			t.Errorf("at %d: %v, want %q", test.at.Unix(), err, test.code)
		}
		if err == nil && *got != want {
			t.Errorf("%+v, want %+v", *got, want)
		}
	}
	if left := want.Remaining(recNow); left != 24*3600-2034 {
		t.Errorf("%d seconds left", left)
	}
	if left := want.Remaining(recNow.Add(48 * time.Hour)); left != 0 {
		t.Errorf("%d seconds left of an expired record", left)
	}
}

func TestShortLifetimeIsRaised(t *testing.T) {
	for _, d := range []time.Duration{0, -time.Hour, time.Minute, 2*time.Hour - 1} {
		if r := NewRecord(recIssuer, recOrigin, ViaNative, 1, recNow, d); r.Expiry-r.IssuedAt != 7200 {
			t.Errorf("%v: lives %d seconds", d, r.Expiry-r.IssuedAt)
		}
	}
}

// recToken signs any claims as a record.
func recToken(t testing.TB, typ, claims string) string {
	t.Helper()
	token, err := jws.Sign(recSigner(), typ, []byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestRecordAttacks(t *testing.T) {
	const good = `{"iss":"https://issuer.example","iat":1699999200,"exp":1700085600,"key":2,"origin":"https://news.example","via":"native"}`
	with := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the claims", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for _, test := range []struct{ name, claims, code string }{
		{"good", good, ""},
		{"good, single use", with(`"native"}`, `"native","jti":"x"}`), ""},
		{"good, another order and white space", `{ "via":"polyfill","origin":"https://news.example:8443","key":0,"exp":1700085600,"iat":1699999200,"iss":"https://issuer.example" }`, ""},
		{"an additional claim", with(`"native"}`, `"native","uid":"ada"}`), RecordCodeClaims},
		{"a claim in another case", with(`"via"`, `"Via"`), RecordCodeClaims},
		{"a duplicate", with(`{`, `{"origin":"https://evil.example",`), RecordCodeClaims},
		{"iss missing", with(`"iss":"https://issuer.example",`, ``), RecordCodeClaims},
		{"iat missing", with(`"iat":1699999200,`, ``), RecordCodeClaims},
		{"exp missing", with(`"exp":1700085600,`, ``), RecordCodeClaims},
		{"key missing", with(`"key":2,`, ``), RecordCodeClaims},
		{"origin missing", with(`"origin":"https://news.example",`, ``), RecordCodeClaims},
		{"via missing", with(`,"via":"native"`, ``), RecordCodeClaims},
		{"jti in place of via", with(`"via":"native"`, `"jti":"x"`), RecordCodeClaims},
		{"issuer of another", with(`issuer.example`, `other.example`), RecordCodeIssuer},
		{"issuer with a slash", with(`issuer.example"`, `issuer.example/"`), RecordCodeClaims},
		{"origin with a path", with(`news.example"`, `news.example/a"`), RecordCodeClaims},
		{"origin null", with(`"https://news.example"`, `"null"`), RecordCodeClaims},
		{"origin empty", with(`"https://news.example"`, `""`), RecordCodeClaims},
		{"origin upper case", with(`news.example`, `News.example`), RecordCodeClaims},
		{"origin an array", with(`"https://news.example"`, `["https://news.example"]`), RecordCodeClaims},
		{"via another word", with(`"native"`, `"browser"`), RecordCodeClaims},
		{"key a string", with(`"key":2`, `"key":"2"`), RecordCodeClaims},
		{"key negative", with(`"key":2`, `"key":-1`), RecordCodeClaims},
		{"key above 32 bits", with(`"key":2`, `"key":4294967296`), RecordCodeClaims},
		{"key with a fraction", with(`"key":2`, `"key":2.0`), RecordCodeClaims},
		{"iat within the hour", with(`1699999200`, `1699999201`), RecordCodeClaims},
		{"iat negative", with(`1699999200`, `-3600`), RecordCodeClaims},
		{"iat a string", with(`1699999200`, `"1699999200"`), RecordCodeClaims},
		{"iat null", with(`1699999200`, `null`), RecordCodeClaims},
		{"iat in the future", with(`1699999200`, `1700006400`), RecordCodeNotYet},
		{"exp before two hours", with(`1700085600`, `1700006399`), RecordCodeClaims},
		{"exp 1e30", with(`1700085600`, `1e30`), RecordCodeClaims},
		{"jti empty", with(`"native"}`, `"native","jti":""}`), RecordCodeClaims},
		{"jti too long", with(`"native"}`, `"native","jti":"`+strings.Repeat("x", 129)+`"}`), RecordCodeClaims},
		{"jti a number", with(`"native"}`, `"native","jti":1}`), RecordCodeClaims},
		{"claims null", `null`, RecordCodeClaims},
		{"claims an array", `[]`, RecordCodeClaims},
		{"claims empty", ``, RecordCodeClaims},
		{"something behind", good + `{}`, RecordCodeClaims},
		{"a nested claim", with(`"native"}`, `"native","x":{}}`), RecordCodeClaims},
	} {
		_, err := JudgeRecord(recToken(t, RecordType, test.claims), recKeys(t), recIssuer, recNow)
		if got := recCode(err); got != test.code {
			t.Errorf("%s: %q, want %q", test.name, got, test.code)
		}
	}
	token := recToken(t, RecordType, good)
	flipped := token[:len(token)-10] + "A" + token[len(token)-9:]
	if flipped == token {
		flipped = token[:len(token)-10] + "B" + token[len(token)-9:]
	}
	otherKey := jws.NewEd25519Signer("r1", ed25519.NewKeyFromSeed(bytes.Repeat([]byte{4}, 32)))
	forged, err := jws.Sign(otherKey, RecordType, []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	withdrawn, err := jws.Sign(jws.NewEd25519Signer("r0", recKey), RecordType, []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, token, code string }{
		{"an ID token", recToken(t, "JWT", good), jws.CodeType},
		{"no typ", recToken(t, "", good), jws.CodeType},
		{"a bit changed", flipped, jws.CodeSignature},
		{"signed by another key", forged, jws.CodeSignature},
		{"key not published", withdrawn, jws.CodeKeyUnknown},
		{"not a token", "RR key=1", jws.CodeMalformed},
		{"too long", strings.Repeat("a", 5000), jws.CodeTooLarge},
	} {
		if _, err := JudgeRecord(test.token, recKeys(t), recIssuer, recNow); recCode(err) != test.code {
			t.Errorf("%s: %v, want %q", test.name, err, test.code)
		}
	}
}

func TestSignRecordRefusesWhatReadersRefuse(t *testing.T) {
	for name, change := range map[string]func(*Record){
		"issuer":          func(r *Record) { r.Issuer = "issuer.example" },
		"issuer path":     func(r *Record) { r.Issuer = "https://issuer.example/x" },
		"origin":          func(r *Record) { r.Origin = "null" },
		"via":             func(r *Record) { r.Via = "" },
		"iat":             func(r *Record) { r.IssuedAt = -7200 },
		"lifetime":        func(r *Record) { r.Expiry = r.IssuedAt + 7199 },
		"id too long":     func(r *Record) { r.ID = strings.Repeat("x", 129) },
		"id is not UTF-8": func(r *Record) { r.ID = "\xff" },
	} {
		r := sampleRecord()
		change(&r)
		if token, err := SignRecord(recSigner(), r); recCode(err) != RecordCodeInvalidData || token != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestInspectRecordBelievesNothing(t *testing.T) {
	token, err := SignRecord(recSigner(), sampleRecord())
	if err != nil {
		t.Fatal(err)
	}
	r, err := InspectRecord(token[:len(token)-4] + "AAAA")
	if err != nil || *r != sampleRecord() {
		t.Errorf("%+v %v", r, err)
	}
	if _, err := InspectRecord("x"); recCode(err) != jws.CodeMalformed {
		t.Errorf("%v", err)
	}
}

func TestBeginRecordLeavesTheSignatureToThePlatform(t *testing.T) {
	token, err := SignRecord(recSigner(), sampleRecord())
	if err != nil {
		t.Fatal(err)
	}
	u, r, err := BeginRecord(token, recKeys(t), recIssuer, recNow)
	if err != nil || *r != sampleRecord() {
		t.Fatalf("%+v %v", r, err)
	}
	if !ed25519.Verify(recKey.Public().(ed25519.PublicKey), u.SigningInput(), u.Signature()) {
		t.Error("what is to be checked does not verify")
	}
}

// A record must fit the headers that carry it; this is its size for common
// origins.
func TestRecordSize(t *testing.T) {
	token, err := SignRecord(jws.NewEd25519Signer(strings.Repeat("k", 43), recKey), sampleRecord())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("a record has %d bytes", len(token))
	if len(token) > 500 {
		t.Errorf("%d bytes", len(token))
	}
}

func FuzzJudgeRecord(f *testing.F) {
	token, err := SignRecord(recSigner(), sampleRecord())
	if err != nil {
		f.Fatal(err)
	}
	payload, _, _ := jws.Inspect(token, 0)
	f.Add(payload)
	f.Add(strings.Replace(payload, `"via"`, `"jti":"x","via"`, 1))
	f.Add(`{}`)
	keys := recKeys(f)
	f.Fuzz(func(t *testing.T, claims string) {
		r, err := JudgeRecord(recToken(t, RecordType, claims), keys, recIssuer, recNow)
		if err != nil {
			if strings.HasPrefix(recCode(err), "not a") {
				t.Fatal(err)
			}
			return
		}
		// Whatever is accepted can be signed again, and says the same.
		again, err := SignRecord(recSigner(), *r)
		if err != nil {
			t.Fatal(err)
		}
		if s, err := JudgeRecord(again, keys, recIssuer, recNow); err != nil || *s != *r {
			t.Fatalf("%+v %+v %v", r, s, err)
		}
	})
}
