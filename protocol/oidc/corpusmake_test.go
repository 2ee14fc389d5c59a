package oidc

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"flag"
	"iter"
	"maps"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

var update = flag.Bool("update", false, "write testdata/idtoken-attacks.json anew, with new keys")

const (
	corpusNow = 1_700_000_000
	theIssuer = "https://idp.example"
	theClient = "client-1"
	theNonce  = "n-0S6_WzA2Mj"
)

// maker builds the corpus with the standard library's cryptography and with
// encoding/base64, apart from what it tests.
type maker struct {
	t        *testing.T
	c        *corpus
	rsaKey   *rsa.PrivateKey
	rsaOther *rsa.PrivateKey
	ecKey    *ecdsa.PrivateKey
	ec384    *ecdsa.PrivateKey
	ec521    *ecdsa.PrivateKey
	edKey    ed25519.PrivateKey
	class    string
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestMakeCorpus writes the corpus when asked to with -update.
func TestMakeCorpus(t *testing.T) {
	if !*update {
		return
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	m := &maker{t: t,
		rsaKey:   must(rsa.GenerateKey(rand.Reader, 2048)),
		rsaOther: must(rsa.GenerateKey(rand.Reader, 2048)),
		ecKey:    must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)),
		ec384:    must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)),
		ec521:    must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader)),
		edKey:    edKey,
	}
	m.c = &corpus{About: []string{
		"ID tokens, valid ones and attacks, made for this project with the Go standard library.",
		"A verifier is configured with each case's config (exact issuer, client id, nonce where there is one, hosted domain where there is one), its key set and the time now. Where config has no nonce, the nonce is not checked.",
		"expect ok: the token must be accepted, and its subject be sub. Any other value is the code that Bonafides refuses with; other verifiers must refuse, for whatever reason.",
		"Skew, unless config has one: none for exp, 60 seconds for iat and nbf. Limits, unless config has one: 16 KiB, 16 levels.",
		"Cases of class setting are judged with a setting that opens what is refused without it: authorizedParties, ignoreKeyHints, skew in seconds, tenants, verifyOnly (a token without nonce), match (a claim and the values it may have), maxSize in bytes.",
	}, Now: corpusNow, KeySets: map[string]json.RawMessage{}}
	m.keySets()
	m.cases()
	m.settings()
	b, err := json.MarshalIndent(m.c, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(corpusFile, append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (m *maker) rsaJWK(k *rsa.PrivateKey, more string) string {
	return `{"kty":"RSA","n":"` + b64(k.N.Bytes()) + `","e":"AQAB"` + more + `}`
}

func (m *maker) ecJWK(k *ecdsa.PrivateKey, more string) string {
	p := must(k.PublicKey.Bytes())
	half := len(p) / 2
	return `{"kty":"EC","crv":"` + k.Params().Name + `","x":"` + b64(p[1:1+half]) + `","y":"` + b64(p[1+half:]) + `"` + more + `}`
}

func (m *maker) edJWK(more string) string {
	return `{"kty":"OKP","crv":"Ed25519","x":"` + b64(m.edKey.Public().(ed25519.PublicKey)) + `"` + more + `}`
}

func (m *maker) set(name string, keys ...string) {
	m.c.KeySets[name] = json.RawMessage(`{"keys":[` + strings.Join(keys, ",") + `]}`)
}

func (m *maker) keySets() {
	rs, es, ed, e3 := m.rsaJWK(m.rsaKey, `,"kid":"rs","alg":"RS256","use":"sig"`), m.ecJWK(m.ecKey, `,"kid":"es","alg":"ES256","use":"sig"`),
		m.edJWK(`,"kid":"ed","alg":"EdDSA","use":"sig"`), m.ecJWK(m.ec384, `,"kid":"es384"`)
	m.set("all", rs, es, ed, e3, m.ecJWK(m.ec521, `,"kid":"es512"`))
	m.set("plain", m.rsaJWK(m.rsaKey, `,"kid":"rs"`), m.ecJWK(m.ecKey, `,"kid":"es"`), m.edJWK(`,"kid":"ed"`))
	m.set("one", m.rsaJWK(m.rsaKey, ``))
	m.set("two rsa", rs, m.rsaJWK(m.rsaOther, `,"kid":"rs2"`))
	m.set("same kid twice", rs, m.rsaJWK(m.rsaOther, `,"kid":"rs"`))
	m.set("same kid twice, the other first", m.rsaJWK(m.rsaOther, `,"kid":"rs"`), rs)
	m.set("same kid, none signs", m.rsaJWK(m.rsaOther, `,"kid":"rs"`), m.rsaJWK(must(rsa.GenerateKey(rand.Reader, 2048)), `,"kid":"rs"`))
	others := []string{m.rsaJWK(m.rsaOther, `,"kid":"rs"`)}
	for range 2 {
		others = append(others, m.rsaJWK(must(rsa.GenerateKey(rand.Reader, 2048)), `,"kid":"rs"`))
	}
	m.set("same kid, the fourth signs", append(others, rs)...)
	m.set("no kid, two keys", m.rsaJWK(m.rsaKey, ``), m.rsaJWK(m.rsaOther, ``))
	m.set("same kid, two kinds", m.ecJWK(m.ecKey, `,"kid":"rs"`), rs)
	m.set("unknown kinds beside", `{"kty":"AKP","alg":"ML-DSA-44","kid":"rs","pub":"AA"}`, `{"kty":"oct","kid":"rs","k":"AAAA"}`, rs)
	m.set("encryption", m.rsaJWK(m.rsaKey, `,"kid":"rs","use":"enc"`), m.ecJWK(m.ecKey, `,"kid":"es","use":"enc"`), m.edJWK(`,"kid":"ed","use":"enc"`))
	m.set("no verify", m.rsaJWK(m.rsaKey, `,"kid":"rs","key_ops":["sign"]`), m.ecJWK(m.ecKey, `,"kid":"es","key_ops":["deriveKey"]`), m.edJWK(`,"kid":"ed","key_ops":["encrypt","wrapKey"]`))
	m.set("verify", m.rsaJWK(m.rsaKey, `,"kid":"rs","key_ops":["verify"]`))
	m.set("other alg", m.rsaJWK(m.rsaKey, `,"kid":"rs","alg":"RSA-OAEP"`), m.ecJWK(m.ecKey, `,"kid":"es","alg":"ECDH-ES"`), m.edJWK(`,"kid":"ed","alg":"ES256"`))
	m.set("pss only", m.rsaJWK(m.rsaKey, `,"kid":"rs","alg":"PS256"`))
	small := smallRSA()
	m.set("small", `{"kty":"RSA","kid":"rs","n":"`+b64(small.N.Bytes())+`","e":"AQAB"}`)
	m.set("exponent one", `{"kty":"RSA","kid":"rs","n":"`+b64(m.rsaKey.N.Bytes())+`","e":"AQ"}`)
	m.set("off curve", offCurve(m.ecKey))
	m.set("empty")
}

// smallRSA is a modulus of 1024 bits; nothing is signed with it.
func smallRSA() *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), 1023)
	return &rsa.PublicKey{N: n.Add(n, big.NewInt(0x1235)), E: 65537}
}

