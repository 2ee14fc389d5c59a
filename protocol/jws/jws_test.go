package jws

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

func newEd25519(seed []byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(seed) }

var (
	edKey    = newEd25519(bytes.Repeat([]byte{7}, 32))
	edPublic = encode(edKey.Public().(ed25519.PublicKey))
)

const typJWT = "JWT"

var anyJWT = Policy{Types: []string{typJWT}, AllowNoType: true}

func edSet(t testing.TB, members string) *KeySet {
	t.Helper()
	return asSet(t, []byte(`{"kty":"OKP","crv":"Ed25519","x":"`+edPublic+`"`+members+`}`))
}

// edToken signs any header and payload text with edKey.
func edToken(header, payload string) string {
	input := encode([]byte(header)) + "." + encode([]byte(payload))
	return Assemble(input, ed25519.Sign(edKey, []byte(input)))
}

func TestBase64URLIsCanonical(t *testing.T) {
	for n := 0; n < 70; n++ {
		b := make([]byte, n)
		_, _ = rand.Read(b)
		s := encode(b)
		if s != base64.RawURLEncoding.EncodeToString(b) {
			t.Fatalf("encode(%x) = %s", b, s)
		}
		if d, ok := decode(s); !ok || !bytes.Equal(d, b) {
			t.Fatalf("decode(%s) = %x %v", s, d, ok)
		}
	}
	for name, s := range map[string]string{
		"padding": "Zg==", "one padding": "Zm8=", "length 1": "Z", "length 5": "Zm9vZ", "unused bits of 2": "Zh", "unused bits of 3": "Zm9",
		"plus": "Zm+v", "slash": "Zm/v", "line feed": "Zm9v\n", "line feed inside": "Zm\n9v", "carriage return": "\rZm9v", "space": "Zm9v ",
		"NUL": "Zm9\x00", "high byte": "Zm9\xff", "question mark": "Zm?v", "bad in pair": "?g", "bad in pair, second": "Z?", "bad in three": "Z?8", "dot": "Zm.v",
	} {
		if b, ok := DecodeBase64URL(s); ok {
			t.Errorf("%s: %q taken as %x", name, s, b)
		}
	}
	if EncodeBase64URL([]byte{0xfb, 0xff}) != "-_8" {
		t.Error("alphabet")
	}
}

func TestEveryCharacterDecodesAsInTheStandardLibrary(t *testing.T) {
	for c := 0; c < 256; c++ {
		for _, s := range []string{"AAA" + string([]byte{byte(c)}), string([]byte{byte(c)}) + "AAA", string([]byte{byte(c)}) + "A", "A" + string([]byte{byte(c)}), "AA" + string([]byte{byte(c)})} {
			want, err := base64.RawURLEncoding.Strict().DecodeString(s)
			ok := err == nil && c != '\n' && c != '\r'
			if got, gotOK := decode(s); gotOK != ok || ok && !bytes.Equal(got, want) {
				t.Fatalf("%q: %x %v, want %x %v", s, got, gotOK, want, ok)
			}
		}
	}
}

