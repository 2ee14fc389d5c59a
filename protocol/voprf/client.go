package voprf

import (
	"github.com/bonafides-dev/bonafides/internal/p384"
)

// Blinded is the client's state between its request and the answer: one blind
// for each input. It holds secrets and can be finished once.
type Blinded struct {
	blinds   []p384.Secret
	elements []p384.Point
}

// Blind hashes each input to the group and hides it behind a random blind
// (Blind of RFC 9497 section 3.3.1). Between 1 and MaxBatch inputs, each at most
// MaxInput bytes.
func Blind(inputs [][]byte) (*Blinded, error) {
	if len(inputs) == 0 || len(inputs) > MaxBatch {
		return nil, ErrBatch
	}
	blinds := make([]p384.Secret, len(inputs))
	for i := range blinds {
		if blinds[i].GenerateSecret() != nil {
			return nil, ErrRandom
		}
	}
	return blind(inputs, blinds)
}

// blind is Blind with the blinds given; it keeps the slice.
func blind(inputs [][]byte, blinds []p384.Secret) (*Blinded, error) {
	elements := make([]p384.Point, len(inputs))
	for i, input := range inputs {
		if err := hashToGroup(&elements[i], input); err != nil {
			return nil, err
		}
	}
	// blindedElement = blind * inputElement
	p384.MulEach(elements, blinds, elements)
	p384.NormalizeAll(elements)
	return &Blinded{blinds: blinds, elements: elements}, nil
}

// Elements returns what is sent to the server, in the order of the inputs.
func (b *Blinded) Elements() []BlindedElement {
	out := make([]BlindedElement, len(b.elements))
	for i := range out {
		out[i].p.Set(&b.elements[i])
	}
	return out
}

// Finish checks the server's proof against pk and removes the blinds. A server
// may evaluate fewer elements than it was sent: the first len(evaluated) of
// them. A proof that does not verify gives ErrProof, and nothing of the answer
// may be used; the request may be sent again, since the exchange is finished
// only by a proof that verifies. (RFC 9497 section 3.3.2, Finalize without its
// hash: see Element.Output.)
func (b *Blinded) Finish(pk *PublicKey, evaluated []EvaluatedElement, proof *Proof) ([]Element, error) {
	n := len(evaluated)
	if b.blinds == nil {
		return nil, ErrFinished
	}
	if n == 0 || n > len(b.blinds) {
		return nil, ErrBatch
	}
	d := make([]p384.Point, n)
	for i := range evaluated {
		if evaluated[i].p.IsInfinity() { // a zero EvaluatedElement
			return nil, ErrElement
		}
		d[i].Set(&evaluated[i].p)
	}
	if err := verifyProof(pk, b.elements[:n], d, proof); err != nil {
		return nil, err
	}
	// N = scalar_inverse(blind) * evaluatedElement
	blinds := b.blinds[:n]
	p384.InvertAll(blinds)
	p384.MulEach(d, blinds, d)
	p384.NormalizeAll(d)
	b.Wipe()
	out := make([]Element, n)
	for i := range d {
		out[i].p.Set(&d[i])
	}
	return out, nil
}

// Wipe forgets the blinds. The exchange cannot be finished afterwards.
func (b *Blinded) Wipe() {
	clear(b.blinds)
	b.blinds = nil
}

// Count returns the number of inputs, 0 once the exchange is finished.
func (b *Blinded) Count() int { return len(b.blinds) }

// blindedSize is one input of Append: its blind and its blinded element.
const blindedSize = ScalarSize + ElementSize

// Append appends the state itself, for clients that keep none in memory: for
// each input its blind (48 bytes, secret) and its blinded element (97 bytes).
// Nothing is appended once the exchange is finished.
func (b *Blinded) Append(dst []byte) []byte {
	for i := range b.blinds {
		dst = b.blinds[i].AppendBytes(dst)
		dst = b.elements[i].AppendUncompressed(dst)
	}
	return dst
}

// ParseBlinded reads what Append wrote: between 1 and MaxBatch times 145 bytes.
// It cannot tell whether a blind belongs to its element: state that was altered
// fails at the proof or gives elements that do not verify.
func ParseBlinded(s []byte) (*Blinded, error) {
	n := len(s) / blindedSize
	if n == 0 || n > MaxBatch || len(s)%blindedSize != 0 {
		return nil, ErrBatch
	}
	b := &Blinded{make([]p384.Secret, n), make([]p384.Point, n)}
	for i := range b.blinds {
		if b.blinds[i].SetBytes(s[:ScalarSize]) != nil {
			return nil, ErrPrivateKey
		}
		if b.elements[i].SetBytes(s[ScalarSize:blindedSize]) != nil {
			return nil, ErrElement
		}
		s = s[blindedSize:]
	}
	return b, nil
}

// Output is the function's value in the sense of RFC 9497: the hash that
// Finalize (section 3.3.1) makes of the input and the unblinded element. Private
// State Tokens do not use it.
func (e *Element) Output(input []byte) ([OutputSize]byte, error) {
	if len(input) > MaxInput {
		return [OutputSize]byte{}, ErrInput
	}
	if e.p.IsInfinity() { // a zero Element
		return [OutputSize]byte{}, ErrElement
	}
	// hashInput = I2OSP(len(input), 2) || input ||
	//   I2OSP(len(unblindedElement), 2) || unblindedElement || "Finalize"
	in := make([]byte, 0, 2+len(input)+2+p384.CompressedSize+8)
	in = append(in, byte(len(input)>>8), byte(len(input)))
	in = append(in, input...)
	in = appendElement(in, &e.p)
	in = append(in, "Finalize"...)
	return p384.Sum384(in), nil
}
