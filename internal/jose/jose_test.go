package jose

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

func generateAll(t *testing.T) map[string]*PrivateKey {
	t.Helper()
	out := map[string]*PrivateKey{}
	for name, gen := range map[string]func() (*PrivateKey, error){"RS256": GenerateRS256, "ES256": GenerateES256, "EdDSA": GenerateEd25519} {
		k, err := gen()
		if err != nil {
			t.Fatal(err)
		}
		if string(k.Algorithm()) != name {
			t.Fatalf("%s key has algorithm %s", name, k.Algorithm())
		}
		out[name] = k
	}
	return out
}

func TestKeySignsAndSurvivesStorage(t *testing.T) {
	for name, k := range generateAll(t) {
		private, err := k.PrivateJWK()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParsePrivateJWK(private)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if again.KeyID() != k.KeyID() {
			t.Fatalf("%s: key id changed by storing", name)
		}
		set, err := PublicSet(k)
		if err != nil {
			t.Fatal(err)
		}
		keys, err := jws.ParseKeySet(set)
		if err != nil || len(keys.Keys()) != 1 || len(keys.Rejected()) != 0 {
			t.Fatalf("%s: published set not readable: %v", name, err)
		}
		token, err := jws.Sign(again.Signer(), "JWT", []byte(`{"sub":"1"}`))
		if err != nil {
			t.Fatal(err)
		}
		m, err := jws.Verify(token, keys, jws.Policy{Types: []string{"JWT"}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if m.Header.KeyID != k.KeyID() || m.Header.Algorithm != k.Algorithm() {
			t.Fatalf("%s: header %+v", name, m.Header)
		}
	}
}

func TestPublishedSetHoldsNothingPrivate(t *testing.T) {
	keys := generateAll(t)
	set, err := PublicSet(keys["RS256"], keys["ES256"], keys["EdDSA"])
	if err != nil {
		t.Fatal(err)
	}
	v, err := strictjson.Parse(set, strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string]bool{"kty": true, "n": true, "e": true, "crv": true, "x": true, "y": true, "kid": true, "alg": true, "use": true}
	n := 0
	for key := range v.Get("keys").Elements() {
		n++
		for name := range key.Members() {
			if !allowed[name] {
				t.Errorf("the published key has a member %q", name)
			}
		}
	}
	if n != 3 {
		t.Fatalf("%d keys published, want 3", n)
	}
}

// The keys of RFC 7638 section 3.1 and RFC 8037 appendix A.3 with their
// thumbprints.
func TestThumbprintsOfTheRFCs(t *testing.T) {
	k, err := ParsePrivateJWK([]byte(`{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"; k.KeyID() != want {
		t.Errorf("key id %s, want %s", k.KeyID(), want)
	}
}

func TestPrivateKeysRefused(t *testing.T) {
	const x = `"x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"`
	const d = `"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"`
	for name, jwk := range map[string]string{
		"empty":                ``,
		"array":                `[]`,
		"public key":           `{"kty":"OKP","crv":"Ed25519",` + x + `}`,
		"duplicate name":       `{"kty":"OKP","kty":"OKP","crv":"Ed25519",` + x + `,` + d + `}`,
		"encryption key":       `{"kty":"OKP","crv":"Ed25519","use":"enc",` + x + `,` + d + `}`,
		"wrong alg":            `{"kty":"OKP","crv":"Ed25519","alg":"ES256",` + x + `,` + d + `}`,
		"agreement key":        `{"kty":"OKP","crv":"X25519",` + x + `,` + d + `}`,
		"foreign public part":  `{"kty":"OKP","crv":"Ed25519","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",` + d + `}`,
		"short private part":   `{"kty":"OKP","crv":"Ed25519","d":"nWGx",` + x + `}`,
		"symmetric key":        `{"kty":"oct","k":"AAAA","d":"x"}`,
		"P-384":                `{"kty":"EC","crv":"P-384","x":"AA","y":"AA","d":"AA"}`,
		"RSA without numbers":  `{"kty":"RSA","n":"AQAB","e":"AQAB","d":"AQAB"}`,
		"unknown kind":         `{"kty":"WAT","d":"AA"}`,
		"trailing second JSON": `{"kty":"OKP","crv":"Ed25519",` + x + `,` + d + `}{}`,
	} {
		k, err := ParsePrivateJWK([]byte(jwk))
		if err == nil {
			t.Errorf("%s: accepted as %s", name, k)
			continue
		}
		if strings.Contains(err.Error(), "nWGx") {
			t.Errorf("%s: the error repeats the key: %v", name, err)
		}
	}
	if _, err := FromEd25519Seed(make([]byte, 31)); err == nil {
		t.Error("a seed of 31 bytes was accepted")
	}
}

func TestPrintingAKeyShowsNoSecret(t *testing.T) {
	k, err := FromEd25519Seed(bytes.Repeat([]byte{0x41}, 32))
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if s := fmt.Sprintf(verb, k); s != "EdDSA key "+k.KeyID() {
			t.Errorf("%s prints %q", verb, s)
		}
	}
}

// GHSA-4cf7-xm37-g63h: jwx/v2 writes the names of private claims and members
// into JSON without escaping them. The way in would be a name that a caller
// chooses. This shows that no call reaches jwx with one: names from outside
// either pass through this package's own writer, which escapes them, or are
// dropped when a stored key is read.
func TestAdvisoryClaimNameCannotReachJWX(t *testing.T) {
	const evil = `x":1,"sub":"admin`
	k, err := GenerateEd25519()
	if err != nil {
		t.Fatal(err)
	}
	// 1. A claim with the evil name: written by strictjson, signed as bytes.
	var w strictjson.Writer
	w.String("sub", "ada")
	w.String(evil, "y")
	payload, err := w.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.Sign(k.Signer(), "JWT", payload)
	if err != nil {
		t.Fatal(err)
	}
	set, err := PublicSet(k)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := jws.ParseKeySet(set)
	if err != nil {
		t.Fatal(err)
	}
	m, err := jws.Verify(token, keys, jws.Policy{Types: []string{"JWT"}})
	if err != nil {
		t.Fatal(err)
	}
	claims, err := strictjson.Parse(m.Payload, strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if sub, _ := claims.Get("sub").Text(); sub != "ada" || claims.Len() != 2 {
		t.Fatalf("the name broke out: %s", m.Payload)
	}
	// 2. A stored key with an extra member of that name: the key is rebuilt
	// from its numbers, so the name is gone before anything is published.
	private, err := k.PrivateJWK()
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(private, &members); err != nil {
		t.Fatal(err)
	}
	members[evil] = "y"
	spiked, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParsePrivateJWK(spiked)
	if err != nil {
		t.Fatal(err)
	}
	if republished, err := PublicSet(again); err != nil || !bytes.Equal(republished, set) {
		t.Fatalf("a stored member changed what is published: %s %v", republished, err)
	}
	if stored, err := again.PrivateJWK(); err != nil || !bytes.Equal(stored, private) {
		t.Fatalf("a stored member survived: %v", err)
	}
}