func offCurve(k *ecdsa.PrivateKey) string {
	p := must(k.PublicKey.Bytes())
	p[64] ^= 1
	return `{"kty":"EC","kid":"es","crv":"P-256","x":"` + b64(p[1:33]) + `","y":"` + b64(p[33:]) + `"}`
}

// sign returns the signature over input by a real key, as JWS wants it.
func (m *maker) sign(alg, input string) []byte {
	h256, h384, h512 := sha256.Sum256([]byte(input)), sha512.Sum384([]byte(input)), sha512.Sum512([]byte(input))
	pss := func(h crypto.Hash, digest []byte) []byte {
		return must(rsa.SignPSS(rand.Reader, m.rsaKey, h, digest, &rsa.PSSOptions{SaltLength: h.Size()}))
	}
	raw := func(k *ecdsa.PrivateKey, digest []byte) []byte {
		r, s, err := ecdsa.Sign(rand.Reader, k, digest)
		if err != nil {
			panic(err)
		}
		size := (k.Params().BitSize + 7) / 8
		out := make([]byte, 2*size)
		r.FillBytes(out[:size])
		s.FillBytes(out[size:])
		return out
	}
	switch alg {
	case "RS256":
		return must(rsa.SignPKCS1v15(nil, m.rsaKey, crypto.SHA256, h256[:]))
	case "RS384":
		return must(rsa.SignPKCS1v15(nil, m.rsaKey, crypto.SHA384, h384[:]))
	case "RS512":
		return must(rsa.SignPKCS1v15(nil, m.rsaKey, crypto.SHA512, h512[:]))
	case "PS256":
		return pss(crypto.SHA256, h256[:])
	case "PS384":
		return pss(crypto.SHA384, h384[:])
	case "PS512":
		return pss(crypto.SHA512, h512[:])
	case "PS256 salt 20":
		return must(rsa.SignPSS(rand.Reader, m.rsaKey, crypto.SHA256, h256[:], &rsa.PSSOptions{SaltLength: 20}))
	case "ES256":
		return raw(m.ecKey, h256[:])
	case "ES384":
		return raw(m.ec384, h384[:])
	case "ES512":
		return raw(m.ec521, h512[:])
	case "EdDSA":
		return ed25519.Sign(m.edKey, []byte(input))
	}
	panic(alg)
}

var kids = map[string]string{"RS256": "rs", "RS384": "rs", "RS512": "rs", "PS256": "rs", "PS384": "rs", "PS512": "rs",
	"ES256": "es", "ES384": "es384", "ES512": "es512", "EdDSA": "ed"}

func header(alg string) string { return `{"alg":"` + alg + `","kid":"` + kids[alg] + `","typ":"JWT"}` }

// token signs a header and a payload, both as they are.
func (m *maker) token(alg, header, payload string) string {
	input := b64([]byte(header)) + "." + b64([]byte(payload))
	return input + "." + b64(m.sign(alg, input))
}

