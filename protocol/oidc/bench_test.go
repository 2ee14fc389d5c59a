package oidc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// The claims of Google's guide, with a set of two keys.
const guideClaims = `{"iss":"https://accounts.google.com","azp":"1234987819200.apps.googleusercontent.com","aud":"1234987819200.apps.googleusercontent.com",` +
	`"sub":"10769150350006150715113082367","at_hash":"HK6E_P6Dh8Y93mRNtsDB1Q","hd":"example.com","email":"jsmith@example.com","email_verified":"true",` +
	`"iat":1353601026,"exp":1353604926,"nonce":"0394852-3190485-2490358"}`

type benchCase struct {
	name  string
	token string
	bare  func() bool // the signature check alone, hash included
}

func benchCases(t testing.TB) ([]benchCase, Config, time.Time) {
	m := &maker{rsaKey: must(rsa.GenerateKey(rand.Reader, 2048)), ecKey: must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), edKey: testKey}
	var keys []*jws.Key
	for _, jwk := range []string{m.rsaJWK(m.rsaKey, `,"kid":"rs"`), m.ecJWK(m.ecKey, `,"kid":"es"`), m.edJWK(`,"kid":"ed"`)} {
		keys = append(keys, must(jws.ParseKey([]byte(jwk))))
	}
	c := Config{Issuer: GoogleIssuers[0], IssuerAliases: GoogleIssuers[1:], ClientID: "1234987819200.apps.googleusercontent.com", Keys: jws.NewKeySet(keys...),
		Nonce: "0394852-3190485-2490358", HostedDomain: "example.com"}
	var out []benchCase
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		token := m.token(alg, header(alg), guideClaims)
		dot := strings.LastIndexByte(token, '.')
		input := []byte(token[:dot])
		sig, _ := jws.DecodeBase64URL(token[dot+1:])
		b := benchCase{name: alg, token: token}
		switch alg {
		case "RS256":
			pub := &m.rsaKey.PublicKey
			b.bare = func() bool {
				h := sha256.Sum256(input)
				return rsa.VerifyPKCS1v15(pub, crypto.SHA256, h[:], sig) == nil
			}
		case "ES256":
			pub, der := &m.ecKey.PublicKey, asDER(sig)
			b.bare = func() bool {
				h := sha256.Sum256(input)
				return ecdsa.VerifyASN1(pub, h[:], der)
			}
		case "EdDSA":
			pub := testKey.Public().(ed25519.PublicKey)
			b.bare = func() bool { return ed25519.Verify(pub, input, sig) }
		}
		out = append(out, b)
	}
	return out, c, time.Unix(1353601030, 0)
}

func asDER(sig []byte) []byte {
	out := []byte{0x30, 0}
	for _, n := range [][]byte{sig[:32], sig[32:]} {
		for len(n) > 1 && n[0] == 0 {
			n = n[1:]
		}
		if n[0]&0x80 != 0 {
			n = append([]byte{0}, n...)
		}
		out = append(append(out, 2, byte(len(n))), n...)
	}
	out[1] = byte(len(out) - 2)
	return out
}

// BenchmarkBare is the signature check alone; BenchmarkVerify is everything;
// BenchmarkJudge is everything but the signature check: the overhead.
func BenchmarkBare(b *testing.B) {
	cases, _, _ := benchCases(b)
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			defer reportCPU(b)()
			for b.Loop() {
				if !c.bare() {
					b.Fatal("bad signature")
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	cases, config, now := benchCases(b)
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			defer reportCPU(b)()
			for b.Loop() {
				if _, err := Verify(c.token, config, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkJudge(b *testing.B) {
	cases, config, now := benchCases(b)
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			defer reportCPU(b)()
			for b.Loop() {
				if _, err := Judge(c.token, config, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestAllocationsOverTheBareCheck holds the number of allocations of a whole
// verification: at most 25, those of the signature check included.
func TestAllocationsOverTheBareCheck(t *testing.T) {
	cases, config, now := benchCases(t)
	for _, c := range cases {
		bare := testing.AllocsPerRun(100, func() { c.bare() })
		whole := testing.AllocsPerRun(100, func() {
			if _, err := Verify(c.token, config, now); err != nil {
				t.Fatal(err)
			}
		})
		t.Logf("%s: %.0f allocations, %.0f of them the bare check's", c.name, whole, bare)
		if whole > 25 {
			t.Errorf("%s: %.0f allocations, want at most 25", c.name, whole)
		}
	}
}
