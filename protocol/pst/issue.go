package pst

import (
	"github.com/bonafides-dev/bonafides/protocol/voprf"
)

// elementError says what is wrong with 97 bytes that are no element.
func elementError(b []byte) error {
	switch {
	case len(b) == 0:
		return ErrElement
	case b[0] == 0:
		return ErrIdentity
	case b[0] == 2, b[0] == 3, b[0] == 6, b[0] == 7:
		return ErrCompressed
	}
	return ErrElement
}

// An IssueRequest asks for tokens:
//
//	struct {
//	    uint16 count;
//	    opaque blinded_element[97][count];
//	} IssueRequest;
type IssueRequest struct {
	elements []voprf.BlindedElement
}

// ParseIssueRequest reads an IssueRequest of between 1 and 100 elements.
func ParseIssueRequest(b []byte) (*IssueRequest, error) {
	if len(b) < 2 {
		return nil, ErrTruncated
	}
	n := int(readUint16(b))
	b = b[2:]
	if err := checkBatch(n, len(b), n*ElementSize); err != nil {
		return nil, err
	}
	r := &IssueRequest{make([]voprf.BlindedElement, n)}
	for i := range r.elements {
		e := b[i*ElementSize : (i+1)*ElementSize]
		var err error
		if r.elements[i], err = voprf.ParseBlindedElement(e); err != nil {
			return nil, elementError(e)
		}
	}
	return r, nil
}

// checkBatch checks a count and the bytes that follow it against what the count
// asks for.
func checkBatch(n, have, want int) error {
	switch {
	case n == 0:
		return ErrBatchEmpty
	case n > MaxBatch:
		return ErrBatchTooLarge
	case have < want:
		return ErrTruncated
	case have > want:
		return ErrTrailing
	}
	return nil
}

// Count returns the number of tokens asked for, 1 to 100.
func (r *IssueRequest) Count() int { return len(r.elements) }

// Elements returns the blinded elements, 97 bytes each. They are public.
func (r *IssueRequest) Elements() [][]byte {
	out := make([][]byte, len(r.elements))
	for i := range r.elements {
		out[i] = r.elements[i].Append(nil)
	}
	return out
}

// Bytes returns the encoding.
func (r *IssueRequest) Bytes() []byte {
	b := make([]byte, 0, 2+len(r.elements)*ElementSize)
	b = appendUint16(b, uint16(len(r.elements)))
	for i := range r.elements {
		b = r.elements[i].Append(b)
	}
	return b
}

// An IssueResponse carries signed elements and one proof for all of them:
//
//	struct {
//	    uint16 issued;
//	    uint32 key_id;
//	    opaque evaluated_element[97][issued];
//	    opaque proof<2..2^16-1>;  // 96 bytes: c || s
//	} IssueResponse;
//
// The issuer may sign fewer elements than it was sent: the first of them.
type IssueResponse struct {
	keyID    uint32
	elements []voprf.EvaluatedElement
	proof    *voprf.Proof
}

// ParseIssueResponse reads an IssueResponse of between 1 and 100 elements. An
// issuer that grants no token answers with an empty header, not with an empty
// response.
func ParseIssueResponse(b []byte) (*IssueResponse, error) {
	if len(b) < 6 {
		return nil, ErrTruncated
	}
	n := int(readUint16(b))
	r := &IssueResponse{keyID: readUint32(b[2:])}
	b = b[6:]
	if err := checkBatch(n, len(b), n*ElementSize+2+ProofSize); err != nil {
		return nil, err
	}
	r.elements = make([]voprf.EvaluatedElement, n)
	for i := range r.elements {
		var err error
		if r.elements[i], err = voprf.ParseEvaluatedElement(b[:ElementSize]); err != nil {
			return nil, elementError(b)
		}
		b = b[ElementSize:]
	}
	if readUint16(b) != ProofSize {
		return nil, ErrProofLength
	}
	var err error
	if r.proof, err = voprf.ParseProof(b[2:]); err != nil {
		return nil, ErrProofForm
	}
	return r, nil
}

// Issued returns the number of tokens granted, 1 to 100.
func (r *IssueResponse) Issued() int { return len(r.elements) }

// KeyID returns the id of the key that signed the whole batch.
func (r *IssueResponse) KeyID() uint32 { return r.keyID }

// Elements returns the evaluated elements, 97 bytes each.
func (r *IssueResponse) Elements() [][]byte {
	out := make([][]byte, len(r.elements))
	for i := range r.elements {
		out[i] = r.elements[i].Append(nil)
	}
	return out
}

// Proof returns the 96 bytes of the proof.
func (r *IssueResponse) Proof() []byte { return r.proof.Append(nil) }

// Bytes returns the encoding.
func (r *IssueResponse) Bytes() []byte {
	b := make([]byte, 0, issueResponseLen+len(r.elements)*ElementSize)
	b = appendUint16(b, uint16(len(r.elements)))
	b = appendUint32(b, r.keyID)
	for i := range r.elements {
		b = r.elements[i].Append(b)
	}
	b = appendUint16(b, ProofSize)
	return r.proof.Append(b)
}

// Issue signs the first n elements of the request, or all of them where n is
// larger, and proves that this key did it. n below 1 gives ErrBatchEmpty: an
// issuer that grants nothing has no response to make.
func (k *PrivateKey) Issue(req *IssueRequest, n int) (*IssueResponse, error) {
	if n < 1 {
		return nil, ErrBatchEmpty
	}
	e, p, err := k.key.Evaluate(req.elements[:min(n, len(req.elements))])
	if err != nil {
		return nil, fromVOPRF(err)
	}
	return &IssueResponse{k.id, e, p}, nil
}

// fromVOPRF gives the errors of package voprf their codes.
func fromVOPRF(err error) error {
	switch err {
	case voprf.ErrProof:
		return ErrProof
	case voprf.ErrFinished:
		return ErrFinished
	case voprf.ErrInvalid:
		return ErrInvalidToken
	case voprf.ErrBatch:
		return ErrBatchEmpty
	case voprf.ErrRandom:
		return ErrRandom
	}
	return ErrElement
}
