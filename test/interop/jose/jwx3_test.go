package jose

import (
	"encoding/json"
	"testing"

	"github.com/lestrrat-go/jwx/v2/jwk"
	jwa3 "github.com/lestrrat-go/jwx/v3/jwa"
	jwk3 "github.com/lestrrat-go/jwx/v3/jwk"
	jws3 "github.com/lestrrat-go/jwx/v3/jws"

	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// internal/jose stands on jwx/v2. These tests hold the next major version against
// it: the same keys, key ids and sets, and signatures that each reads of the other.

// TestJWX3PublishesTheSameKeys: made of the same private key, the public JWK has
// the same members, whichever version wrote it, and the same thumbprint.
func TestJWX3PublishesTheSameKeys(t *testing.T) {
	for _, k := range []*jose.PrivateKey{must(jose.GenerateRS256()), must(jose.GenerateES256()), must(jose.GenerateEd25519())} {
		private := must(k.PrivateJWK())
		read := must(jwk3.ParseKey(private))
		var raw any
		if err := jwk3.Export(read, &raw); err != nil {
			t.Fatalf("%s: %v", k, err)
		}
		again := must(jwk3.Import(raw))
		if err := jwk3.AssignKeyID(again); err != nil {
			t.Fatal(err)
		}
		if kid, _ := again.KeyID(); kid != k.KeyID() {
			t.Errorf("%s: jwx/v3 names it %s", k, kid)
		}
		sameMembers(t, must(json.Marshal(read)), private)
		public := must(read.PublicKey())
		sameMembers(t, must(json.Marshal(public)), must(k.PublicJWK()))
	}
}

func sameMembers(t *testing.T, got, want []byte) {
	t.Helper()
	g, w := must(strictjson.Parse(got, strictjson.Limits{})), must(strictjson.Parse(want, strictjson.Limits{}))
	if g.Len() != w.Len() {
		t.Errorf("%d members, want %d", g.Len(), w.Len())
	}
	for name, value := range w.Members() {
		if g.Get(name).Raw() != value.Raw() {
			t.Errorf("%s differs", name)
		}
	}
}

// TestJWX3ReadsWhatWeSign: a token of ours verifies in jwx/v3 with the set that we
// publish, and not when one byte of it is another.
func TestJWX3ReadsWhatWeSign(t *testing.T) {
	keys := []*jose.PrivateKey{must(jose.GenerateRS256()), must(jose.GenerateES256()), must(jose.GenerateEd25519())}
	set := must(jwk3.Parse(must(jose.PublicSet(keys...))))
	for _, k := range keys {
		token := []byte(must(jws.Sign(k.Signer(), "JWT", []byte(payload))))
		if got, err := jws3.Verify(token, jws3.WithKeySet(set)); err != nil || string(got) != payload {
			t.Errorf("%s: %v", k, err)
		}
		token[len(token)-20] ^= 1
		if _, err := jws3.Verify(token, jws3.WithKeySet(set)); err == nil {
			t.Errorf("%s: a changed signature verifies", k)
		}
	}
}

// TestWeReadWhatJWX3Signs: a stored key of ours signs in jwx/v3, and the token
// verifies here with our set, with the set as v2 writes it, and with the set as v3
// writes it.
func TestWeReadWhatJWX3Signs(t *testing.T) {
	for _, k := range []*jose.PrivateKey{must(jose.GenerateRS256()), must(jose.GenerateES256()), must(jose.GenerateEd25519())} {
		private := must(jwk3.ParseKey(must(k.PrivateJWK())))
		alg, ok := jwa3.LookupSignatureAlgorithm(string(k.Algorithm()))
		if !ok {
			t.Fatalf("jwx/v3 does not know %s", k.Algorithm())
		}
		headers := jws3.NewHeaders()
		_ = headers.Set("typ", "JWT")
		token := string(must(jws3.Sign([]byte(payload), jws3.WithKey(alg, private, jws3.WithProtectedHeaders(headers)))))
		published := must(jose.PublicSet(k))
		for by, set := range map[string][]byte{
			"us":     published,
			"jwx/v2": must(json.Marshal(must(jwk.Parse(published)))),
			"jwx/v3": must(json.Marshal(must(jwk3.Parse(published)))),
		} {
			message, err := jws.Verify(token, must(jws.ParseKeySet(set)), jws.Policy{Types: []string{"JWT"}})
			if err != nil || string(message.Payload) != payload || message.Header.KeyID != k.KeyID() {
				t.Errorf("%s with the set by %s: %v", k, by, err)
			}
		}
	}
}

// TestJWX3KeepsPrivatePartsOutOfSets: the public set of a private key is the one
// that we publish.
func TestJWX3KeepsPrivatePartsOutOfSets(t *testing.T) {
	k := must(jose.GenerateES256())
	set := jwk3.NewSet()
	if err := set.AddKey(must(jwk3.ParseKey(must(k.PrivateJWK())))); err != nil {
		t.Fatal(err)
	}
	public := must(json.Marshal(must(jwk3.PublicSetOf(set))))
	for key := range must(strictjson.Parse(public, strictjson.Limits{})).Get("keys").Elements() {
		if key.Get("d").Exists() {
			t.Error("jwx/v3 published the private part")
		}
		sameMembers(t, []byte(key.Raw()), must(k.PublicJWK()))
	}
}
