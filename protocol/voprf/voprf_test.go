package voprf_test

import (
	"bytes"
	"errors"
	"testing"

	"filippo.io/nistec"

	"github.com/bonafides-dev/bonafides/protocol/voprf"
)

func newKey(t testing.TB) *voprf.PrivateKey {
	t.Helper()
	k, err := voprf.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// exchange runs a batch of n up to the server's answer.
func exchange(t testing.TB, k *voprf.PrivateKey, n int) ([][]byte, *voprf.Blinded, []voprf.EvaluatedElement, *voprf.Proof) {
	t.Helper()
	inputs := randomInputs(n)
	b, err := voprf.Blind(inputs)
	if err != nil {
		t.Fatal(err)
	}
	e, p, err := k.Evaluate(b.Elements())
	if err != nil {
		t.Fatal(err)
	}
	return inputs, b, e, p
}

func TestRoundTrip(t *testing.T) {
	k := newKey(t)
	for _, n := range []int{1, 2, 3, 7, 20} {
		inputs, b, e, p := exchange(t, k, n)
		elements, err := b.Finish(k.PublicKey(), e, p)
		if err != nil {
			t.Fatalf("batch of %d: %v", n, err)
		}
		for i := range elements {
			if err := k.Verify(inputs[i], &elements[i]); err != nil {
				t.Errorf("batch of %d, element %d: %v", n, i, err)
			}
		}
		errs, err := k.VerifyAll(inputs, elements)
		if err != nil {
			t.Fatal(err)
		}
		for i, err := range errs {
			if err != nil {
				t.Errorf("VerifyAll of %d, element %d: %v", n, i, err)
			}
		}
		if _, err := b.Finish(k.PublicKey(), e, p); !errors.Is(err, voprf.ErrFinished) {
			t.Errorf("second Finish: %v", err)
		}
	}
}

func TestVerifyAllTellsEachApart(t *testing.T) {
	k := newKey(t)
	inputs, b, e, p := exchange(t, k, 6)
	elements, err := b.Finish(k.PublicKey(), e, p)
	if err != nil {
		t.Fatal(err)
	}
	elements[1], elements[4] = elements[4], elements[1]
	inputs[2] = make([]byte, voprf.MaxInput+1)
	elements[5] = voprf.Element{}
	errs, err := k.VerifyAll(inputs, elements)
	if err != nil {
		t.Fatal(err)
	}
	want := []error{nil, voprf.ErrInvalid, voprf.ErrInput, nil, voprf.ErrInvalid, voprf.ErrInvalid}
	for i := range want {
		if !errors.Is(errs[i], want[i]) {
			t.Errorf("element %d: %v, want %v", i, errs[i], want[i])
		}
	}
	if _, err := k.VerifyAll(inputs, elements[:5]); !errors.Is(err, voprf.ErrBatch) {
		t.Errorf("lengths differ: %v", err)
	}
}

// A server may grant the first few only.
func TestPartialIssuance(t *testing.T) {
	k := newKey(t)
	inputs := randomInputs(5)
	b, err := voprf.Blind(inputs)
	if err != nil {
		t.Fatal(err)
	}
	e, p, err := k.Evaluate(b.Elements()[:3])
	if err != nil {
		t.Fatal(err)
	}
	elements, err := b.Finish(k.PublicKey(), e, p)
	if err != nil || len(elements) != 3 {
		t.Fatalf("%d elements, %v", len(elements), err)
	}
	for i := range elements {
		if err := k.Verify(inputs[i], &elements[i]); err != nil {
			t.Error(err)
		}
	}
}

// A client can send one element twice; the proof must hold.
func TestDuplicateElements(t *testing.T) {
	k := newKey(t)
	b, err := voprf.Blind(randomInputs(1))
	if err != nil {
		t.Fatal(err)
	}
	one := b.Elements()[0]
	request := []voprf.BlindedElement{one, one, one, one, one}
	e, p, err := k.Evaluate(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := voprf.VerifyProofOf(k.PublicKey(), request, e, p); err != nil {
		t.Error(err)
	}
}

func TestCheatingServerIsCaught(t *testing.T) {
	k, other := newKey(t), newKey(t)
	inputs, b, e, p := exchange(t, k, 3)
	e2, p2, err := other.Evaluate(b.Elements())
	if err != nil {
		t.Fatal(err)
	}
	flip := func(at int) *voprf.Proof {
		raw := p.Append(nil)
		raw[at] ^= 1
		q, err := voprf.ParseProof(raw)
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	pk := k.PublicKey()
	for _, c := range []struct {
		name      string
		pk        *voprf.PublicKey
		evaluated []voprf.EvaluatedElement
		proof     *voprf.Proof
		want      error
	}{
		{"another key for all", pk, e2, p2, voprf.ErrProof},
		{"another key for one", pk, []voprf.EvaluatedElement{e[0], e2[1], e[2]}, p, voprf.ErrProof},
		{"proof of another key", pk, e, p2, voprf.ErrProof},
		{"checked against another key", other.PublicKey(), e, p, voprf.ErrProof},
		{"elements swapped", pk, []voprf.EvaluatedElement{e[1], e[0], e[2]}, p, voprf.ErrProof},
		{"one element short", pk, e[:2], p, voprf.ErrProof},
		{"one element twice", pk, []voprf.EvaluatedElement{e[0], e[0], e[2]}, p, voprf.ErrProof},
		{"challenge altered", pk, e, flip(47), voprf.ErrProof},
		{"response altered", pk, e, flip(95), voprf.ErrProof},
		{"zero proof", pk, e, new(voprf.Proof), voprf.ErrProof},
		{"no element", pk, nil, p, voprf.ErrBatch},
		{"too many elements", pk, append(e[:3:3], e[0]), p, voprf.ErrBatch},
		{"zero element", pk, []voprf.EvaluatedElement{e[0], {}, e[2]}, p, voprf.ErrElement},
	} {
		if got, err := b.Finish(c.pk, c.evaluated, c.proof); !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
	}
	// None of these spoiled the exchange.
	elements, err := b.Finish(pk, e, p)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Verify(inputs[0], &elements[0]); err != nil {
		t.Error(err)
	}
	if err := other.Verify(inputs[0], &elements[0]); !errors.Is(err, voprf.ErrInvalid) {
		t.Errorf("verified with another key: %v", err)
	}
	if err := k.Verify(inputs[0], new(voprf.Element)); !errors.Is(err, voprf.ErrInvalid) {
		t.Errorf("zero Element: %v", err)
	}
}

func TestBatchLimits(t *testing.T) {
	k := newKey(t)
	if _, err := voprf.Blind(nil); !errors.Is(err, voprf.ErrBatch) {
		t.Error(err)
	}
	if _, err := voprf.Blind(make([][]byte, voprf.MaxBatch+1)); !errors.Is(err, voprf.ErrBatch) {
		t.Error(err)
	}
	if _, err := voprf.Blind([][]byte{make([]byte, voprf.MaxInput+1)}); !errors.Is(err, voprf.ErrInput) {
		t.Error(err)
	}
	if _, _, err := k.Evaluate(nil); !errors.Is(err, voprf.ErrBatch) {
		t.Error(err)
	}
	if _, _, err := k.Evaluate(make([]voprf.BlindedElement, voprf.MaxBatch+1)); !errors.Is(err, voprf.ErrBatch) {
		t.Error(err)
	}
	if _, _, err := k.Evaluate(make([]voprf.BlindedElement, 1)); !errors.Is(err, voprf.ErrElement) {
		t.Error(err)
	}
}

// badElements are encodings that a lenient reader would take or stumble over.
func badElements(good []byte) map[string][]byte {
	p, err := nistec.NewP384Point().SetBytes(good)
	if err != nil {
		panic(err)
	}
	edit := func(f func(b []byte)) []byte { b := bytes.Clone(good); f(b); return b }
	return map[string][]byte{
		"empty":              {},
		"infinity":           {0},
		"infinity, padded":   make([]byte, 97),
		"compressed":         p.BytesCompressed(),
		"compressed, padded": append(p.BytesCompressed(), make([]byte, 48)...),
		"hybrid":             edit(func(b []byte) { b[0] = 6 | b[96]&1 }),
		"short":              good[:96],
		"trailing byte":      append(bytes.Clone(good), 0),
		"off the curve":      edit(func(b []byte) { b[96] ^= 1 }),
		"origin":             edit(func(b []byte) { clear(b[1:]) }),
		"x not below p":      edit(func(b []byte) { copy(b[1:49], bytes.Repeat([]byte{0xff}, 48)) }),
		"y not below p":      edit(func(b []byte) { copy(b[49:], bytes.Repeat([]byte{0xff}, 48)) }),
	}
}

func TestParsersRefuse(t *testing.T) {
	good := newKey(t).PublicKey().Append(nil)
	for name, b := range badElements(good) {
		if _, err := voprf.ParsePublicKey(b); !errors.Is(err, voprf.ErrElement) {
			t.Errorf("ParsePublicKey, %s: %v", name, err)
		}
		if _, err := voprf.ParseBlindedElement(b); !errors.Is(err, voprf.ErrElement) {
			t.Errorf("ParseBlindedElement, %s: %v", name, err)
		}
		if _, err := voprf.ParseEvaluatedElement(b); !errors.Is(err, voprf.ErrElement) {
			t.Errorf("ParseEvaluatedElement, %s: %v", name, err)
		}
		if _, err := voprf.ParseElement(b); !errors.Is(err, voprf.ErrElement) {
			t.Errorf("ParseElement, %s: %v", name, err)
		}
	}
	order := unhex(t, "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973")
	below := bytes.Clone(order)
	below[47]--
	zero := make([]byte, 48)
	for name, c := range map[string]struct {
		b  []byte
		ok bool
	}{
		"empty": {nil, false}, "zero": {zero, false}, "order": {order, false}, "order - 1": {below, true},
		"all ones": {bytes.Repeat([]byte{0xff}, 48), false}, "short": {below[:47], false}, "long": {append(zero, 1), false},
	} {
		k, err := voprf.ParsePrivateKey(c.b)
		if c.ok != (err == nil) || (err != nil && !errors.Is(err, voprf.ErrPrivateKey)) {
			t.Errorf("ParsePrivateKey, %s: %v", name, err)
		}
		if err == nil && !bytes.Equal(k.Append(nil), c.b) {
			t.Errorf("%s: does not come back", name)
		}
	}
	for name, c := range map[string]struct {
		b  []byte
		ok bool
	}{
		"empty": {nil, false}, "zeros": {make([]byte, 96), true}, "short": {make([]byte, 95), false}, "long": {make([]byte, 97), false},
		"c not below the order": {append(bytes.Clone(order), zero...), false},
		"s not below the order": {append(bytes.Clone(zero), order...), false},
		"both below":            {append(bytes.Clone(below), below...), true},
	} {
		p, err := voprf.ParseProof(c.b)
		if c.ok != (err == nil) || (err != nil && !errors.Is(err, voprf.ErrProofForm)) {
			t.Errorf("ParseProof, %s: %v", name, err)
		}
		if err == nil && !bytes.Equal(p.Append(nil), c.b) {
			t.Errorf("%s: does not come back", name)
		}
	}
}

func FuzzParseElement(f *testing.F) {
	good := newKey(f).PublicKey().Append(nil)
	f.Add(good)
	for _, b := range badElements(good) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := voprf.ParseElement(b)
		p, oracle := nistec.NewP384Point().SetBytes(b)
		if want := oracle == nil && len(b) == 97 && p.IsInfinity() == 0; want != (err == nil) {
			t.Fatalf("ours %v, nistec %v", err, oracle)
		}
		if err == nil && !bytes.Equal(e.Append(nil), b) {
			t.Fatal("does not come back")
		}
	})
}

func FuzzParseProof(f *testing.F) {
	k := newKey(f)
	_, _, _, p := exchange(f, k, 1)
	f.Add(p.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := voprf.ParseProof(b); err == nil && !bytes.Equal(p.Append(nil), b) {
			t.Fatal("does not come back")
		}
	})
}
