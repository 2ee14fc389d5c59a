package jws

import "github.com/bonafides-dev/bonafides/protocol/strictjson"

// Signer makes signatures with one private key. Implementations are safe for
// concurrent use and return the form that JWS wants: for ECDSA r and s side by
// side, each of the curve's full size.
type Signer interface {
	Algorithm() Algorithm
	KeyID() string // the kid of the header; empty for none
	Sign(input []byte) ([]byte, error)
}

// Sign writes payload as a compact JWS of the given type (empty for none). The
// header's members are alg, kid, typ in this order. Errors are *Error.
func Sign(s Signer, typ string, payload []byte) (string, error) {
	input, err := SigningInput(s.Algorithm(), s.KeyID(), typ, payload)
	if err != nil {
		return "", err
	}
	sig, err := s.Sign([]byte(input))
	if err != nil {
		return "", refuse(CodeSigning, "the signer failed: "+err.Error())
	}
	return Assemble(input, sig), nil
}

// SigningInput returns the text to be signed: for platforms whose signatures
// come later, and for Assemble. Errors are *Error.
func SigningInput(a Algorithm, kid, typ string, payload []byte) (string, error) {
	if a.kind() == 0 {
		return "", refuse(CodeSigning, "this package does not have the signer's algorithm")
	}
	var w strictjson.Writer
	w.String("alg", string(a))
	w.OptString("kid", kid)
	w.OptString("typ", typ)
	header, err := w.Bytes()
	if err != nil {
		return "", refuse(CodeSigning, "the key id or type is not UTF-8")
	}
	b := make([]byte, 0, (len(header)+len(payload))*4/3+8)
	b = appendEncoded(b, header)
	b = append(b, '.')
	return string(appendEncoded(b, payload)), nil
}

// Assemble joins what SigningInput returned and its signature into a token.
func Assemble(input string, signature []byte) string {
	return input + "." + encode(signature)
}