// claims are the good claims with changes: pairs of a name and its JSON, where
// "-" leaves the claim out.
func claims(changes ...string) string {
	order := []string{"iss", "sub", "aud", "exp", "iat", "nonce", "email", "email_verified"}
	values := map[string]string{"iss": `"` + theIssuer + `"`, "sub": `"user-1"`, "aud": `"` + theClient + `"`, "exp": "1700003600", "iat": "1699999990",
		"nonce": `"` + theNonce + `"`, "email": `"ada@example.com"`, "email_verified": "true"}
	for i := 0; i < len(changes); i += 2 {
		if _, ok := values[changes[i]]; !ok {
			order = append(order, changes[i])
		}
		values[changes[i]] = changes[i+1]
	}
	var parts []string
	for _, name := range order {
		if values[name] != "-" {
			parts = append(parts, `"`+name+`":`+values[name])
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func (m *maker) add(name, keys, token, expect string, configure ...func(*corpusConfig)) {
	c := corpusConfig{Issuer: theIssuer, ClientID: theClient, Nonce: theNonce}
	for _, f := range configure {
		f(&c)
	}
	sub := ""
	if expect == "ok" {
		sub = "user-1"
	}
	m.c.Cases = append(m.c.Cases, corpusCase{Name: name, Class: m.class, Keys: keys, Config: c, Token: token, Expect: expect, Sub: sub})
}

// payload adds a case whose token is good but for its payload.
func (m *maker) payload(name, payload, expect string, configure ...func(*corpusConfig)) {
	m.add(name, "all", m.token("ES256", header("ES256"), payload), expect, configure...)
}

// head adds a case whose token is good but for its header.
func (m *maker) head(name, header, expect string, configure ...func(*corpusConfig)) {
	m.add(name, "all", m.token("ES256", header, claims()), expect, configure...)
}

func noNonce(c *corpusConfig) { c.Nonce = "" }

func (m *maker) cases() {
	good := m.token("RS256", header("RS256"), claims())
	parts := strings.Split(good, ".")
	input := parts[0] + "." + parts[1]
	signature := must(base64.RawURLEncoding.DecodeString(parts[2]))

	m.class = "valid"
	for _, alg := range []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"} {
		keys := "all"
		if alg[1] == 'S' && alg[0] != 'E' && alg != "RS256" {
			keys = "plain"
		}
		m.add(alg, keys, m.token(alg, header(alg), claims()), "ok")
	}
	m.head("no typ", `{"alg":"ES256","kid":"es"}`, "ok")
	m.head("unknown header members", `{"alg":"ES256","kid":"es","x5t":"abc","cty":"x","foo":{"bar":[1,null]}}`, "ok")
	m.head("white space in the header", "{ \"alg\" : \"ES256\" ,\r\n\t\"kid\" : \"es\" }", "ok")
	m.head("escapes in the header", `{"\u0061lg":"\u0045S256","kid":"e\u0073"}`, "ok")
	m.payload("white space in the claims", strings.ReplaceAll(strings.ReplaceAll(claims(), ":", " : "), "https : ", "https:"), "ok")
	m.payload("escapes in the claims", claims("iss", `"https:\/\/idp.example"`, "name", `"\ud83d\ude00\u00e9"`), "ok")
	m.payload("unknown claims", claims("foo", `{"bar":[1,{"baz":null}]}`, "http://example.com/is_root", "true"), "ok")
	m.payload("no nonce asked for", claims("nonce", "-"), "ok", noNonce)
	m.payload("other issuer form", claims("iss", `"accounts.google.com"`), "ok", func(c *corpusConfig) {
		c.Issuer, c.IssuerAliases = GoogleIssuers[0], []string{GoogleIssuers[1]}
	})
	m.payload("email_verified as a string", claims("email_verified", `"true"`), "ok")
	m.payload("a locale that is an object", claims("locale", `{"country":"CH","language":"de"}`, "picture", "null"), "ok")
	m.payload("UTF-8 name", claims("name", `"Ada Löwe 😀"`), "ok")
	m.payload("NUL in a name", claims("name", `"a\u0000b"`), "ok")
	m.add("unknown kinds of keys in the set", "unknown kinds beside", good, "ok")
	m.add("key_ops verify", "verify", good, "ok")
	m.payload("every claim of a large provider", claims("azp", `"`+theClient+`"`, "hd", `"example.com"`, "at_hash", `"HK6E_P6Dh8Y93mRNtsDB1Q"`, "auth_time", "1699999000", "given_name", `"Ada"`, "locale", `"en"`), "ok")

	m.class = "alg"
	m.head("alg missing", `{"kid":"es","typ":"JWT"}`, jws.CodeAlgMissing)
	m.head("alg null", `{"alg":null,"kid":"es"}`, jws.CodeAlgMissing)
	m.head("alg as an array", `{"alg":["ES256"],"kid":"es"}`, jws.CodeAlgMissing)
	m.head("alg empty", `{"alg":"","kid":"es"}`, jws.CodeAlgUnsupported)
	m.head("alg in lower case", `{"alg":"es256","kid":"es"}`, jws.CodeAlgUnsupported)
	m.head("alg with trailing space", `{"alg":"ES256 ","kid":"es"}`, jws.CodeAlgUnsupported)
	m.head("alg with NUL", `{"alg":"ES256\u0000","kid":"es"}`, jws.CodeAlgUnsupported)
	for _, none := range []string{"none", "None", "NONE", "nOnE"} {
		h := b64([]byte(`{"alg":"` + none + `","kid":"rs"}`))
		m.add("alg "+none+", no signature", "all", h+"."+parts[1]+".", jws.CodeAlgUnsupported)
		m.add("alg "+none+", a signature", "all", h+"."+parts[1]+"."+parts[2], jws.CodeAlgUnsupported)
	}
	m.add("signature stripped", "all", input+".", jws.CodeSignatureForm)
	m.add("alg not allowed", "all", good, jws.CodeAlgNotAllowed, func(c *corpusConfig) { c.Algorithms = []string{"ES256"} })
	m.add("RS256 token called RS512", "all", swapHeader(good, `{"alg":"RS512","kid":"rs"}`), jws.CodeKeyMismatch)
	m.add("RS256 token called RS512, key without alg", "plain", swapHeader(good, `{"alg":"RS512","kid":"rs"}`), jws.CodeSignature)
	m.add("PS384 with the salt of PS256", "plain", swapHeader(m.token("PS256", header("PS256"), claims()), header("PS384")), jws.CodeSignature)
	m.add("ES512 with a key of P-256", "all", m.token("ES512", `{"alg":"ES512","kid":"es"}`, claims()), jws.CodeKeyMismatch)
	m.add("ES512 token called ES256", "all", swapHeader(m.token("ES512", header("ES512"), claims()), `{"alg":"ES256","kid":"es512"}`), jws.CodeKeyMismatch)
	m.head("alg ES256K", `{"alg":"ES256K","kid":"es"}`, jws.CodeAlgUnsupported)
	m.head("alg ES521", `{"alg":"ES521","kid":"es512"}`, jws.CodeAlgUnsupported)
	m.head("alg HS512", `{"alg":"HS512","kid":"es"}`, jws.CodeAlgUnsupported)
	m.add("RS256 token called PS256", "plain", swapHeader(good, `{"alg":"PS256","kid":"rs"}`), jws.CodeSignature)
	m.add("PS256 with a key for RS256", "all", m.token("PS256", header("PS256"), claims()), jws.CodeKeyMismatch)
	m.add("PS256 with a salt of 20 bytes", "plain", m.token("PS256 salt 20", header("PS256"), claims()), jws.CodeSignature)

	m.class = "key confusion"
	for name, secret := range sorted(m.publicKeyEncodings()) {
		for _, kid := range []string{`,"kid":"rs"`, ``} {
			h := `{"alg":"HS256"` + kid + `,"typ":"JWT"}`
			in := b64([]byte(h)) + "." + b64([]byte(claims()))
			mac := hmac.New(sha256.New, secret)
			mac.Write([]byte(in))
			suffix := ", with kid"
			if kid == "" {
				suffix = ", without kid"
			}
			m.add("HS256 keyed with the public key: "+name+suffix, "plain", in+"."+b64(mac.Sum(nil)), jws.CodeAlgUnsupported)
		}
	}
	m.add("ES256 token with kid of the RSA key", "all", m.token("ES256", `{"alg":"ES256","kid":"rs"}`, claims()), jws.CodeKeyMismatch)
	m.add("RS256 token with kid of the EC key", "all", m.token("RS256", `{"alg":"RS256","kid":"es"}`, claims()), jws.CodeKeyMismatch)
	m.add("EdDSA token with kid of the EC key", "all", m.token("EdDSA", `{"alg":"EdDSA","kid":"es"}`, claims()), jws.CodeKeyMismatch)
	m.add("ES384 token with kid of the P-256 key", "all", m.token("ES384", `{"alg":"ES384","kid":"es"}`, claims()), jws.CodeKeyMismatch)

	m.class = "key use"
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		tok := m.token(alg, header(alg), claims())
		m.add(alg+" with a key for encryption", "encryption", tok, jws.CodeKeyMismatch)
		m.add(alg+" with key_ops without verify", "no verify", tok, jws.CodeKeyMismatch)
		m.add(alg+" with a key of another alg", "other alg", tok, jws.CodeKeyMismatch)
	}
	m.add("RS256 with a key for PS256", "pss only", good, jws.CodeKeyMismatch)
	m.add("RSA key of 1024 bits", "small", good, jws.CodeKeyUnusable)
	m.add("RSA exponent 1", "exponent one", exponentOne(m, input), jws.CodeKeyUnusable)
	m.add("EC key off its curve", "off curve", m.token("ES256", header("ES256"), claims()), jws.CodeKeyUnusable)

	m.class = "crit"
	m.head("crit unknown", `{"alg":"ES256","kid":"es","crit":["http://example.com/x"],"http://example.com/x":1}`, jws.CodeHeaderForbidden)
	m.head("crit empty", `{"alg":"ES256","kid":"es","crit":[]}`, jws.CodeHeaderForbidden)
	m.head("crit null", `{"alg":"ES256","kid":"es","crit":null}`, jws.CodeHeaderForbidden)
	m.head("crit as a string", `{"alg":"ES256","kid":"es","crit":"exp"}`, jws.CodeHeaderForbidden)
	m.head("crit with a standard name", `{"alg":"ES256","kid":"es","crit":["alg"]}`, jws.CodeHeaderForbidden)
	m.head("crit with exp, which is there", `{"alg":"ES256","kid":"es","crit":["exp"],"exp":1}`, jws.CodeHeaderForbidden)
	m.head("crit b64", `{"alg":"ES256","kid":"es","crit":["b64"],"b64":true}`, jws.CodeHeaderForbidden)
	m.head("b64 false without crit", `{"alg":"ES256","kid":"es","b64":false}`, jws.CodeHeaderForbidden)
	m.add("b64 false, payload unencoded", "all", m.unencoded(), jws.CodeHeaderForbidden)
	m.head("zip", `{"alg":"ES256","kid":"es","zip":"DEF"}`, jws.CodeHeaderForbidden)
	m.add("zip, payload compressed", "all", m.token("ES256", `{"alg":"ES256","kid":"es","zip":"DEF"}`, deflate(claims())), jws.CodeHeaderForbidden)

	m.class = "duplicate name"
	m.head("alg twice", `{"alg":"ES256","alg":"ES256","kid":"es"}`, jws.CodeHeader)
	m.head("alg twice, none first", `{"alg":"none","alg":"ES256","kid":"es"}`, jws.CodeHeader)
	m.head("kid twice", `{"alg":"ES256","kid":"es","kid":"rs"}`, jws.CodeHeader)
	m.head("alg twice, one escaped", `{"alg":"ES256","kid":"es","\u0061lg":"none"}`, jws.CodeHeader)
	m.head("a name twice inside a header member", `{"alg":"ES256","kid":"es","x":{"a":1,"a":2}}`, jws.CodeHeader)
	for _, name := range []string{"sub", "iss", "aud", "exp", "nonce"} {
		one := claims()
		value := map[string]string{"sub": `"user-2"`, "iss": `"https://evil.example"`, "aud": `"client-2"`, "exp": "9999999999", "nonce": `"other"`}[name]
		m.payload(name+" twice, bad last", one[:len(one)-1]+`,"`+name+`":`+value+`}`, CodeClaims)
		m.payload(name+" twice, bad first", `{"`+name+`":`+value+`,`+one[1:], CodeClaims)
	}
	m.payload("sub twice, equal", `{"sub":"user-1",`+claims()[1:], CodeClaims)
	m.payload("sub twice, one escaped", `{"\u0073ub":"user-2",`+claims()[1:], CodeClaims)
	m.payload("a name twice, two levels down", claims("address", `{"x":{"a":1,"a":1}}`), CodeClaims)
	m.payload("a name twice inside an array", claims("roles", `[{"a":1},{"b":1,"b":1}]`), CodeClaims)

	m.class = "name case"
	m.payload("AUD is ours, aud is not", claims("aud", `"client-2"`, "AUD", `"`+theClient+`"`), CodeAudience)
	m.payload("Aud alone", claims("aud", "-", "Aud", `"`+theClient+`"`), CodeAudience)
	m.payload("ISS is ours, iss is not", claims("iss", `"https://evil.example"`, "ISS", `"`+theIssuer+`"`), CodeIssuer)
	m.payload("EXP later, exp over", claims("exp", "1699999999", "EXP", "1700003600"), CodeExpired)
	m.payload("Sub alone", claims("sub", "-", "Sub", `"user-1"`), CodeSubject)
	m.payload("NONCE is ours, nonce is not", claims("nonce", `"other"`, "NONCE", `"`+theNonce+`"`), CodeNonce)
	m.payload("long s for s in sub", claims("sub", "-", "\u017fub", `"user-1"`), CodeSubject)
	m.payload("AUD of somebody else is an unknown claim", claims("AUD", `"client-2"`, "Sub", `"user-2"`), "ok")
	m.head("ALG alone", `{"ALG":"ES256","kid":"es"}`, jws.CodeAlgMissing)
	m.head("CRIT is an unknown member", `{"alg":"ES256","kid":"es","CRIT":["x"]}`, "ok")

	m.class = "base64url"
	m.add("padding in the header", "all", parts[0]+"=."+parts[1]+"."+parts[2], jws.CodeBase64)
	m.add("padding in the payload", "all", parts[0]+"."+parts[1]+"=="+"."+parts[2], jws.CodeBase64)
	m.add("padding in the signature", "all", good+"==", jws.CodeBase64)
	m.add("line feed at the end", "all", good+"\n", jws.CodeBase64)
	m.add("carriage return and line feed inside the signature", "all", good[:len(good)-8]+"\r\n"+good[len(good)-8:], jws.CodeBase64)
	m.add("line feed inside the payload", "all", parts[0]+"."+parts[1][:4]+"\n"+parts[1][4:]+"."+parts[2], jws.CodeBase64)
	m.add("line feed inside the header", "all", parts[0][:4]+"\n"+parts[0][4:]+"."+parts[1]+"."+parts[2], jws.CodeBase64)
	m.add("space before", "all", " "+good, jws.CodeBase64)
	m.add("space after", "all", good+" ", jws.CodeBase64)
	m.add("unused bits in the signature", "all", good[:len(good)-1]+nextCharacter(good[len(good)-1]), jws.CodeBase64)
	unused := m.token("ES256", header("ES256"), claims("x", `"1"`)) // a payload of a length that leaves bits over
	for pad := "1"; len(strings.Split(unused, ".")[1])%4 == 0; pad += "1" {
		unused = m.token("ES256", header("ES256"), claims("x", `"`+pad+`"`))
	}
	up := strings.Split(unused, ".")
	bent := up[0] + "." + up[1][:len(up[1])-1] + nextCharacter(up[1][len(up[1])-1])
	m.add("unused bits in the payload, signed like that", "all", bent+"."+b64(m.sign("ES256", bent)), jws.CodeBase64)
	std := m.token("ES256", header("ES256"), claims("x", `"???>>>~~~"`))
	sp := strings.Split(std, ".")
	raw := must(base64.RawURLEncoding.DecodeString(sp[1]))
	stdInput := sp[0] + "." + base64.RawStdEncoding.EncodeToString(raw)
	if !strings.ContainsAny(stdInput, "+/") {
		m.t.Fatal("the payload needs none of the two differing characters")
	}
	m.add("standard alphabet in the payload, signed like that", "all", stdInput+"."+b64(m.sign("ES256", stdInput)), jws.CodeBase64)
	padded := parts[0] + "." + base64.URLEncoding.EncodeToString([]byte(claims("x", `"12"`)))
	for !strings.HasSuffix(padded, "=") {
		padded = parts[0] + "." + base64.URLEncoding.EncodeToString([]byte(claims("x", `"123"`)))
	}
	m.add("padding, signed like that", "all", padded+"."+b64(m.sign("RS256", padded)), jws.CodeBase64)
	m.add("a question mark inside the signature", "all", good[:len(good)-5]+"?"+good[len(good)-4:], jws.CodeBase64)
	m.add("NUL inside the signature", "all", good[:len(good)-5]+"\x00"+good[len(good)-4:], jws.CodeBase64)

	m.class = "serialisation"
	m.add("flattened JSON", "all", `{"protected":"`+parts[0]+`","payload":"`+parts[1]+`","signature":"`+parts[2]+`"}`, jws.CodeMalformed)
	m.add("general JSON", "all", `{"payload":"`+parts[1]+`","signatures":[{"protected":"`+parts[0]+`","signature":"`+parts[2]+`"}]}`, jws.CodeMalformed)
	m.add("empty string", "all", "", jws.CodeMalformed)
	m.add("one part", "all", parts[0], jws.CodeMalformed)
	m.add("two parts", "all", input, jws.CodeMalformed)
	m.add("four parts", "all", good+".AAAA", jws.CodeMalformed)
	m.add("dot at the end", "all", good+".", jws.CodeMalformed)
	m.add("dot at the beginning", "all", "."+good, jws.CodeMalformed)
	m.add("two dots alone", "all", "..", jws.CodeHeader)
	m.add("header empty", "all", "."+parts[1]+"."+parts[2], jws.CodeHeader)
	m.add("header is null", "all", swapHeader(good, "null"), jws.CodeHeader)
	m.add("header is an array", "all", swapHeader(good, `["RS256"]`), jws.CodeHeader)
	m.add("header is a string", "all", swapHeader(good, `"RS256"`), jws.CodeHeader)
	m.add("header is cut", "all", swapHeader(good, `{"alg":"RS256"`), jws.CodeHeader)
	m.add("Bearer before", "all", "Bearer "+good, jws.CodeBase64)
	m.add("quotes around", "all", `"`+good+`"`, jws.CodeBase64)

	m.class = "trailing data"
	for name, tail := range sorted(map[string]string{"a brace": "}", "an object": `{"sub":"user-2"}`, "NUL": "\x00", "a letter": "x", "a comma": ","}) {
		m.payload("after the claims: "+name, claims()+tail, CodeClaims)
		m.head("after the header: "+name, header("ES256")+tail, jws.CodeHeader)
	}
	m.payload("before the claims: byte order mark", "\ufeff"+claims(), CodeClaims)
	m.payload("a comma before the closing brace", strings.TrimSuffix(claims(), "}")+",}", CodeClaims)
	m.payload("a comment", "/**/"+claims(), CodeClaims)
	m.payload("white space after the claims", claims()+" \r\n\t", "ok")

	m.class = "UTF-8"
	for name, text := range sorted(map[string]string{"a lone byte": "\xff", "overlong": "\xc0\xaf", "a surrogate": "\xed\xa0\x80", "cut": "\xe2\x82", "Latin-1": "\xe4", "beyond Unicode": "\xf4\x90\x80\x80"}) {
		m.payload("name with "+name, claims("name", `"a`+text+`"`), CodeClaims)
	}
	m.payload("sub with a lone byte", claims("sub", "\"user-1\xff\""), CodeClaims)
	m.payload("a claim's name not UTF-8", claims("\xff", "1"), CodeClaims)
	m.payload("lone surrogate escape", claims("name", `"\ud800"`), "ok")
	m.payload("surrogate escapes the wrong way round", claims("name", `"\udc00\ud800"`), "ok")
	m.payload("lone surrogate escape in an address", claims("address", `{"locality":"x\ud83d"}`), "ok")
	m.payload("lone surrogate escape and a good name", claims("given_name", `"\ud83d"`, "name", `"\ud83d\ude00"`), "ok")
	for _, claim := range []string{"sub", "iss", "aud", "azp", "nonce", "at_hash", "sid", "hd", "groups", "email_verified"} {
		value := map[string]string{"iss": `"` + theIssuer + `\ud83d"`, "sub": `"user-1\ud83d"`, "nonce": `"` + theNonce + `\udc00"`, "aud": `["client-1","\ud83d"]`}[claim]
		if value == "" {
			value = `"\ud83d"`
		}
		m.payload("lone surrogate escape in "+claim, claims(claim, value), CodeClaims)
	}
	m.payload("lone surrogate escape in a claim's name", claims("name\\ud83d", `"x"`), CodeClaims)
	m.payload("lone surrogate escape in a name inside a claim", claims("address", `{"\ud83d":1}`), CodeClaims)
	m.payload("lone surrogate escape in a name that is there twice", claims("name", `"\ud83d"`, "\\u006eame", `"x"`), CodeClaims)
	m.head("lone surrogate escape in the header", `{"alg":"ES256","kid":"es","name":"\ud83d"}`, jws.CodeHeader)
	m.head("header not UTF-8", "{\"alg\":\"ES256\",\"kid\":\"es\",\"x\":\"\xff\"}", jws.CodeHeader)
	m.payload("UTF-16", string(utf16(claims())), CodeClaims)

	m.class = "payload"
	for _, p := range [][2]string{{"null", "null"}, {"true", "true"}, {"a number", "1"}, {"a string", `"x"`}, {"an empty array", "[]"}, {"the claims in an array", "[" + claims() + "]"},
		{"empty", ""}, {"a space", " "}, {"a brace", "{"}, {"a member without a value", `{"a":}`}, {"the claims as a string", string(must(json.Marshal(claims())))}} {
		m.payload("payload: "+p[0], p[1], CodeClaims)
	}
	m.payload("payload: an empty object", "{}", CodeIssuer)
	m.payload("a control character in a string", claims("name", "\"a\nb\""), CodeClaims)
	m.payload("a name without quotes", strings.Replace(claims(), `"sub"`, `sub`, 1), CodeClaims)
	m.payload("single quotes", strings.ReplaceAll(claims(), `"`, `'`), CodeClaims)

	m.class = "signature form"
	ecTok := m.token("ES256", header("ES256"), claims())
	ecInput := ecTok[:strings.LastIndexByte(ecTok, '.')]
	ecSig := must(base64.RawURLEncoding.DecodeString(ecTok[len(ecInput)+1:]))
	order := elliptic.P256().Params().N.Bytes()
	der := must(asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(ecSig[:32]), new(big.Int).SetBytes(ecSig[32:])}))
	for _, s := range []struct {
		name string
		sig  []byte
		code string
	}{
		{"empty", nil, jws.CodeSignatureForm}, {"one byte", []byte{1}, jws.CodeSignatureForm}, {"r alone", ecSig[:32], jws.CodeSignatureForm},
		{"a byte short", ecSig[:63], jws.CodeSignatureForm}, {"a byte long", append(ecSig[:64:64], 0), jws.CodeSignatureForm},
		{"a zero byte before", append([]byte{0}, ecSig...), jws.CodeSignatureForm}, {"DER", der, jws.CodeSignatureForm},
		{"all zero", make([]byte, 64), jws.CodeSignature}, {"r zero", append(make([]byte, 32), ecSig[32:]...), jws.CodeSignature},
		{"s zero", append(ecSig[:32:32], make([]byte, 32)...), jws.CodeSignature}, {"r is n", append(order[:32:32], ecSig[32:]...), jws.CodeSignature},
		{"s is n", append(ecSig[:32:32], order...), jws.CodeSignature}, {"all ones", bytes.Repeat([]byte{0xff}, 64), jws.CodeSignature},
		{"r and s swapped", append(ecSig[32:64:64], ecSig[:32]...), jws.CodeSignature}, {"a bit flipped", flip(ecSig), jws.CodeSignature},
		{"of the size of P-384", make([]byte, 96), jws.CodeSignatureForm},
	} {
		m.add("ES256 signature: "+s.name, "all", ecInput+"."+b64(s.sig), s.code)
	}
	s := new(big.Int).SetBytes(ecSig[32:])
	s.Sub(elliptic.P256().Params().N, s)
	m.add("ES256 signature with n - s, as valid as the other", "all", ecInput+"."+b64(append(ecSig[:32:32], s.FillBytes(make([]byte, 32))...)), "ok")
	for _, s := range []struct {
		name string
		sig  []byte
		code string
	}{
		{"all zero", make([]byte, 256), jws.CodeSignature}, {"all ones", bytes.Repeat([]byte{0xff}, 256), jws.CodeSignature}, {"one", append(make([]byte, 255), 1), jws.CodeSignature},
		{"a byte short", signature[:255], jws.CodeSignatureForm}, {"a zero byte before", append([]byte{0}, signature...), jws.CodeSignatureForm},
		{"a zero byte after", append(signature[:256:256], 0), jws.CodeSignatureForm}, {"plus the modulus", plusModulus(m.rsaKey, signature), jws.CodeSignatureForm},
		{"a bit flipped", flip(signature), jws.CodeSignature}, {"by another key", must(rsa.SignPKCS1v15(nil, m.rsaOther, crypto.SHA256, digest(input))), jws.CodeSignature},
		{"over SHA-512", must(rsa.SignPKCS1v15(nil, m.rsaKey, crypto.SHA512, digest512(input))), jws.CodeSignature},
	} {
		m.add("RS256 signature: "+s.name, "all", input+"."+b64(s.sig), s.code)
	}
	edTok := m.token("EdDSA", header("EdDSA"), claims())
	edInput := edTok[:strings.LastIndexByte(edTok, '.')]
	edSig := must(base64.RawURLEncoding.DecodeString(edTok[len(edInput)+1:]))
	m.add("EdDSA signature: all zero", "all", edInput+"."+b64(make([]byte, 64)), jws.CodeSignature)
	m.add("EdDSA signature: a bit flipped", "all", edInput+"."+b64(flip(edSig)), jws.CodeSignature)
	m.add("EdDSA signature: a byte short", "all", edInput+"."+b64(edSig[:63]), jws.CodeSignatureForm)
	m.add("EdDSA signature: S plus the order", "all", edInput+"."+b64(plusOrder(edSig)), jws.CodeSignature)
	m.add("payload changed", "all", parts[0]+"."+b64([]byte(claims("sub", `"user-2"`)))+"."+parts[2], jws.CodeSignature)
	m.add("header changed", "all", swapHeader(good, `{"alg":"RS256","kid":"rs","x":1}`), jws.CodeSignature)
	m.add("header and payload swapped", "all", parts[1]+"."+parts[0]+"."+parts[2], jws.CodeAlgMissing)

	m.class = "embedded key"
	_, evil, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		m.t.Fatal(err)
	}
	evilJWK := `{"kty":"OKP","crv":"Ed25519","x":"` + b64(evil.Public().(ed25519.PublicKey)) + `"}`
	for name, member := range sorted(map[string]string{
		"jwk": `"jwk":` + evilJWK, "jku": `"jku":"https://evil.example/jwks.json"`, "x5u": `"x5u":"https://evil.example/cert.pem"`, "x5c": `"x5c":["` + b64([]byte("cert")) + `"]`,
		"jwk null": `"jwk":null`, "jku of the issuer": `"jku":"https://idp.example/jwks.json"`,
	}) {
		in := b64([]byte(`{"alg":"EdDSA",`+member+`}`)) + "." + b64([]byte(claims()))
		m.add(name+", signed by its key", "all", in+"."+b64(ed25519.Sign(evil, []byte(in))), jws.CodeHeaderForbidden)
		m.head(name+" beside a good signature", `{"alg":"ES256","kid":"es",`+member+`}`, jws.CodeHeaderForbidden)
	}

	m.class = "kid"
	m.add("missing, one candidate", "one", m.token("RS256", `{"alg":"RS256"}`, claims()), "ok")
	m.add("missing, one candidate of this kind", "all", m.token("RS256", `{"alg":"RS256"}`, claims()), "ok")
	m.add("missing, two candidates", "two rsa", m.token("RS256", `{"alg":"RS256"}`, claims()), jws.CodeKeyAmbiguous)
	m.add("given, the only key has none", "one", good, jws.CodeKeyUnknown)
	m.add("unknown", "all", m.token("RS256", `{"alg":"RS256","kid":"rs9"}`, claims()), jws.CodeKeyUnknown)
	m.add("in another case", "all", m.token("RS256", `{"alg":"RS256","kid":"RS"}`, claims()), jws.CodeKeyUnknown)
	m.add("empty, one candidate of this kind", "all", m.token("RS256", `{"alg":"RS256","kid":""}`, claims()), "ok")
	m.add("empty, two candidates", "two rsa", m.token("RS256", `{"alg":"RS256","kid":""}`, claims()), jws.CodeKeyAmbiguous)
	m.add("a number", "all", m.token("RS256", `{"alg":"RS256","kid":1}`, claims()), jws.CodeKeyID)
	m.add("null", "all", m.token("RS256", `{"alg":"RS256","kid":null}`, claims()), jws.CodeKeyID)
	m.add("an array", "all", m.token("RS256", `{"alg":"RS256","kid":["rs"]}`, claims()), jws.CodeKeyID)
	for _, kid := range []string{"../../../../dev/null", "rs' UNION SELECT 'x", "rs; cat /etc/passwd", "https://evil.example/keys#rs", "rs\\u0000", "rs\\n", "__proto__", "${jndi:ldap://evil.example}"} {
		m.add("injection "+kid, "all", m.token("RS256", `{"alg":"RS256","kid":"`+kid+`"}`, claims()), jws.CodeKeyUnknown)
	}
	m.add("twice in the set", "same kid twice", good, "ok")
	m.add("twice in the set, the second signed", "same kid twice, the other first", good, "ok")
	m.add("twice in the set, neither signed", "same kid, none signs", good, jws.CodeSignature)
	m.add("four times in the set, the fourth signed", "same kid, the fourth signs", good, jws.CodeSignature)
	m.add("missing, two keys without one", "no kid, two keys", m.token("RS256", `{"alg":"RS256"}`, claims()), jws.CodeKeyAmbiguous)
	m.add("twice in the set, keys of two kinds", "same kid, two kinds", good, "ok")
	m.add("no keys at all", "empty", good, jws.CodeKeyUnknown)

	m.class = "iss"
	for name, iss := range sorted(map[string]string{"another": `"https://evil.example"`, "slash at the end": `"https://idp.example/"`, "upper case": `"https://IDP.example"`, "http": `"http://idp.example"`,
		"a prefix": `"https://idp.exampl"`, "longer": `"https://idp.example.evil.example"`, "port": `"https://idp.example:443"`, "empty": `""`, "space": `" https://idp.example"`, "missing": "-"}) {
		m.payload("iss "+name, claims("iss", iss), CodeIssuer)
	}
	m.payload("iss without a scheme, not configured", claims("iss", `"idp.example"`), CodeIssuer)
	m.payload("iss of Google without its scheme, not configured", claims("iss", `"accounts.google.com"`), CodeIssuer, func(c *corpusConfig) { c.Issuer = GoogleIssuers[0] })

	m.class = "aud"
	trusted := func(c *corpusConfig) { c.TrustedAudiences = []string{"https://api.example"} }
	m.payload("aud another client", claims("aud", `"client-2"`), CodeAudience)
	m.payload("aud missing", claims("aud", "-"), CodeAudience)
	m.payload("aud empty", claims("aud", `""`), CodeAudience)
	m.payload("aud empty array", claims("aud", `[]`), CodeAudience)
	m.payload("aud a prefix", claims("aud", `"client-"`), CodeAudience)
	m.payload("aud longer", claims("aud", `"client-11"`), CodeAudience)
	m.payload("aud upper case", claims("aud", `"CLIENT-1"`), CodeAudience)
	m.payload("aud contains ours in a list of text", claims("aud", `"client-1 client-2"`), CodeAudience)
	m.payload("aud an array of ours", claims("aud", `["client-1"]`), "ok")
	m.payload("aud ours twice", claims("aud", `["client-1","client-1"]`), "ok")
	m.payload("aud ours and a stranger", claims("aud", `["client-1","client-2"]`, "azp", `"client-1"`), CodeAudienceExtra)
	m.payload("aud a stranger and ours", claims("aud", `["client-2","client-1"]`, "azp", `"client-1"`), CodeAudienceExtra)
	m.payload("aud ours and a trusted one", claims("aud", `["client-1","https://api.example"]`, "azp", `"client-1"`), "ok", trusted)
	m.payload("aud ours and a trusted one, azp missing", claims("aud", `["client-1","https://api.example"]`), CodeAzp, trusted)
	m.payload("aud a trusted one alone", claims("aud", `"https://api.example"`), CodeAudience, trusted)
	m.payload("aud two strangers", claims("aud", `["client-2","client-3"]`), CodeAudience)

	m.class = "azp"
	m.payload("azp ours", claims("azp", `"client-1"`), "ok")
	m.payload("azp another client", claims("azp", `"client-2"`), CodeAzp)
	m.payload("azp empty", claims("azp", `""`), CodeAzp)
	m.payload("azp another, several audiences", claims("aud", `["client-1","https://api.example"]`, "azp", `"https://api.example"`), CodeAzp, trusted)

	m.class = "exp"
	at := func(now int64) func(*corpusConfig) { return func(c *corpusConfig) { c.Now = now } }
	m.payload("exp missing", claims("exp", "-"), CodeExpMissing)
	m.payload("exp one second ago", claims("exp", "1699999999"), CodeExpired)
	m.payload("exp now", claims("exp", "1700000000"), CodeExpired)
	m.payload("exp in one second", claims("exp", "1700000001"), "ok")
	m.payload("exp zero", claims("exp", "0"), CodeExpired)
	m.payload("exp long ago", claims("exp", "1"), CodeExpired)
	m.payload("no skew for exp", claims("exp", "1700000000"), CodeExpired, at(1700000059))
	m.payload("exp in a hundred years", claims("exp", "4855680000"), "ok")

	m.class = "iat"
	m.payload("iat missing", claims("iat", "-"), CodeIatMissing)
	m.payload("iat 60 seconds ahead", claims("iat", "1700000060"), "ok")
	m.payload("iat 61 seconds ahead", claims("iat", "1700000061"), CodeIssuedLater)
	m.payload("iat far ahead", claims("iat", "1800000000"), CodeIssuedLater)
	m.payload("iat years ago", claims("iat", "1"), "ok")
	m.payload("iat zero", claims("iat", "0"), "ok")

	m.class = "nbf"
	m.payload("nbf now", claims("nbf", "1700000000"), "ok")
	m.payload("nbf 60 seconds ahead", claims("nbf", "1700000060"), "ok")
	m.payload("nbf 61 seconds ahead", claims("nbf", "1700000061"), CodeNotYet)

	m.class = "numbers"
	for _, claim := range []string{"exp", "iat", "nbf"} {
		for name, value := range sorted(map[string]string{"a string": `"1700003600"`, "negative": "-1", "minus zero": "-0", "1e30": "1e30", "1e400": "1e400", "null": "null", "true": "true", "an array": "[1700003600]", "an object": "{}",
			"2^53": "9007199254740992", "2^63": "9223372036854775808", "an empty string": `""`}) {
			m.payload(claim+" "+name, claims(claim, value), CodeClaimType)
		}
		m.payload(claim+" with a leading zero", claims(claim, "01700003600"), CodeClaims)
		m.payload(claim+" with a plus", claims(claim, "+1700003600"), CodeClaims)
		m.payload(claim+" in hexadecimal", claims(claim, "0x6554"), CodeClaims)
		m.payload(claim+" NaN", claims(claim, "NaN"), CodeClaims)
		m.payload(claim+" Infinity", claims(claim, "Infinity"), CodeClaims)
	}
	m.payload("exp with a fraction", claims("exp", "1700000000.5"), "ok")
	m.payload("exp with a fraction, over", claims("exp", "1699999999.999"), CodeExpired)
	m.payload("exp with a zero fraction", claims("exp", "1700000000.0"), CodeExpired)
	m.payload("exp with an exponent", claims("exp", "1.8e9"), "ok")
	m.payload("exp with an exponent, over", claims("exp", "16E+8"), CodeExpired)
	m.payload("iat with a fraction", claims("iat", "1699999990.25"), "ok")
	m.payload("exp 2^53-1", claims("exp", "9007199254740991"), "ok")

	m.class = "nonce"
	m.payload("nonce missing", claims("nonce", "-"), CodeNonceMissing)
	m.payload("nonce empty", claims("nonce", `""`), CodeNonceMissing)
	m.payload("nonce another", claims("nonce", `"other"`), CodeNonce)
	m.payload("nonce a prefix", claims("nonce", `"n-0S6_WzA2M"`), CodeNonce)
	m.payload("nonce longer", claims("nonce", `"n-0S6_WzA2Mj "`), CodeNonce)
	m.payload("nonce in another case", claims("nonce", `"N-0s6_wZa2mJ"`), CodeNonce)

	m.class = "sub"
	long := strings.Repeat("a", 255)
	m.payload("sub missing", claims("sub", "-"), CodeSubject)
	m.payload("sub empty", claims("sub", `""`), CodeSubject)
	m.payload("sub null", claims("sub", "null"), CodeSubject)
	m.payload("sub a number", claims("sub", "1"), CodeSubject)
	m.payload("sub an array", claims("sub", `["user-1"]`), CodeSubject)
	m.payload("sub of 256 characters", claims("sub", `"`+long+`a"`), CodeSubject)
	m.payload("sub not ASCII", claims("sub", `"üser"`), CodeSubject)
	m.payload("sub with a line feed", claims("sub", `"user-1\nok user-2"`), CodeSubject)
	m.payload("sub with NUL", claims("sub", `"user-1\u0000"`), CodeSubject)
	m.payload("sub of 255 characters", claims("sub", `"`+long+`"`), "ok")
	m.c.Cases[len(m.c.Cases)-1].Sub = long

	m.class = "hd"
	hd := func(want string) func(*corpusConfig) {
		return func(c *corpusConfig) { c.HostedDomain = want }
	}
	m.payload("hd ours", claims("hd", `"example.com"`), "ok", hd("example.com"))
	m.payload("hd missing", claims(), CodeHostedDomain, hd("example.com"))
	m.payload("hd another", claims("hd", `"evil.example"`), CodeHostedDomain, hd("example.com"))
	m.payload("hd a subdomain", claims("hd", `"a.example.com"`), CodeHostedDomain, hd("example.com"))
	m.payload("hd no string", claims("hd", `["example.com"]`), CodeHostedDomain, hd("example.com"))
	m.payload("hd in the e-mail address only", claims("email", `"ada@example.com"`), CodeHostedDomain, hd("example.com"))
	m.payload("hd any", claims("hd", `"example.com"`), "ok", hd("*"))
	m.payload("hd any, missing", claims(), CodeHostedDomain, hd("*"))
	m.payload("hd not asked for", claims("hd", `"evil.example"`), "ok")

	m.class = "size and depth"
	m.payload("16 levels", claims("x", strings.Repeat("[", 15)+strings.Repeat("]", 15)), "ok")
	m.payload("17 levels", claims("x", strings.Repeat("[", 16)+strings.Repeat("]", 16)), CodeClaims)
	m.payload("5,000 levels", claims("x", strings.Repeat("[", 5000)+strings.Repeat("]", 5000)), CodeClaims)
	m.payload("5,000 levels, never closed", claims("x", strings.Repeat("[", 5000)), CodeClaims)
	m.payload("1,000 levels of objects", claims("x", strings.Repeat(`{"a":`, 1000)+"1"+strings.Repeat("}", 1000)), CodeClaims)
	m.payload("just under 16 KiB", claims("x", `"`+strings.Repeat("x", 11800)+`"`), "ok")
	m.payload("above 16 KiB", claims("x", `"`+strings.Repeat("x", 12300)+`"`), jws.CodeTooLarge)
	m.head("a header above 16 KiB", `{"alg":"ES256","kid":"es","x":"`+strings.Repeat("x", 13000)+`"}`, jws.CodeTooLarge)
	m.head("a deep header", `{"alg":"ES256","kid":"es","x":`+strings.Repeat("[", 1000)+strings.Repeat("]", 1000)+`}`, jws.CodeHeader)
	m.payload("a number of 10,000 digits", claims("x", strings.Repeat("1", 10000)), "ok")
	m.payload("exp of 10,000 digits", claims("exp", strings.Repeat("1", 10000)), CodeClaimType)

	m.class = "encrypted"
	m.add("five parts", "all", b64([]byte(`{"alg":"RSA-OAEP","enc":"A128GCM"}`))+".AAAA.AAAA.AAAA.AAAA", jws.CodeEncrypted)
	m.add("five empty parts", "all", "....", jws.CodeEncrypted)
	m.add("a signed token and two parts more", "all", good+".AAAA.AAAA", jws.CodeEncrypted)
	m.head("enc in a signed token", `{"alg":"ES256","kid":"es","enc":"A128GCM"}`, jws.CodeHeaderForbidden)

	m.class = "typ"
	for _, typ := range []string{`"at+jwt"`, `"logout+jwt"`, `"application/at+jwt"`, `"pst-rr+jwt"`, `"text/jwt"`, `"application/application/jwt"`, `"JOSE"`, `""`, `1`, `null`, `["JWT"]`} {
		m.head("typ "+typ, `{"alg":"ES256","kid":"es","typ":`+typ+`}`, jws.CodeType)
	}
	for _, typ := range []string{`"jwt"`, `"application/jwt"`, `"APPLICATION/JWT"`} { // a media type
		m.head("typ "+typ, `{"alg":"ES256","kid":"es","typ":`+typ+`}`, "ok")
	}

	m.class = "claim type"
	for _, test := range []struct{ claim, value string }{
		{"iss", `["https://idp.example"]`}, {"iss", "null"}, {"iss", "1"}, {"aud", "null"}, {"aud", "1"}, {"aud", `{"client-1":true}`}, {"aud", `["client-1",1]`}, {"aud", `[["client-1"]]`}, {"aud", `["client-1",null]`},
		{"azp", `["client-1"]`}, {"nonce", "null"}, {"nonce", "1"}, {"nonce", `["` + theNonce + `"]`}, {"at_hash", "1"}, {"auth_time", `"1"`}, {"sid", "1"},
	} {
		m.payload(test.claim+" is "+test.value, claims(test.claim, test.value), CodeClaimType)
	}
	for _, claim := range []string{"azp", "at_hash", "auth_time"} { // as if it were absent
		m.payload(claim+" is null", claims(claim, "null"), "ok")
	}
	m.payload("azp is null, several audiences", claims("aud", `["client-1","https://api.example"]`, "azp", "null"), CodeAzp, func(c *corpusConfig) { c.TrustedAudiences = []string{"https://api.example"} })
}

