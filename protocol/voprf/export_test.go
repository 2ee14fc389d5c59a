package voprf

import "github.com/bonafides-dev/bonafides/internal/p384"

// BlindWith is Blind with fixed blinds, for vectors.
func BlindWith(inputs, blinds [][]byte) (*Blinded, error) {
	r := make([]p384.Secret, len(blinds))
	for i := range r {
		if err := r[i].SetBytes(blinds[i]); err != nil {
			return nil, err
		}
	}
	return blind(inputs, r)
}

// EvaluateWith is Evaluate with a fixed proof nonce, for vectors.
func (k *PrivateKey) EvaluateWith(blinded []BlindedElement, nonce []byte) ([]EvaluatedElement, *Proof, error) {
	var r p384.Secret
	if err := r.SetBytes(nonce); err != nil {
		return nil, nil, err
	}
	return k.evaluate(blinded, &r)
}

// VerifyProofOf checks a proof over messages alone, as an observer could.
func VerifyProofOf(pk *PublicKey, blinded []BlindedElement, evaluated []EvaluatedElement, proof *Proof) error {
	c := make([]p384.Point, len(blinded))
	d := make([]p384.Point, len(evaluated))
	for i := range c {
		c[i], d[i] = blinded[i].p, evaluated[i].p
	}
	return verifyProof(pk, c, d, proof)
}

// Compressed returns the RFC's own encoding of an element.
func (e *BlindedElement) Compressed() []byte   { return e.p.AppendCompressed(nil) }
func (e *EvaluatedElement) Compressed() []byte { return e.p.AppendCompressed(nil) }
func (k *PublicKey) Compressed() []byte        { return k.p.AppendCompressed(nil) }
