package pst

import (
	"github.com/bonafides-dev/bonafides/protocol/voprf"
)

// A Token is what a client keeps and shows once:
//
//	struct {
//	    uint32 key_id;
//	    opaque nonce[64];
//	    opaque W[97];  // sk * H(nonce)
//	} Token;  // 165 bytes
//
// Whoever has its bytes can spend it. The nonce is what an issuer remembers to
// refuse a second redemption.
type Token struct {
	KeyID uint32
	Nonce [NonceSize]byte
	w     voprf.Element
}

// ParseToken reads a token of 165 bytes. Whether it is genuine only the issuer's
// key can tell (PrivateKey.Verify).
func ParseToken(b []byte) (*Token, error) {
	if len(b) != TokenSize {
		return nil, ErrTokenLength
	}
	t := &Token{KeyID: readUint32(b)}
	copy(t.Nonce[:], b[4:])
	var err error
	if t.w, err = voprf.ParseElement(b[4+NonceSize:]); err != nil {
		return nil, elementError(b[4+NonceSize:])
	}
	return t, nil
}

// Bytes returns the 165-byte encoding.
func (t *Token) Bytes() []byte { return t.appendTo(make([]byte, 0, TokenSize)) }

func (t *Token) appendTo(b []byte) []byte {
	b = appendUint32(b, t.KeyID)
	b = append(b, t.Nonce[:]...)
	return t.w.Append(b)
}

// W returns the 97 bytes of the unblinded element.
func (t *Token) W() []byte { return t.w.Append(nil) }

// Verify tells whether the token was made with this key: nil, ErrUnknownKey
// where it names another key, or ErrInvalidToken. It does not tell whether the
// token was spent.
func (k *PrivateKey) Verify(t *Token) error {
	if t.KeyID != k.id {
		return ErrUnknownKey
	}
	if err := k.key.Verify(t.Nonce[:], &t.w); err != nil {
		return fromVOPRF(err)
	}
	return nil
}

// VerifyAll is Verify for many tokens at once, which is cheaper per token. The i-th
// error is that of tokens[i].
func (k *PrivateKey) VerifyAll(tokens []*Token) []error {
	errs := make([]error, len(tokens))
	nonces := make([][]byte, 0, len(tokens))
	elements := make([]voprf.Element, 0, len(tokens))
	at := make([]int, 0, len(tokens))
	for i, t := range tokens {
		if t.KeyID != k.id {
			errs[i] = ErrUnknownKey
			continue
		}
		nonces = append(nonces, t.Nonce[:])
		elements = append(elements, t.w)
		at = append(at, i)
	}
	got, err := k.key.VerifyAll(nonces, elements)
	for j, i := range at {
		switch {
		case err != nil:
			errs[i] = fromVOPRF(err)
		case got[j] != nil:
			errs[i] = fromVOPRF(got[j])
		}
	}
	return errs
}

// A RedeemRequest shows a token:
//
//	struct {
//	    opaque token<1..2^16-1>;        // 165 bytes
//	    opaque client_data<1..2^16-1>;  // canonical CBOR, see ClientData
//	} RedeemRequest;
type RedeemRequest struct {
	Token      Token
	ClientData ClientData
}

// IsRedeemRequest tells a RedeemRequest from an IssueRequest by its first two
// bytes: 165 is the length of a token, and no batch is that large. It says
// nothing about the rest.
func IsRedeemRequest(b []byte) bool {
	return len(b) >= 2 && readUint16(b) == TokenSize
}

// IsIssueRequest tells whether a message that is no RedeemRequest was meant as an
// IssueRequest: it begins with a number of elements, 1 to MaxBatch, and has as many
// bytes as they take. It says nothing about the elements. A message may be neither.
func IsIssueRequest(b []byte) bool {
	if len(b) < 2 {
		return false
	}
	n := int(readUint16(b))
	return n >= 1 && n <= MaxBatch && len(b) == 2+n*ElementSize
}

// ParseRedeemRequest reads a RedeemRequest of at most MaxRedeemRequestSize
// bytes.
func ParseRedeemRequest(b []byte) (*RedeemRequest, error) {
	if len(b) < 2 {
		return nil, ErrTruncated
	}
	if !IsRedeemRequest(b) {
		return nil, ErrTokenLength
	}
	b = b[2:]
	if len(b) < TokenSize+2 {
		return nil, ErrTruncated
	}
	t, err := ParseToken(b[:TokenSize])
	if err != nil {
		return nil, err
	}
	b = b[TokenSize:]
	n := int(readUint16(b))
	b = b[2:]
	switch {
	case len(b) < n:
		return nil, ErrTruncated
	case len(b) > n:
		return nil, ErrTrailing
	}
	c, err := ParseClientData(b)
	if err != nil {
		return nil, err
	}
	return &RedeemRequest{*t, *c}, nil
}

// Bytes returns the encoding.
func (r *RedeemRequest) Bytes() []byte {
	c := r.ClientData.Bytes()
	b := make([]byte, 0, 2+TokenSize+2+len(c))
	b = appendUint16(b, TokenSize)
	b = r.Token.appendTo(b)
	b = appendUint16(b, uint16(len(c)))
	return append(b, c...)
}
