package jws

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// edNumber is the JWK of the n-th key of this test.
func edNumber(n byte, members string) string {
	key := newEd25519(append(make([]byte, 31), n)).Public().(ed25519.PublicKey)
	return `{"kty":"OKP","crv":"Ed25519","x":"` + encode(key) + `"` + members + `}`
}

// Providers publish several keys under one kid while they change them: the first three
// that fit are tried, and no key of another kid, kind or purpose.
func TestSeveralKeysOfOneKid(t *testing.T) {
	token := edToken(`{"alg":"EdDSA","kid":"k1"}`, "p")
	const k1 = `,"kid":"k1"`
	own := `{"kty":"OKP","crv":"Ed25519","x":"` + edPublic + `"`
	signer := own + k1 + `}`
	other := func(n byte) string { return edNumber(n, k1) }
	for _, test := range []struct {
		name, keys, code string
		tried            int
	}{
		{"the first of two", signer + "," + other(1), "", 2},
		{"the second of two", other(1) + "," + signer, "", 2},
		{"the third", other(1) + "," + other(2) + "," + signer, "", 3},
		{"the fourth is not tried", other(1) + "," + other(2) + "," + other(3) + "," + signer, CodeSignature, 3},
		{"equal ones count once", other(1) + "," + other(1) + "," + other(1) + "," + signer, "", 2},
		{"none of them", other(1) + "," + other(2), CodeSignature, 2},
		{"the signer has another kid", other(1) + "," + other(2) + "," + own + `,"kid":"k2"}`, CodeSignature, 2},
		{"the signer has no kid", other(1) + "," + own + `}`, CodeSignature, 1},
		{"the signer is for encryption", other(1) + "," + own + k1 + `,"use":"enc"}`, CodeSignature, 1},
		{"those that do not fit are not counted", edNumber(1, k1+`,"use":"enc"`) + "," + edNumber(2, k1+`,"alg":"ES256"`) + "," + edNumber(3, k1+`,"key_ops":["sign"]`) + "," + signer, "", 1},
	} {
		set, err := ParseKeySet([]byte(`{"keys":[` + test.keys + `]}`))
		if err != nil {
			t.Fatal(err)
		}
		m, err := Verify(token, set, anyJWT)
		if refusedAs(err) != test.code || err == nil && string(m.Key.x) != string(edKey.Public().(ed25519.PublicKey)) {
			t.Errorf("%s: %v, want %q", test.name, err, test.code)
		}
		u, err := Judge(token, set, anyJWT)
		if err != nil || len(u.Keys()) != test.tried || u.Keys()[0] != u.Key() {
			t.Errorf("%s: %v, and a platform gets %d keys, want %d", test.name, err, len(u.Keys()), test.tried)
			continue
		}
		if v, err := strictjson.Parse(u.JWKs(), strictjson.Limits{}); err != nil || v.Len() != test.tried {
			t.Errorf("%s: %s", test.name, u.JWKs())
		}
		// A platform that checks for itself comes to the same.
		valid := false
		for _, k := range u.Keys() {
			valid = valid || ed25519.Verify(ed25519.PublicKey(k.x), u.SigningInput(), u.Signature())
		}
		if _, err := u.Confirm(valid); refusedAs(err) != test.code {
			t.Errorf("%s, by a platform: %v", test.name, err)
		}
	}
}

// Of RSA keys under one kid only those are tried that can have made a signature of this
// length.
func TestKeysOfOneKidAndTheLengthOfTheSignature(t *testing.T) {
	small, large := rsaKey(t, 2048), rsaKey(t, 3072)
	set := func(keys ...*rsa.PrivateKey) *KeySet {
		var list []string
		for _, k := range keys {
			list = append(list, rsaJWK(k, `,"kid":"k1"`))
		}
		s, err := ParseKeySet([]byte(`{"keys":[` + strings.Join(list, ",") + `]}`))
		if err != nil || len(s.Keys()) != len(keys) {
			t.Fatal(err)
		}
		return s
	}
	token := rsaToken(t, large, RS256, `{"alg":"RS256","kid":"k1"}`)
	u, err := Judge(token, set(small, large), anyJWT)
	if err != nil || len(u.Keys()) != 1 || !u.Check() {
		t.Errorf("%v", err)
	}
	if _, err := Judge(token, set(small), anyJWT); refusedAs(err) != CodeSignatureForm {
		t.Errorf("%v", err)
	}
	unnamed := rsaToken(t, large, RS256, `{"alg":"RS256"}`)
	if _, err := Judge(unnamed, set(small, large), anyJWT); refusedAs(err) != CodeKeyAmbiguous {
		t.Errorf("without kid the length chooses no key: %v", err)
	}
}

