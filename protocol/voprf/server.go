package voprf

import "github.com/bonafides-dev/bonafides/internal/p384"

// Evaluate is the server's step: it multiplies every blinded element by the key
// and proves, once for all, that it did (BlindEvaluate of RFC 9497 section
// 3.3.2, with a batched proof as section 2.2 allows). Between 1 and MaxBatch
// elements, or ErrBatch.
func (k *PrivateKey) Evaluate(blinded []BlindedElement) ([]EvaluatedElement, *Proof, error) {
	var r p384.Secret
	if r.GenerateSecret() != nil {
		return nil, nil, ErrRandom
	}
	return k.evaluate(blinded, &r)
}

// evaluate is Evaluate with the proof's nonce given.
func (k *PrivateKey) evaluate(blinded []BlindedElement, r *p384.Secret) ([]EvaluatedElement, *Proof, error) {
	if len(blinded) == 0 || len(blinded) > MaxBatch {
		return nil, nil, ErrBatch
	}
	c := make([]p384.Point, len(blinded))
	for i := range blinded {
		if blinded[i].p.IsInfinity() { // a zero BlindedElement
			return nil, nil, ErrElement
		}
		c[i].Set(&blinded[i].p)
	}
	// evaluatedElement = skS * blindedElement
	d := make([]p384.Point, len(c))
	k.sk.MulAll(d, c)
	p384.NormalizeAll(d)
	proof := k.generateProof(c, d, r)
	out := make([]EvaluatedElement, len(d))
	for i := range d {
		out[i].p.Set(&d[i])
	}
	return out, proof, nil
}

// Verify tells whether e is the value of input under this key: sk * H(input) ==
// e, compared in constant time; otherwise ErrInvalid. The RFC's Evaluate
// (section 3.3.2) hashes the element; this is the check of protocols that carry
// the element itself.
func (k *PrivateKey) Verify(input []byte, e *Element) error {
	var h p384.Point
	if err := hashToGroup(&h, input); err != nil {
		return err
	}
	w := k.sk.Mul(&h)
	if e.p.IsInfinity() || !w.Equal(&e.p) {
		return ErrInvalid
	}
	return nil
}

// VerifyAll is Verify for many inputs at once, which is cheaper than one at a
// time. The i-th error is nil where elements[i] is the value of inputs[i].
func (k *PrivateKey) VerifyAll(inputs [][]byte, elements []Element) ([]error, error) {
	if len(inputs) != len(elements) {
		return nil, ErrBatch
	}
	errs := make([]error, len(inputs))
	w := make([]p384.Point, len(inputs))
	for i, input := range inputs {
		if errs[i] = hashToGroup(&w[i], input); errs[i] != nil {
			w[i] = p384.Generator() // keeps the batch whole; its error stands
		}
	}
	k.sk.MulAll(w, w)
	for i := range w {
		if errs[i] == nil && (elements[i].p.IsInfinity() || !w[i].Equal(&elements[i].p)) {
			errs[i] = ErrInvalid
		}
	}
	return errs, nil
}

// Element computes sk * H(input), the function itself, for servers that need
// its value (Evaluate of RFC 9497 section 3.3.2 without the hash).
func (k *PrivateKey) Element(input []byte) (Element, error) {
	var h p384.Point
	if err := hashToGroup(&h, input); err != nil {
		return Element{}, err
	}
	w := k.sk.Mul(&h)
	p384.Normalize(&w)
	return Element{w}, nil
}
