package voprf

import (
	"github.com/bonafides-dev/bonafides/internal/p384"
)

// A Proof shows that one key made a whole batch: c || s, 96 bytes.
type Proof struct{ c, s p384.Scalar }

// ParseProof reads a proof of 96 bytes whose halves are below the group order;
// otherwise ErrProofForm.
func ParseProof(b []byte) (*Proof, error) {
	p := new(Proof)
	if len(b) != ProofSize || p.c.SetBytes(b[:ScalarSize]) != nil || p.s.SetBytes(b[ScalarSize:]) != nil {
		return nil, ErrProofForm
	}
	return p, nil
}

// Append appends the 96-byte encoding.
func (p *Proof) Append(dst []byte) []byte { return p.s.AppendBytes(p.c.AppendBytes(dst)) }

// appendElement appends I2OSP(Ne, 2) || SerializeElement(p), as every transcript
// of RFC 9497 section 2.2 has it.
func appendElement(dst []byte, p *p384.Point) []byte {
	return p.AppendCompressed(append(dst, 0, p384.CompressedSize))
}

// weights computes the d_i of ComputeComposites (RFC 9497 section 2.2.1). They
// are hashes of public messages.
func weights(pk *PublicKey, c, d []p384.Point) []p384.Scalar {
	// seedTranscript = I2OSP(len(Bm), 2) || Bm || I2OSP(len(seedDST), 2) ||
	//   seedDST; seed = Hash(seedTranscript)
	t := make([]byte, 0, 2+48+2+2*(2+p384.CompressedSize)+len("Composite"))
	t = appendElement(t, &pk.p)
	t = append(t, 0, byte(len(dstSeed)))
	t = append(t, dstSeed...)
	seed := p384.Sum384(t)

	// compositeTranscript = I2OSP(len(seed), 2) || seed || I2OSP(i, 2) ||
	//   I2OSP(len(Ci), 2) || Ci || I2OSP(len(Di), 2) || Di || "Composite"
	t = append(t[:0], 0, byte(len(seed)))
	t = append(t, seed[:]...)
	head := len(t)
	out := make([]p384.Scalar, len(c))
	for i := range c {
		t = append(t[:head], byte(i>>8), byte(i))
		t = appendElement(t, &c[i])
		t = appendElement(t, &d[i])
		t = append(t, "Composite"...)
		out[i] = p384.HashToScalar(t, dstHashToScalar)
	}
	return out
}

// challenge computes c of GenerateProof and VerifyProof (RFC 9497 section 2.2).
func challenge(pk *PublicKey, m, z, t2, t3 *p384.Point) p384.Scalar {
	p384.Normalize(m, z, t2, t3)
	// challengeTranscript: Bm, a0 = M, a1 = Z, a2 = t2, a3 = t3, each with its
	// length, then "Challenge".
	t := make([]byte, 0, 5*(2+p384.CompressedSize)+len("Challenge"))
	for _, p := range []*p384.Point{&pk.p, m, z, t2, t3} {
		t = appendElement(t, p)
	}
	t = append(t, "Challenge"...)
	return p384.HashToScalar(t, dstHashToScalar)
}

// generateProof is GenerateProof of RFC 9497 section 2.2.1 with A = G and
// B = pk: log_G(pk) = log_Ci(Di) for every i. r is the nonce, uniform and never
// used again.
func (k *PrivateKey) generateProof(c, d []p384.Point, r *p384.Secret) *Proof {
	// ComputeCompositesFast: M = sum of d_i * C_i, Z = k * M.
	m := p384.VarTimeMultiMul(weights(&k.pk, c, d), c)
	// t2 = r * A, t3 = r * M
	z, t3 := p384.MulTwo(&k.sk, r, &m)
	t2 := r.MulBase()
	p := new(Proof)
	p.c = challenge(&k.pk, &m, &z, &t2, &t3)
	// s = r - c * k
	p.s = k.sk.Respond(&p.c, r)
	return p
}

// verifyProof is VerifyProof of RFC 9497 section 2.2.2 with A = G and B = pk.
// All of it is public.
func verifyProof(pk *PublicKey, c, d []p384.Point, p *Proof) error {
	// ComputeComposites: M = sum of d_i * C_i, Z = sum of d_i * D_i.
	w := weights(pk, c, d)
	m := p384.VarTimeMultiMul(w, c)
	z := p384.VarTimeMultiMul(w, d)
	// t2 = s * A + c * B, t3 = s * M + c * Z
	t2 := p384.VarTimeMulAddBase(&p.s, &p.c, &pk.p)
	t3 := p384.VarTimeMultiMul([]p384.Scalar{p.s, p.c}, []p384.Point{m, z})
	// Infinity has no encoding in a transcript (RFC 9497 section 2.1), and an
	// honest server makes none except with negligible probability.
	if m.IsInfinity() || z.IsInfinity() || t2.IsInfinity() || t3.IsInfinity() {
		return ErrProof
	}
	// expectedC == c
	want := challenge(pk, &m, &z, &t2, &t3)
	if !want.Equal(&p.c) {
		return ErrProof
	}
	return nil
}