// sorted yields a map in the order of its names, so that the file's order stays.
func sorted[V any](of map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, name := range slices.Sorted(maps.Keys(of)) {
			if !yield(name, of[name]) {
				return
			}
		}
	}
}

func digest(s string) []byte {
	h := sha256.Sum256([]byte(s))
	return h[:]
}

func digest512(s string) []byte {
	h := sha512.Sum512([]byte(s))
	return h[:]
}

func swapHeader(token, header string) string {
	_, rest, _ := strings.Cut(token, ".")
	return b64([]byte(header)) + "." + rest
}

// nextCharacter changes the last bit of a base64url character.
func nextCharacter(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, c)^1])
}

func flip(b []byte) []byte {
	out := bytes.Clone(b)
	out[len(out)/3] ^= 4
	return out
}

func plusModulus(k *rsa.PrivateKey, sig []byte) []byte {
	s := new(big.Int).SetBytes(sig)
	return s.Add(s, k.N).FillBytes(make([]byte, 257))
}

// plusOrder adds the order of Ed25519's group to S, which sloppy verifiers take.
func plusOrder(sig []byte) []byte {
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	le := bytes.Clone(sig[32:])
	reverse(le)
	s := new(big.Int).SetBytes(le)
	out := s.Add(s, order).FillBytes(make([]byte, 32))
	reverse(out)
	return append(bytes.Clone(sig[:32]), out...)
}

