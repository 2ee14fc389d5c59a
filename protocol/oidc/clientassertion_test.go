package oidc

import (
	"errors"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

func TestAClientAssertionToTheByte(t *testing.T) {
	token, err := ClientAssertion(jws.NewEd25519Signer("k", testKey), "shop \"1\"", "https://idp.example", "jti-1", testNow)
	if err != nil {
		t.Fatal(err)
	}
	m, err := jws.Verify(token, testKeys(t), jws.Policy{Types: []string{"JWT"}})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"aud":"https://idp.example","exp":1700000060,"iat":1700000000,"iss":"shop \"1\"","jti":"jti-1","sub":"shop \"1\""}`
	if string(m.Payload) != want || m.Header.KeyID != "k" || m.Header.Type != "JWT" || m.Header.Algorithm != jws.EdDSA {
		t.Errorf("%s %+v", m.Payload, m.Header)
	}
}

type brokenSigner struct{}

func (brokenSigner) Algorithm() jws.Algorithm    { return jws.ES256 }
func (brokenSigner) KeyID() string               { return "" }
func (brokenSigner) Sign([]byte) ([]byte, error) { return nil, errors.New("no card in the reader") }

func TestAClientAssertionThatCannotBeMade(t *testing.T) {
	if got, err := ClientAssertion(jws.NewEd25519Signer("k", testKey), "\xff", "a", "j", testNow); codeOf(err) != CodeRequest || got != "" {
		t.Errorf("%q %v", got, err)
	}
	var why *jws.Error
	if got, err := ClientAssertion(brokenSigner{}, "shop", "a", "j", testNow); !errors.As(err, &why) || why.Code != jws.CodeSigning || got != "" {
		t.Errorf("%q %v", got, err)
	}
}