func rsaKey(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func rsaJWK(k *rsa.PrivateKey, members string) string {
	return `{"kty":"RSA","n":"` + encode(k.N.Bytes()) + `","e":"` + encode(big.NewInt(int64(k.E)).Bytes()) + `"` + members + `}`
}

func rsaToken(t testing.TB, k *rsa.PrivateKey, a Algorithm, header string) string {
	t.Helper()
	input := encode([]byte(header)) + "." + encode([]byte("p"))
	digest := digestOf(string(a), input)
	hash := map[int]crypto.Hash{32: crypto.SHA256, 48: crypto.SHA384, 64: crypto.SHA512}[len(digest)]
	var opts crypto.SignerOpts = hash
	if a[0] == 'P' {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}
	}
	sig, err := k.Sign(rand.Reader, digest, opts)
	if err != nil {
		t.Fatal(err)
	}
	return Assemble(input, sig)
}

// Each algorithm has its own hash: a signature of one is none of another.
func TestEveryHashHasItsName(t *testing.T) {
	key := rsaKey(t, 2048)
	set, err := ParseKeySet([]byte(`{"keys":[` + rsaJWK(key, "") + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	all := []Algorithm{RS256, RS384, RS512, PS256, PS384, PS512}
	for _, signed := range all {
		for _, named := range all {
			token := rsaToken(t, key, signed, `{"alg":"`+string(named)+`"}`)
			_, err := Verify(token, set, anyJWT)
			if (err == nil) != (signed == named) || err != nil && refusedAs(err) != CodeSignature {
				t.Errorf("signed with %s, called %s: %v", signed, named, err)
			}
		}
	}
	for a, bits := range map[Algorithm]int{RS256: 256, PS384: 384, ES512: 512, EdDSA: 512, "HS256": 0, "": 0} {
		if a.HashBits() != bits {
			t.Errorf("%s: %d", a, a.HashBits())
		}
	}
}

// Integers of P-521 need a length of two bytes in ASN.1, or not, by their size.
func TestSignaturesAsASN1(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParseKey([]byte(`{"kty":"EC","crv":"P-521","x":"` + encode(point[1:67]) + `","y":"` + encode(point[67:]) + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	for range 64 { // r or s is short in one of 128
		input := []byte("p")
		r, s, err := ecdsa.Sign(rand.Reader, key, digestOf("ES512", "p"))
		if err != nil {
			t.Fatal(err)
		}
		sig := make([]byte, 132)
		r.FillBytes(sig[:66])
		s.FillBytes(sig[66:])
		if !verify(k, ES512, input, string(sig)) {
			t.Fatalf("%x", sig)
		}
	}
	for _, test := range []struct{ half, want string }{
		{"\x00\x01", "3006020101020101"},
		{"\x80", "300802020080" + "02020080"},
		{strings.Repeat("\x00", 66), "3006020100020100"},
		{strings.Repeat("\x7f", 62), "308180" + strings.Repeat("023e"+strings.Repeat("7f", 62), 2)},
		{strings.Repeat("\x7f", 61), "307e" + strings.Repeat("023d"+strings.Repeat("7f", 61), 2)},
	} {
		if got := fmt.Sprintf("%x", appendDER(nil, test.half+test.half)); got != test.want {
			t.Errorf("%x: %s, want %s", test.half, got, test.want)
		}
	}
}

// A set is read to its end in bytes: one key too many locks nobody out.
func TestLargeKeySets(t *testing.T) {
	var list []string
	for i := range maxKeys + 2 {
		list = append(list, `{"kty":"OKP","crv":"Ed25519","x":"`+edPublic+`","kid":"k`+strconv.Itoa(i)+`"}`)
	}
	set, err := ParseKeySet([]byte(`{"keys":[` + strings.Join(list, ",") + `]}`))
	if err != nil || len(set.Keys()) != maxKeys || len(set.Remarks()) != 2 || set.Remarks()[1].KeyID != "k1025" {
		t.Fatalf("%v: %d keys, %v", err, len(set.Keys()), set.Remarks())
	}
	for kid, code := range map[string]string{"k0": "", "k1023": "", "k1024": CodeKeyUnknown} {
		if _, err := Verify(edToken(`{"alg":"EdDSA","kid":"`+kid+`"}`, "p"), set, anyJWT); refusedAs(err) != code {
			t.Errorf("%s: %v", kid, err)
		}
	}
	if set, err := ParseKeySet([]byte(`{"keys":[` + strings.Repeat(`{},`, 5000) + list[0] + `]}`)); err != nil || len(set.Keys()) != 1 {
		t.Errorf("what is no key counts: %v", err)
	}
}

func TestKeyHints(t *testing.T) {
	past := Policy{Types: anyJWT.Types, AllowNoType: true, IgnoreKeyHints: true}
	stranger := newEd25519(make([]byte, 32))
	for _, test := range []struct{ members, strict, ignored string }{
		{`"jku":"https://evil.example/keys"`, CodeHeaderForbidden, ""},
		{`"x5u":"https://evil.example/cert"`, CodeHeaderForbidden, ""},
		{`"x5c":["AA=="]`, CodeHeaderForbidden, ""},
		{`"x5c":7,"jku":null`, CodeHeaderForbidden, ""},
		{`"jwk":{"kty":"OKP"}`, CodeHeaderForbidden, CodeHeaderForbidden},
		{`"jku":"https://evil.example","jwk":{}`, CodeHeaderForbidden, CodeHeaderForbidden},
		{`"crit":["jku"],"jku":"x"`, CodeHeaderForbidden, CodeHeaderForbidden},
		{`"jku":"x","b64":false`, CodeHeaderForbidden, CodeHeaderForbidden},
		{`"zip":"DEF"`, CodeHeaderForbidden, CodeHeaderForbidden},
		{`"enc":"A128GCM"`, CodeHeaderForbidden, CodeHeaderForbidden},
		{`"jku":"x","jku":"x"`, CodeHeader, CodeHeader},
	} {
		header := `{"alg":"EdDSA","kid":"k1",` + test.members + `}`
		keys := edSet(t, `,"kid":"k1"`)
		_, err := Verify(edToken(header, "p"), keys, anyJWT)
		if refusedAs(err) != test.strict {
			t.Errorf("%s: %v, want %q", test.members, err, test.strict)
		}
		_, err = Verify(edToken(header, "p"), keys, past)
		if refusedAs(err) != test.ignored {
			t.Errorf("%s, hints ignored: %v, want %q", test.members, err, test.ignored)
		}
		// Whoever signs with another key and names it there gains nothing.
		input := encode([]byte(header)) + "." + encode([]byte("p"))
		if _, err = Verify(Assemble(input, ed25519.Sign(stranger, []byte(input))), keys, past); err == nil {
			t.Errorf("%s: a stranger's signature was accepted", test.members)
		}
	}
	if _, err := Verify(edToken(`{"alg":"EdDSA","jku":"x"}`, "p"), edSet(t, ""), anyJWT); err == nil || !strings.Contains(err.Error(), "IgnoreKeyHints") {
		t.Errorf("the refusal does not name the setting: %v", err)
	}
}

// What an operator gets of a comparison that failed is bounded and printable, and is no
// part of the sentence.
func TestBothSidesOfAComparison(t *testing.T) {
	keys := edSet(t, `,"kid":"k1"`)
	for _, test := range []struct {
		header    string
		p         Policy
		got, want string
	}{
		{`{"alg":"EdDSA","kid":"k\n2"}`, anyJWT, `k\x0a2`, "k1"},
		{`{"alg":"HS256"}`, anyJWT, "HS256", ""},
		{`{"alg":"EdDSA"}`, Policy{AllowNoType: true, Algorithms: []Algorithm{RS256, ES256}}, "EdDSA", "RS256 ES256"},
		{`{"alg":"EdDSA","typ":"at+jwt"}`, anyJWT, "at+jwt", "JWT"},
		{`{"alg":"EdDSA"}`, Policy{AllowNoType: true, MaxSize: 10}, "", "10"},
	} {
		_, err := Verify(edToken(test.header, "p"), keys, test.p)
		e, ok := err.(*Error)
		if !ok || test.got != "" && e.Got != test.got || e.Want != test.want {
			t.Errorf("%s: %+v", test.header, err)
		}
	}
	for s, want := range map[string]string{
		"": "", "plain": "plain", "a\x00é\\": `a\x00\xc3\xa9\x5c`, "\x7f": `\x7f`,
		strings.Repeat("a", 256):          strings.Repeat("a", 256),
		strings.Repeat("a", 257):          strings.Repeat("a", 253) + "...",
		strings.Repeat("\n", 64):          strings.Repeat(`\x0a`, 64),
		strings.Repeat("\n", 65):          strings.Repeat(`\x0a`, 63) + "...",
		strings.Repeat("a", 255) + "\n":   strings.Repeat("a", 253) + "...",
		strings.Repeat("a", 252) + "\n":   strings.Repeat("a", 252) + `\x0a`,
		strings.Repeat("a", 252) + "\nbc": strings.Repeat("a", 252) + "...",
	} {
		if got := Shown(s); got != want || len(got) > 256 {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
	var kids []string
	for i := range 300 {
		kids = append(kids, strconv.Itoa(i))
	}
	if got := listed(kids, " "); len(got) != 256 || !strings.HasSuffix(got, "...") {
		t.Errorf("%q", got)
	}
}