func reverse(b []byte) {
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
}

func deflate(s string) string {
	var b bytes.Buffer
	w := must(flate.NewWriter(&b, 9))
	if _, err := w.Write([]byte(s)); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

func utf16(s string) []byte {
	out := []byte{0xfe, 0xff}
	for _, c := range []byte(s) {
		out = append(out, 0, c)
	}
	return out
}

// unencoded is RFC 7797's form of a token, with the claims in the middle part.
func (m *maker) unencoded() string {
	in := b64([]byte(`{"alg":"ES256","kid":"es","b64":false,"crit":["b64"]}`)) + "." + strings.ReplaceAll(claims(), ".", "")
	return in + "." + b64(m.sign("ES256", in))
}

// exponentOne makes the signature that a key with e = 1 takes: the padded digest
// itself.
func exponentOne(m *maker, input string) string {
	prefix := []byte{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}
	em := bytes.Repeat([]byte{0xff}, 256)
	em[0], em[1] = 0, 1
	tail := append(append([]byte{0}, prefix...), digest(input)...)
	copy(em[256-len(tail):], tail)
	return input + "." + b64(em)
}

// publicKeyEncodings are texts of the public RSA key that an HMAC verifier might
// take as its secret.
func (m *maker) publicKeyEncodings() map[string][]byte {
	pkix := must(x509.MarshalPKIXPublicKey(&m.rsaKey.PublicKey))
	pkcs1 := x509.MarshalPKCS1PublicKey(&m.rsaKey.PublicKey)
	pemPKIX := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix})
	return map[string][]byte{
		"PKIX DER": pkix, "PKCS #1 DER": pkcs1, "PKIX PEM": pemPKIX, "PKIX PEM without the last line feed": bytes.TrimSpace(pemPKIX),
		"PKCS #1 PEM": pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: pkcs1}), "modulus": m.rsaKey.N.Bytes(), "modulus in base64url": []byte(b64(m.rsaKey.N.Bytes())),
		"JWK": []byte(m.rsaJWK(m.rsaKey, `,"kid":"rs"`)), "PKIX in base64": []byte(base64.StdEncoding.EncodeToString(pkix)), "nothing": {},
	}
}