func TestSignThenVerify(t *testing.T) {
	keys := edSet(t, `,"kid":"k1"`)
	token, err := Sign(NewEd25519Signer("k1", edKey), "a+jwt", []byte("payload"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := Verify(token, keys, Policy{Types: []string{"b+jwt", "a+jwt"}, Algorithms: []Algorithm{ES256, EdDSA}, MaxSize: len(token)})
	if err != nil {
		t.Fatal(err)
	}
	want := Header{EdDSA, "k1", true, "a+jwt", true}
	if m.Header != want || string(m.Payload) != "payload" {
		t.Errorf("%+v %q", m.Header, m.Payload)
	}
	if kid, ok := m.Key.KeyID(); kid != "k1" || !ok {
		t.Error("the message does not name its key")
	}
	payload, header, err := Inspect(token, 0)
	if err != nil || payload != "payload" || header != `{"alg":"EdDSA","kid":"k1","typ":"a+jwt"}` {
		t.Errorf("%s %s %v", header, payload, err)
	}
}

func TestHeaderAttacks(t *testing.T) {
	keys := edSet(t, `,"kid":"k1"`)
	for _, test := range []struct{ name, header, code string }{
		{"good", `{"alg":"EdDSA","kid":"k1"}`, ""},
		{"good with typ", `{"typ":"JWT","alg":"EdDSA","kid":"k1"}`, ""},
		{"space and unknown members", ` { "alg" : "EdDSA" , "x5t":"abc", "foo":{"a":[1]} } `, ""},
		{"escaped name and value", `{"\u0061lg":"\u0045dDSA"}`, ""},
		{"empty", ``, CodeHeader},
		{"not JSON", `{"alg":"EdDSA"`, CodeHeader},
		{"trailing bytes", `{"alg":"EdDSA"}x`, CodeHeader},
		{"null", `null`, CodeHeader},
		{"array", `["EdDSA"]`, CodeHeader},
		{"string", `"EdDSA"`, CodeHeader},
		{"duplicate alg", `{"alg":"EdDSA","alg":"EdDSA"}`, CodeHeader},
		{"duplicate alg, escaped", `{"alg":"EdDSA","al\u0067":"none"}`, CodeHeader},
		{"duplicate inside", `{"alg":"EdDSA","x":{"a":1,"a":1}}`, CodeHeader},
		{"not UTF-8", "{\"alg\":\"EdDSA\",\"x\":\"\xff\"}", CodeHeader},
		{"alg missing", `{"kid":"k1"}`, CodeAlgMissing},
		{"alg in capitals only", `{"ALG":"EdDSA"}`, CodeAlgMissing},
		{"alg null", `{"alg":null}`, CodeAlgMissing},
		{"alg number", `{"alg":1}`, CodeAlgMissing},
		{"alg array", `{"alg":["EdDSA"]}`, CodeAlgMissing},
		{"alg empty", `{"alg":""}`, CodeAlgUnsupported},
		{"alg none", `{"alg":"none"}`, CodeAlgUnsupported},
		{"alg None", `{"alg":"None"}`, CodeAlgUnsupported},
		{"alg in another case", `{"alg":"eddsa"}`, CodeAlgUnsupported},
		{"alg with a space", `{"alg":"EdDSA "}`, CodeAlgUnsupported},
		{"alg HS256", `{"alg":"HS256"}`, CodeAlgUnsupported},
		{"alg RS512 without kid", `{"alg":"RS512"}`, CodeKeyUnknown},
		{"alg ES512 for an OKP key", `{"alg":"ES512","kid":"k1"}`, CodeKeyMismatch},
		{"alg HS512", `{"alg":"HS512"}`, CodeAlgUnsupported},
		{"alg ES256K", `{"alg":"ES256K"}`, CodeAlgUnsupported},
		{"alg of another key", `{"alg":"ES256","kid":"k1"}`, CodeKeyMismatch},
		{"alg RSA for an OKP key", `{"alg":"RS256","kid":"k1"}`, CodeKeyMismatch},
		{"alg PS256 without kid", `{"alg":"PS256"}`, CodeKeyUnknown},
		{"kid number", `{"alg":"EdDSA","kid":1}`, CodeKeyID},
		{"kid null", `{"alg":"EdDSA","kid":null}`, CodeKeyID},
		{"kid unknown", `{"alg":"EdDSA","kid":"k2"}`, CodeKeyUnknown},
		{"kid empty", `{"alg":"EdDSA","kid":""}`, ""},
		{"kid in another case", `{"alg":"EdDSA","kid":"K1"}`, CodeKeyUnknown},
		{"kid path", `{"alg":"EdDSA","kid":"../../dev/null"}`, CodeKeyUnknown},
		{"kid SQL", `{"alg":"EdDSA","kid":"' OR '1'='1"}`, CodeKeyUnknown},
		{"kid with NUL", `{"alg":"EdDSA","kid":"k1\u0000"}`, CodeKeyUnknown},
		{"crit empty", `{"alg":"EdDSA","crit":[]}`, CodeHeaderForbidden},
		{"crit unknown", `{"alg":"EdDSA","crit":["exp"],"exp":1}`, CodeHeaderForbidden},
		{"crit null", `{"alg":"EdDSA","crit":null}`, CodeHeaderForbidden},
		{"b64 false", `{"alg":"EdDSA","b64":false,"crit":["b64"]}`, CodeHeaderForbidden},
		{"b64 true", `{"alg":"EdDSA","b64":true}`, CodeHeaderForbidden},
		{"zip", `{"alg":"EdDSA","zip":"DEF"}`, CodeHeaderForbidden},
		{"enc", `{"alg":"EdDSA","enc":"A128GCM"}`, CodeHeaderForbidden},
		{"jwk", `{"alg":"EdDSA","jwk":{"kty":"OKP"}}`, CodeHeaderForbidden},
		{"jku", `{"alg":"EdDSA","jku":"https://evil.example/keys"}`, CodeHeaderForbidden},
		{"x5u", `{"alg":"EdDSA","x5u":"https://evil.example/cert"}`, CodeHeaderForbidden},
		{"x5c", `{"alg":"EdDSA","x5c":["AA=="]}`, CodeHeaderForbidden},
		{"typ of an access token", `{"alg":"EdDSA","typ":"at+jwt"}`, CodeType},
		{"typ in another case", `{"alg":"EdDSA","typ":"jwt"}`, ""},
		{"typ with its tree", `{"alg":"EdDSA","typ":"Application/JWT"}`, ""},
		{"typ of another tree", `{"alg":"EdDSA","typ":"text/JWT"}`, CodeType},
		{"typ of a tree in a tree", `{"alg":"EdDSA","typ":"application/application/jwt"}`, CodeType},
		{"typ that is a tree", `{"alg":"EdDSA","typ":"application/"}`, CodeType},
		{"alg by its full name", `{"alg":"Ed25519"}`, ""},
		{"typ number", `{"alg":"EdDSA","typ":1}`, CodeType},
		{"typ empty", `{"alg":"EdDSA","typ":""}`, CodeType},
	} {
		_, err := Verify(edToken(test.header, "p"), keys, anyJWT)
		if got := refusedAs(err); got != test.code {
			t.Errorf("%s: %q, want %q", test.name, got, test.code)
		}
	}
}

func TestFormAttacks(t *testing.T) {
	keys := edSet(t, "")
	good := edToken(`{"alg":"EdDSA"}`, "foo")
	parts := strings.Split(good, ".")
	sig, _ := decode(parts[2])
	flipped := append([]byte(nil), sig...)
	flipped[10] ^= 1
	for name, test := range map[string]struct{ token, code string }{
		"good":                     {good, ""},
		"empty":                    {"", CodeMalformed},
		"one dot":                  {parts[0] + "." + parts[1], CodeMalformed},
		"no dot":                   {"abc", CodeMalformed},
		"four parts":               {good + ".x", CodeMalformed},
		"trailing dot":             {good + ".", CodeMalformed},
		"five parts":               {good + ".x.y", CodeEncrypted},
		"six parts":                {good + ".x.y.z", CodeMalformed},
		"only dots":                {"..", CodeHeader},
		"leading space":            {" " + good, CodeBase64},
		"trailing line feed":       {good + "\n", CodeBase64},
		"padding in the header":    {parts[0] + "=." + parts[1] + "." + parts[2], CodeBase64},
		"line feed in the payload": {parts[0] + ".Zm\n9v." + parts[2], CodeBase64},
		"padding in the payload":   {parts[0] + ".Zm9vZg==." + parts[2], CodeBase64},
		"unused bits in signature": {parts[0] + "." + parts[1] + "." + parts[2][:len(parts[2])-1] + "h", CodeBase64},
		"standard alphabet":        {parts[0] + "." + parts[1] + "." + base64.RawStdEncoding.EncodeToString(bytes.Repeat([]byte{0xff}, 64)), CodeBase64},
		"no signature":             {parts[0] + "." + parts[1] + ".", CodeSignatureForm},
		"short signature":          {Assemble(parts[0]+"."+parts[1], sig[:63]), CodeSignatureForm},
		"long signature":           {Assemble(parts[0]+"."+parts[1], append(sig[:64:64], 0)), CodeSignatureForm},
		"zero signature":           {Assemble(parts[0]+"."+parts[1], make([]byte, 64)), CodeSignature},
		"flipped bit":              {Assemble(parts[0]+"."+parts[1], flipped), CodeSignature},
		"changed payload":          {parts[0] + ".Zm9w." + parts[2], CodeSignature},
		"JSON serialisation":       {`{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, CodeMalformed},
		"too long":                 {strings.Repeat("a", 16<<10+1), CodeTooLarge},
	} {
		_, err := Verify(test.token, keys, anyJWT)
		if got := refusedAs(err); got != test.code {
			t.Errorf("%s: %q, want %q", name, got, test.code)
		}
	}
}

func TestPolicyIsStrictByDefault(t *testing.T) {
	keys := edSet(t, "")
	untyped, typed := edToken(`{"alg":"EdDSA"}`, "p"), edToken(`{"alg":"EdDSA","typ":"JWT"}`, "p")
	for _, test := range []struct {
		name  string
		token string
		p     Policy
		code  string
	}{
		{"zero policy, no typ", untyped, Policy{}, CodeType},
		{"zero policy, typ", typed, Policy{}, CodeType},
		{"types only, no typ", untyped, Policy{Types: []string{"JWT"}}, CodeType},
		{"no typ allowed, typ", typed, Policy{AllowNoType: true}, CodeType},
		{"algorithm not allowed", untyped, Policy{AllowNoType: true, Algorithms: []Algorithm{RS256, ES256}}, CodeAlgNotAllowed},
		{"algorithm allowed", untyped, Policy{AllowNoType: true, Algorithms: []Algorithm{RS256, EdDSA}}, ""},
		{"size", untyped, Policy{AllowNoType: true, MaxSize: len(untyped) - 1}, CodeTooLarge},
		{"exact size", untyped, Policy{AllowNoType: true, MaxSize: len(untyped)}, ""},
	} {
		_, err := Verify(test.token, keys, test.p)
		if got := refusedAs(err); got != test.code {
			t.Errorf("%s: %q, want %q", test.name, got, test.code)
		}
	}
	for name, keys := range map[string]*KeySet{"nil": nil, "zero": {}, "empty": NewKeySet()} {
		if _, err := Verify(untyped, keys, anyJWT); refusedAs(err) != CodeKeyUnknown {
			t.Errorf("%s key set: %v", name, err)
		}
	}
}

func TestKeyChoice(t *testing.T) {
	ed := func(members string) string {
		return `{"kty":"OKP","crv":"Ed25519","x":"` + edPublic + `"` + members + `}`
	}
	ec := `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","kid":"k1"}`
	named, unnamed := edToken(`{"alg":"EdDSA","kid":"k1"}`, "p"), edToken(`{"alg":"EdDSA"}`, "p")
	for _, test := range []struct{ name, token, keys, code string }{
		{"kid and its key", named, ed(`,"kid":"k1"`), ""},
		{"kid and another", named, ed(`,"kid":"k2"`), CodeKeyUnknown},
		{"kid, and the only key has none", named, ed(``), CodeKeyUnknown},
		{"no kid, one key", unnamed, ed(`,"kid":"k1"`), ""},
		{"no kid, one key of this kind", unnamed, ed(`,"kid":"k1"`) + "," + ec, ""},
		{"no kid, two keys", unnamed, ed(`,"kid":"k1"`) + "," + ed(`,"kid":"k2"`), CodeKeyAmbiguous},
		{"no kid, the other key is for encryption", unnamed, ed(`,"kid":"k1"`) + "," + ed(`,"use":"enc"`), ""},
		{"no kid, no key", unnamed, ec, CodeKeyUnknown},
		{"the same key twice", named, ed(`,"kid":"k1"`) + "," + ed(`,"kid":"k1"`), ""},
		{"the same key twice, without kid", unnamed, ed(``) + "," + ed(``), ""},
		{"kid twice, two keys", named, ed(`,"kid":"k1"`) + "," + strings.Replace(ed(`,"kid":"k1"`), edPublic, encode(bytes.Repeat([]byte{7}, 32)), 1), ""},
		{"no kid, two keys without one", unnamed, ed(``) + "," + strings.Replace(ed(``), edPublic, encode(bytes.Repeat([]byte{7}, 32)), 1), CodeKeyAmbiguous},
		{"a member twice", named, ed(`,"kid":"k1","use":"sig","use":"sig"`), CodeKeyUnusable},
		{"kid twice in one key", named, ed(`,"kid":"k1","kid":"k1"`), CodeKeyUnknown},
		{"a name twice inside a member", named, ed(`,"kid":"k1","x":{"a":1,"a":1}`), CodeKeyUnusable},
		{"a key with a member twice beside", named, ed(`,"kid":"k1"`) + "," + ed(`,"kid":"k2","use":"sig","use":"enc"`), ""},
		{"kid empty", unnamed, ed(`,"kid":""`), ""},
		{"kid null", unnamed, ed(`,"kid":null`), ""},
		{"kid twice, two kinds", named, ec + "," + ed(`,"kid":"k1"`), ""},
		{"use sig", named, ed(`,"kid":"k1","use":"sig"`), ""},
		{"use enc", named, ed(`,"kid":"k1","use":"enc"`), CodeKeyMismatch},
		{"use in another case", named, ed(`,"kid":"k1","use":"SIG"`), CodeKeyMismatch},
		{"key_ops verify", named, ed(`,"kid":"k1","key_ops":["sign","verify"]`), ""},
		{"key_ops without verify", named, ed(`,"kid":"k1","key_ops":["sign"]`), CodeKeyMismatch},
		{"key_ops empty", named, ed(`,"kid":"k1","key_ops":[]`), ""},
		{"optional members null", named, ed(`,"kid":"k1","alg":null,"use":null,"key_ops":null,"d":null,"oth":null`), ""},
		{"optional members empty", named, ed(`,"kid":"k1","alg":"","use":"","d":"","oth":[]`), ""},
		{"alg by its full name", named, ed(`,"kid":"k1","alg":"Ed25519"`), ""},
		{"key_ops twice", named, ed(`,"kid":"k1","key_ops":["verify","verify"]`), CodeKeyUnusable},
		{"key_ops no array", named, ed(`,"kid":"k1","key_ops":"verify"`), CodeKeyUnusable},
		{"alg", named, ed(`,"kid":"k1","alg":"EdDSA"`), ""},
		{"alg of another kind", named, ed(`,"kid":"k1","alg":"ES256"`), CodeKeyMismatch},
		{"alg unknown", named, ed(`,"kid":"k1","alg":"ECDH-ES"`), CodeKeyMismatch},
		{"alg no string", named, ed(`,"kid":"k1","alg":1`), CodeKeyUnusable},
		{"use no string", named, ed(`,"kid":"k1","use":1`), CodeKeyUnusable},
		{"kid no string", named, ed(`,"kid":1`), CodeKeyUnknown},
		{"private key published", named, ed(`,"kid":"k1","d":"AA"`), CodeKeyUnusable},
		{"unknown kinds beside", named, `{"kty":"AKP","kid":"k1"},{"kty":"oct","k":"AA","kid":"k1"},{"kty":"OKP","crv":"X25519","x":"AA","kid":"k1"},` + ed(`,"kid":"k1"`), ""},
		{"a malformed key beside", named, `{"kty":"EC","kid":"x","crv":"P-256"},{"kid":"y"},5,{"kty":"EC","kid":"z"},` + ed(`,"kid":"k1"`), ""},
	} {
		set, err := ParseKeySet([]byte(`{"keys":[` + test.keys + `]}`))
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		_, err = Verify(test.token, set, anyJWT)
		if got := refusedAs(err); got != test.code {
			t.Errorf("%s: %q, want %q (%v)", test.name, got, test.code, err)
		}
	}
}

func TestKeySetsRefused(t *testing.T) {
	for name, doc := range map[string]string{
		"empty": ``, "no JSON": `{`, "array": `[]`, "null": `null`, "no keys": `{}`, "keys no array": `{"keys":{}}`, "keys twice": `{"keys":[],"keys":[]}`,
		"keys twice, none empty": `{"keys":[{}],"x":1,"keys":[{}]}`, "keys twice, escaped": `{"keys":[],"\u006beys":[]}`, "a string": `"keys"`,
		"a name twice beside the keys": `{"keys":[],"public_certs":[{"a":1,"a":1}]}`, "a name twice in what is no key": `{"keys":[[{"a":1,"a":1}]]}`, "trailing": `{"keys":[]} x`,
		"too long": `{"keys":[]` + strings.Repeat(" ", maxKeySet) + `}`, "half a character": `{"keys":[],"x":"\ud83d"}`,
	} {
		if set, err := ParseKeySet([]byte(doc)); refusedAs(err) != CodeKeySet || set != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, doc := range map[string]string{"empty": ``, "set": `{"keys":[]}`, "array": `[]`, "unknown kind": `{"kty":"AKP"}`} {
		if k, err := ParseKey([]byte(doc)); refusedAs(err) != CodeKeySet || k != nil {
			t.Errorf("ParseKey, %s: %v", name, err)
		}
	}
	if set, err := ParseKeySet([]byte(`{"keys":[],"other":1,"other":2}`)); err != nil || len(set.Keys()) != 0 {
		t.Errorf("an empty set: %v", err)
	}
	if (*KeySet)(nil).Keys() != nil || (*KeySet)(nil).Rejected() != nil {
		t.Error("a nil set holds something")
	}
}

func TestKeyMaterialRefused(t *testing.T) {
	odd := func(n int) string { // an odd number of n bits
		b := bytes.Repeat([]byte{0xa5}, (n+7)/8)
		b[0] = 0xff >> (7 - (n-1)%8)
		b[len(b)-1] = 0x01
		return encode(b)
	}
	const x256, y256 = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
	for _, test := range []struct {
		name, key string
		ok        bool
	}{
		{"RSA 2048", `{"kty":"RSA","n":"` + odd(2048) + `","e":"AQAB"}`, true},
		{"RSA 8192", `{"kty":"RSA","n":"` + odd(8192) + `","e":"AQAB"}`, true},
		{"RSA e 3", `{"kty":"RSA","n":"` + odd(2048) + `","e":"Aw"}`, true},
		{"RSA e 2^31-1", `{"kty":"RSA","n":"` + odd(2048) + `","e":"f____w"}`, true},
		{"RSA 2047", `{"kty":"RSA","n":"` + odd(2047) + `","e":"AQAB"}`, false},
		{"RSA 1024", `{"kty":"RSA","n":"` + odd(1024) + `","e":"AQAB"}`, false},
		{"RSA 8193", `{"kty":"RSA","n":"` + odd(8193) + `","e":"AQAB"}`, false},
		{"RSA n even", `{"kty":"RSA","n":"` + encode(append(bytes.Repeat([]byte{0xff}, 255), 0xfe)) + `","e":"AQAB"}`, false},
		{"RSA n with a leading zero", `{"kty":"RSA","n":"` + encode(append([]byte{0}, bytes.Repeat([]byte{0xff}, 256)...)) + `","e":"AQAB"}`, true},
		{"RSA n of zeros", `{"kty":"RSA","n":"` + encode(make([]byte, 256)) + `","e":"AQAB"}`, false},
		{"RSA n short behind zeros", `{"kty":"RSA","n":"` + encode(append(make([]byte, 128), bytes.Repeat([]byte{0xff}, 128)...)) + `","e":"AQAB"}`, false},
		{"RSA n empty", `{"kty":"RSA","n":"","e":"AQAB"}`, false},
		{"RSA n missing", `{"kty":"RSA","e":"AQAB"}`, false},
		{"RSA n padded", `{"kty":"RSA","n":"` + odd(2048) + `==","e":"AQAB"}`, true},
		{"RSA n padded too little", `{"kty":"RSA","n":"` + odd(2048) + `=","e":"AQAB"}`, false},
		{"RSA n padded too much", `{"kty":"RSA","n":"` + odd(2048) + `======","e":"AQAB"}`, false},
		{"RSA n of the standard alphabet", `{"kty":"RSA","n":"` + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xff, 0xbf}, 128)) + `","e":"AQAB"}`, true},
		{"RSA n with a blank", `{"kty":"RSA","n":" ` + odd(2048) + `","e":"AQAB"}`, false},
		{"RSA e 1", `{"kty":"RSA","n":"` + odd(2048) + `","e":"AQ"}`, false},
		{"RSA e even", `{"kty":"RSA","n":"` + odd(2048) + `","e":"AQAA"}`, false},
		{"RSA e 2^31+1", `{"kty":"RSA","n":"` + odd(2048) + `","e":"gAAAAQ"}`, false},
		{"RSA e of 5 bytes", `{"kty":"RSA","n":"` + odd(2048) + `","e":"AQAAAAE"}`, false},
		{"RSA e with a leading zero", `{"kty":"RSA","n":"` + odd(2048) + `","e":"AAEAAQ"}`, true},
		{"RSA e number", `{"kty":"RSA","n":"` + odd(2048) + `","e":65537}`, false},
		{"P-256", `{"kty":"EC","crv":"P-256","x":"` + x256 + `","y":"` + y256 + `"}`, true},
		{"P-256 off the curve", `{"kty":"EC","crv":"P-256","x":"` + x256 + `","y":"` + x256 + `"}`, false},
		{"P-256 zero", `{"kty":"EC","crv":"P-256","x":"` + encode(make([]byte, 32)) + `","y":"` + encode(make([]byte, 32)) + `"}`, false},
		{"P-256 above p", `{"kty":"EC","crv":"P-256","x":"` + encode(bytes.Repeat([]byte{0xff}, 32)) + `","y":"` + y256 + `"}`, false},
		{"P-256 short x", `{"kty":"EC","crv":"P-256","x":"AA","y":"` + y256 + `"}`, false},
		{"P-256 x with a sign byte", `{"kty":"EC","crv":"P-256","x":"` + withZeros(x256, 1) + `","y":"` + withZeros(y256, 1) + `"}`, true},
		{"P-256 x too long", `{"kty":"EC","crv":"P-256","x":"` + encode(bytes.Repeat([]byte{1}, 33)) + `","y":"` + y256 + `"}`, false},
		{"P-256 x empty", `{"kty":"EC","crv":"P-256","x":"","y":"` + y256 + `"}`, false},
		{"P-256 y missing", `{"kty":"EC","crv":"P-256","x":"` + x256 + `"}`, false},
		{"P-256 coordinates as P-384", `{"kty":"EC","crv":"P-384","x":"` + x256 + `","y":"` + y256 + `"}`, false},
		{"crv missing", `{"kty":"EC","x":"` + x256 + `","y":"` + y256 + `"}`, false},
		{"Ed25519 of 31 bytes", `{"kty":"OKP","crv":"Ed25519","x":"` + encode(make([]byte, 31)) + `"}`, false},
		{"Ed25519 without x", `{"kty":"OKP","crv":"Ed25519"}`, false},
		{"Ed25519", `{"kty":"OKP","crv":"Ed25519","x":"` + edPublic + `"}`, true},
		{"P-384", `{"kty":"EC","crv":"P-384","x":"qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3","y":"NhfeSpYmLG9dnpi_kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f"}`, true},
		{"kty number", `{"kty":1}`, false},
	} {
		k, err := ParseKey([]byte(test.key))
		if (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
		if err == nil {
			again, err := ParseKey(k.JWK())
			if err != nil || !bytes.Equal(again.JWK(), k.JWK()) {
				t.Errorf("%s: its JWK reads back as %v", test.name, err)
			}
		}
	}
}

// withZeros is base64url with so many zero bytes in front.
func withZeros(s string, n int) string {
	b, _ := decode(s)
	return encode(append(make([]byte, n), b...))
}

// One coordinate in 256 is shorter than its curve: libraries that write
// numbers drop the zeros.
func TestShortCoordinatesAreNumbers(t *testing.T) {
	for {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		b, err := k.PublicKey.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		x, y := b[1:33], b[33:]
		if x[0] != 0 {
			continue
		}
		doc := func(x []byte) []byte {
			return []byte(`{"keys":[{"kty":"EC","crv":"P-256","kid":"k","x":"` + encode(x) + `","y":"` + encode(y) + `"}]}`)
		}
		short, err := ParseKeySet(doc(x[1:]))
		if err != nil || len(short.Keys()) != 1 {
			t.Fatal(err, short.Rejected())
		}
		full, err := ParseKeySet(doc(x))
		if err != nil || !bytes.Equal(short.Keys()[0].JWK(), full.Keys()[0].JWK()) {
			t.Errorf("%v: the short one is another key", err)
		}
		if len(full.Remarks()) != 0 || len(short.Remarks()) != 1 || short.Remarks()[0].KeyID != "k" {
			t.Errorf("remarks %v and %v", full.Remarks(), short.Remarks())
		}
		return
	}
}

func TestRemarksOfNoKeySet(t *testing.T) {
	if (*KeySet)(nil).Remarks() != nil {
		t.Error("remarks about nothing")
	}
}

func TestPrivateMembersRefused(t *testing.T) {
	for _, name := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
		if _, err := ParseKey([]byte(`{"kty":"OKP","crv":"Ed25519","x":"` + edPublic + `","` + name + `":"AA"}`)); err == nil {
			t.Errorf("a key with %s was read", name)
		}
	}
}

func ecToken(t testing.TB, curve elliptic.Curve, alg string) (string, *KeySet) {
	t.Helper()
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := k.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	half := len(point) / 2
	keys := asSet(t, []byte(`{"kty":"EC","crv":"`+curve.Params().Name+`","x":"`+encode(point[1:1+half])+`","y":"`+encode(point[1+half:])+`"}`))
	input := encode([]byte(`{"alg":"`+alg+`"}`)) + "." + encode([]byte("p"))
	r, s, err := ecdsa.Sign(rand.Reader, k, digestOf(alg, input))
	if err != nil {
		t.Fatal(err)
	}
	sig := make([]byte, 2*half)
	r.FillBytes(sig[:half])
	s.FillBytes(sig[half:])
	return Assemble(input, sig), keys
}

func TestECDSASignatureAttacks(t *testing.T) {
	for alg, curve := range map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()} {
		half := (curve.Params().BitSize + 7) / 8
		n := curve.Params().N.FillBytes(make([]byte, half))
		token, keys := ecToken(t, curve, alg)
		if _, err := Verify(token, keys, anyJWT); err != nil {
			t.Fatalf("%s: %v", alg, err)
		}
		dot := strings.LastIndexByte(token, '.')
		input := token[:dot]
		good, _ := decode(token[dot+1:])
		zero, r, s := make([]byte, half), good[:half], good[half:]
		for _, test := range []struct {
			name string
			sig  []byte
			code string
		}{
			{"r zero", append(zero[:half:half], s...), CodeSignature},
			{"s zero", append(r[:half:half], zero...), CodeSignature},
			{"both zero", make([]byte, 2*half), CodeSignature},
			{"r is n", append(n[:half:half], s...), CodeSignature},
			{"s is n", append(r[:half:half], n...), CodeSignature},
			{"both n", append(n[:half:half], n...), CodeSignature},
			{"r and s swapped", append(s[:half:half], r...), CodeSignature},
			{"all ones", bytes.Repeat([]byte{0xff}, 2*half), CodeSignature},
			{"one byte short", good[:2*half-1], CodeSignatureForm},
			{"one byte long", append(good[:2*half:2*half], 0), CodeSignatureForm},
			{"DER", appendDER(nil, string(good)), CodeSignatureForm},
			{"empty", nil, CodeSignatureForm},
			{"r alone", r, CodeSignatureForm},
		} {
			_, err := Verify(Assemble(input, test.sig), keys, anyJWT)
			if got := refusedAs(err); got != test.code {
				t.Errorf("%s, %s: %q, want %q", alg, test.name, got, test.code)
			}
		}
	}
}

func TestJudgeRefusesWhatVerifyRefuses(t *testing.T) {
	if u, err := Judge("a.b", nil, anyJWT); refusedAs(err) != CodeMalformed || u != nil {
		t.Errorf("%v", err)
	}
	var u Unverified
	var d strictjson.Document
	if err := u.JudgeInto("a.b", nil, anyJWT, &d); refusedAs(err) != CodeMalformed {
		t.Errorf("%v", err)
	}
	if err := u.JudgeInto(edToken(`{"alg":"EdDSA"}`, "foo"), edSet(t, ""), anyJWT, &d); err != nil || !u.Check() {
		t.Errorf("%v", err)
	}
}

func TestConfirmTakesTheOutcomeOfThePlatform(t *testing.T) {
	u, err := Judge(edToken(`{"alg":"EdDSA"}`, "foo"), edSet(t, `,"kid":"k"`), anyJWT)
	if err != nil {
		t.Fatal(err)
	}
	if !ed25519.Verify(edKey.Public().(ed25519.PublicKey), u.SigningInput(), u.Signature()) {
		t.Error("SigningInput and Signature do not verify")
	}
	if u.Header().Algorithm != EdDSA || u.UnverifiedPayload() != "foo" || !u.Key().Fits(EdDSA) || u.Key().Fits(ES256) {
		t.Error("the seam does not say what to check")
	}
	if _, err := u.Confirm(false); refusedAs(err) != CodeSignature {
		t.Errorf("%v", err)
	}
	if m, err := u.Confirm(true); err != nil || string(m.Payload) != "foo" {
		t.Errorf("%v", err)
	}
	if verify(u.Key(), "none", nil, "") {
		t.Error("an unknown algorithm verifies")
	}
}

type brokenSigner struct{ Signer }

func (brokenSigner) Sign([]byte) ([]byte, error) { return nil, errors.New("device gone") }

func TestSigningFaults(t *testing.T) {
	good := NewEd25519Signer("k", edKey)
	if _, err := Sign(brokenSigner{good}, "JWT", nil); refusedAs(err) != CodeSigning || !strings.Contains(err.Error(), "device gone") {
		t.Errorf("%v", err)
	}
	if _, err := Sign(NewEd25519Signer("k", edKey[:10]), "JWT", nil); refusedAs(err) != CodeSigning {
		t.Errorf("%v", err)
	}
	if _, err := Sign(NewEd25519Signer("\xff", edKey), "JWT", nil); refusedAs(err) != CodeSigning {
		t.Errorf("%v", err)
	}
	if _, err := SigningInput("none", "", "", nil); refusedAs(err) != CodeSigning {
		t.Errorf("%v", err)
	}
}

func TestInspectFaults(t *testing.T) {
	for token, code := range map[string]string{"a.b": CodeMalformed, "?.YQ.YQ": CodeBase64, "YQ.?.YQ": CodeBase64} {
		if _, _, err := Inspect(token, 0); refusedAs(err) != code {
			t.Errorf("%s: %v", token, err)
		}
	}
	if _, _, err := Inspect("YQ.YQ.YQ", 5); refusedAs(err) != CodeTooLarge {
		t.Errorf("%v", err)
	}
}

func TestErrorsCompareByCode(t *testing.T) {
	err := error(&Error{Code: CodeKeyUnknown, Message: "a sentence"})
	if !errors.Is(err, &Error{Code: CodeKeyUnknown}) || errors.Is(err, &Error{Code: CodeSignature}) || errors.Is(err, errors.New("x")) {
		t.Error("Is")
	}
	if err.Error() != "key_unknown: a sentence" {
		t.Error(err)
	}
}

func digestOf(alg, input string) []byte {
	switch alg[2:] {
	case "384":
		h := sha512.Sum384([]byte(input))
		return h[:]
	case "512":
		h := sha512.Sum512([]byte(input))
		return h[:]
	}
	h := sha256.Sum256([]byte(input))
	return h[:]
}

// S of an Ed25519 signature is below the order before any platform is asked:
// whoever has one signature could else write another by adding the order.
func TestEd25519SBelowTheOrder(t *testing.T) {
	at := func(change func(s *big.Int)) string {
		s := new(big.Int).SetBytes(ed25519Order[:])
		change(s)
		b := s.FillBytes(make([]byte, 32))
		slices.Reverse(b) // little-endian
		return string(b)
	}
	for name, c := range map[string]struct {
		s    string
		want bool
	}{
		"0":               {at(func(s *big.Int) { s.SetInt64(0) }), true},
		"the order - 1":   {at(func(s *big.Int) { s.Sub(s, big.NewInt(1)) }), true},
		"the order":       {at(func(*big.Int) {}), false},
		"the order + 1":   {at(func(s *big.Int) { s.Add(s, big.NewInt(1)) }), false},
		"twice the order": {at(func(s *big.Int) { s.Lsh(s, 1) }), false},
		"all ones":        {strings.Repeat("\xff", 32), false},
	} {
		if belowOrder(c.s) != c.want {
			t.Errorf("%s: %v", name, !c.want)
		}
		_, err := Judge(Assemble("eyJhbGciOiJFZERTQSJ9.e30", []byte(strings.Repeat("r", 32)+c.s)), edSet(t, ""), anyJWT)
		if (err == nil) != c.want || err != nil && refusedAs(err) != CodeSignature {
			t.Errorf("%s in a token: %v", name, err)
		}
	}
}
