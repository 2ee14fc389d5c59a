package p384

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha512"
	"errors"
	"math/big"
	"runtime"
	"testing"

	"filippo.io/nistec"
	"github.com/cloudflare/circl/expander"
	"github.com/cloudflare/circl/group"
)

var (
	bigN = new(big.Int).SetBytes(order[:])
	bigP = func() *big.Int {
		p, _ := new(big.Int).SetString("fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff", 16)
		return p
	}()
)

// rounds is the number of random comparisons with a slow oracle.
func rounds(native int) int {
	if testing.Short() || runtime.GOARCH == "wasm" {
		return native / 10
	}
	return native
}

func bytes48(x *big.Int) []byte { return new(big.Int).Mod(x, bigN).FillBytes(make([]byte, 48)) }

func secretOf(t testing.TB, x *big.Int) (k Secret) {
	t.Helper()
	if err := k.SetBytes(bytes48(x)); err != nil {
		t.Fatalf("%x: %v", x, err)
	}
	return k
}

func scalarOf(t testing.TB, x *big.Int) (s Scalar) {
	t.Helper()
	if err := s.SetBytes(bytes48(x)); err != nil {
		t.Fatal(err)
	}
	return s
}

// randomBig is uniform below n and not zero.
func randomBig() *big.Int {
	for {
		x, err := rand.Int(rand.Reader, bigN)
		if err != nil {
			panic(err)
		}
		if x.Sign() > 0 {
			return x
		}
	}
}

// oracle computes k*p with nistec.
func oracleMul(k *big.Int, p *nistec.P384Point) *nistec.P384Point {
	q, err := nistec.NewP384Point().ScalarMult(p, bytes48(k))
	if err != nil {
		panic(err)
	}
	return q
}

func fromOracle(t testing.TB, p *nistec.P384Point) (q Point) {
	t.Helper()
	if p.IsInfinity() == 1 {
		return q
	}
	if err := q.SetBytes(p.Bytes()); err != nil {
		t.Fatal(err)
	}
	return q
}

// same compares with the oracle, through both encodings.
func same(p *Point, q *nistec.P384Point) bool {
	if q.IsInfinity() == 1 {
		return p.IsInfinity() && bytes.Equal(p.AppendUncompressed(nil), make([]byte, 97)) && bytes.Equal(p.AppendCompressed(nil), make([]byte, 49))
	}
	return !p.IsInfinity() && bytes.Equal(p.AppendUncompressed(nil), q.Bytes()) && bytes.Equal(p.AppendCompressed(nil), q.BytesCompressed())
}

// edgeScalars are those where windows, carries and incomplete additions go
// wrong first.
func edgeScalars() (out []*big.Int) {
	for i := int64(1); i <= 40; i++ {
		out = append(out, big.NewInt(i))
	}
	for i := int64(1); i <= 70; i++ {
		out = append(out, new(big.Int).Sub(bigN, big.NewInt(i)))
	}
	half := new(big.Int).Rsh(bigN, 1)
	for i := int64(-3); i <= 3; i++ {
		out = append(out, new(big.Int).Add(half, big.NewInt(i)))
	}
	one := big.NewInt(1)
	for _, w := range []uint{4, 5, 6, 8} { // every window at its largest, smallest and middle digit
		for _, digit := range []int64{1<<w - 1, 1, 1 << (w - 1), 1<<(w-1) - 1, 1<<(w-1) + 1} {
			x := new(big.Int)
			for i := uint(0); i < 384; i += w {
				x.Or(x, new(big.Int).Lsh(big.NewInt(digit), i))
			}
			x.Mod(x, bigN)
			out = append(out, x)
		}
	}
	for i := uint(0); i < 384; i++ { // sparse
		out = append(out, new(big.Int).Mod(new(big.Int).Lsh(one, i), bigN))
		if i%7 == 0 {
			x := new(big.Int).Lsh(one, i)
			out = append(out, new(big.Int).Mod(x.Sub(x, one), bigN))
		}
	}
	// 2^384 - 1 - n and its neighbours: bytes all ones after reduction.
	top := new(big.Int).Sub(new(big.Int).Lsh(one, 384), one)
	out = append(out, new(big.Int).Mod(top, bigN))
	for i := 0; i < len(out); i++ {
		if out[i].Sign() == 0 {
			out = append(out[:i], out[i+1:]...)
			i--
		}
	}
	return out
}

func TestMulEdgeScalars(t *testing.T) {
	g := nistec.NewP384Point().SetGenerator()
	q := oracleMul(randomBig(), g)
	p, gen := fromOracle(t, q), Generator()
	for _, k := range edgeScalars() {
		s := secretOf(t, k)
		want, times := oracleMul(k, g), oracleMul(k, q)
		if got := s.Mul(&p); !same(&got, times) {
			t.Errorf("k*P is wrong for k = %x", k)
		}
		if got := s.MulBase(); !same(&got, want) {
			t.Errorf("k*G is wrong for k = %x", k)
		}
		if got := s.Mul(&gen); !same(&got, want) {
			t.Errorf("k*G as any point is wrong for k = %x", k)
		}
		pub := scalarOf(t, k)
		if got := VarTimeMultiMul([]Scalar{pub}, []Point{p}); !same(&got, times) {
			t.Errorf("VarTimeMultiMul is wrong for k = %x", k)
		}
	}
}

func TestMulEachEdgeScalars(t *testing.T) {
	q := oracleMul(randomBig(), nistec.NewP384Point().SetGenerator())
	p := fromOracle(t, q)
	scalars := edgeScalars()
	secrets := make([]Secret, len(scalars))
	points := make([]Point, len(scalars))
	for i := range secrets {
		secrets[i], points[i] = secretOf(t, scalars[i]), p
	}
	out := make([]Point, len(points))
	MulEach(out, secrets, points)
	NormalizeAll(out)
	for i := range out {
		if !same(&out[i], oracleMul(scalars[i], q)) {
			t.Errorf("k*P is wrong for k = %x", scalars[i])
		}
	}
}

// compareRandom compares 2n random products with nistec, and more.
func compareRandom(t *testing.T, n int) {
	g := nistec.NewP384Point().SetGenerator()
	for done := 0; done < n; {
		size := min(1+done%40, n-done) // batches of every size up to 40
		done += size
		k := randomBig()
		s := secretOf(t, k)
		want := make([]*nistec.P384Point, size)
		in := make([]Point, size)
		secrets := make([]Secret, size)
		wantEach := make([]*nistec.P384Point, size)
		for i := range in {
			q, err := nistec.NewP384Point().ScalarBaseMult(bytes48(randomBig()))
			if err != nil {
				t.Fatal(err)
			}
			if i > 0 && i%5 == 0 { // equal and opposite points beside each other
				in[i], wantEach[i], want[i] = in[i-1], nil, want[i-1]
			} else {
				in[i] = fromOracle(t, q)
				want[i] = oracleMul(k, q)
			}
			ki := randomBig()
			secrets[i] = secretOf(t, ki)
			wantEach[i] = oracleMul(ki, mustPoint(t, &in[i]))
		}
		out := make([]Point, size)
		s.MulAll(out, in)
		for i := range out {
			if !same(&out[i], want[i]) {
				t.Fatalf("MulAll of %d, point %d, k = %x", size, i, k)
			}
		}
		MulEach(out, secrets, in)
		NormalizeAll(out)
		for i := range out {
			if !same(&out[i], wantEach[i]) {
				t.Fatalf("MulEach of %d, point %d", size, i)
			}
		}
		one := s.Mul(&in[size-1])
		if !same(&one, want[size-1]) {
			t.Fatalf("Mul, k = %x", k)
		}
		base := s.MulBase()
		if !same(&base, oracleMul(k, g)) {
			t.Fatalf("MulBase, k = %x", k)
		}
	}
}

func mustPoint(t testing.TB, p *Point) *nistec.P384Point {
	t.Helper()
	if p.IsInfinity() {
		return nistec.NewP384Point()
	}
	q, err := nistec.NewP384Point().SetBytes(p.AppendUncompressed(nil))
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestMulRandom(t *testing.T) { compareRandom(t, rounds(3000)) }

// compareMultiMul compares n random sums with nistec; terms repeat, cancel and
// vanish.
func compareMultiMul(t *testing.T, n int) {
	g := nistec.NewP384Point().SetGenerator()
	for done := 0; done < n; {
		size := min(1+done%33, n-done)
		done += size
		scalars := make([]Scalar, size)
		points := make([]Point, size)
		sum := nistec.NewP384Point()
		var prevK, prevB *big.Int
		for i := range points {
			k, b := randomBig(), randomBig()
			switch {
			case i > 0 && i%6 == 1: // the same point again
				b = prevB
			case i > 0 && i%6 == 2: // the same term again
				k, b = prevK, prevB
			case i > 0 && i%6 == 3: // the term that cancels the last one
				k, b = new(big.Int).Sub(bigN, prevK), prevB
			case i > 0 && i%6 == 4: // the opposite point, the same scalar
				k, b = prevK, new(big.Int).Sub(bigN, prevB)
			case i%11 == 5:
				k = new(big.Int)
			case i%11 == 7: // infinity
				b = new(big.Int)
			case i%13 == 8:
				k = big.NewInt(int64(i))
			}
			prevK, prevB = k, b
			scalars[i] = scalarOf(t, k)
			q := oracleMul(b, g)
			points[i] = fromOracle(t, q)
			sum.Add(sum, oracleMul(k, q))
		}
		if got := VarTimeMultiMul(scalars, points); !same(&got, sum) {
			t.Fatalf("sum of %d terms", size)
		}
		s, c := randomBig(), randomBig()
		ss, cs := scalarOf(t, s), scalarOf(t, c)
		want := nistec.NewP384Point().Add(oracleMul(s, g), oracleMul(c, mustPoint(t, &points[0])))
		if got := VarTimeMulAddBase(&ss, &cs, &points[0]); !same(&got, want) {
			t.Fatal("s*G + c*P")
		}
	}
}

func TestMultiMulRandom(t *testing.T) { compareMultiMul(t, rounds(1000)) }

func TestMultiMulSpecialSums(t *testing.T) {
	g := Generator()
	ng := nistec.NewP384Point().SetGenerator()
	q := oracleMul(big.NewInt(77), ng)
	p := fromOracle(t, q)
	minus := fromOracle(t, nistec.NewP384Point().Negate(q))
	var inf Point
	s := func(x int64) Scalar { return scalarOf(t, big.NewInt(x)) }
	for name, c := range map[string]struct {
		k    []Scalar
		p    []Point
		want int64 // times G
	}{
		"nothing":                   {nil, nil, 0},
		"zero times a point":        {[]Scalar{s(0)}, []Point{p}, 0},
		"a number times infinity":   {[]Scalar{s(5)}, []Point{inf}, 0},
		"one times a point":         {[]Scalar{s(1)}, []Point{p}, 77},
		"n - 1 times a point":       {[]Scalar{s(-1)}, []Point{p}, -77},
		"opposites":                 {[]Scalar{s(3), s(3)}, []Point{p, minus}, 0},
		"opposite scalars":          {[]Scalar{s(3), s(-3)}, []Point{p, p}, 0},
		"a point four times":        {[]Scalar{s(1), s(1), s(1), s(1)}, []Point{p, p, p, p}, 4 * 77},
		"all infinity":              {[]Scalar{s(1), s(2), s(3)}, []Point{inf, inf, inf}, 0},
		"a sum that meets a term":   {[]Scalar{s(76), s(1), s(1)}, []Point{g, g, p}, 154},
		"a sum that cancels midway": {[]Scalar{s(77), s(-1), s(9)}, []Point{g, p, g}, 9},
		"small multiples":           {[]Scalar{s(16), s(15), s(17), s(31), s(32), s(33)}, []Point{p, p, p, p, p, p}, 144 * 77},
	} {
		if got := VarTimeMultiMul(c.k, c.p); !same(&got, oracleMul(big.NewInt(c.want), ng)) {
			t.Error(name)
		}
	}
	for name, c := range map[string]struct {
		s, c Scalar
		p    *Point
		want int64
	}{
		"0, 0":            {s(0), s(0), &p, 0},
		"cancels":         {s(77), s(-1), &p, 0},
		"equal halves":    {s(77), s(1), &p, 154},
		"base alone":      {s(4), s(0), &p, 4},
		"point alone":     {s(0), s(4), &p, 308},
		"infinity":        {s(4), s(4), &inf, 4},
		"base as point":   {s(-5), s(5), &g, 0},
		"base as a point": {s(5), s(5), &g, 10},
	} {
		if got := VarTimeMulAddBase(&c.s, &c.c, c.p); !same(&got, oracleMul(big.NewInt(c.want), ng)) {
			t.Error("s*G + c*P:", name)
		}
	}
}

// Sums of a multiple of G and of a point that is itself a multiple of G: whatever
// the scalars, an accumulator may meet the point that it adds, or its negative.
// CVE-2026-1229 was that: circl's ecc/p384.CombinedMult, before 1.6.3, added with
// incomplete formulas, and gave a wrong sum for such points.
func TestCombinedMulOfDependentPoints(t *testing.T) {
	ng := nistec.NewP384Point().SetGenerator()
	var numbers []*big.Int
	for _, x := range []int64{1, -1, 2, 3, -6, 16, 33} {
		numbers = append(numbers, big.NewInt(x))
	}
	for _, shift := range []uint{20, 192} {
		numbers = append(numbers, new(big.Int).Lsh(big.NewInt(1), shift))
	}
	half := new(big.Int).Rsh(bigN, 1)
	numbers = append(numbers, half)
	wrong := 0
	for _, multiple := range numbers { // P = multiple * G
		p := fromOracle(t, oracleMul(multiple, ng))
		for _, c := range numbers {
			// s*G takes the sum to a point that c*P is, to its negative, and beside both.
			product := new(big.Int).Mul(c, multiple)
			for _, s := range []*big.Int{product, new(big.Int).Neg(product), c, new(big.Int).Sub(product, big.NewInt(1))} {
				ss, cs := scalarOf(t, s), scalarOf(t, c)
				want := oracleMul(new(big.Int).Add(s, product), ng)
				got := VarTimeMulAddBase(&ss, &cs, &p)
				multi := VarTimeMultiMul([]Scalar{ss, cs}, []Point{Generator(), p})
				if !same(&got, want) || !same(&multi, want) {
					if wrong++; wrong < 5 {
						t.Errorf("%x*G + %x*(%x*G)", s, c, multiple)
					}
				}
			}
		}
	}
}

func TestMulOfInfinity(t *testing.T) {
	k := secretOf(t, randomBig())
	var inf Point
	if got := k.Mul(&inf); !got.IsInfinity() {
		t.Error("k*infinity is not infinity")
	}
	g := Generator()
	for _, n := range []int{1, 3, 9} {
		in, out := make([]Point, n), make([]Point, n)
		for i := range in {
			in[i] = g
		}
		in[n/2] = inf
		k.MulAll(out, in)
		NormalizeAll(out)
		want := k.MulBase()
		for i := range out {
			if i == n/2 != out[i].IsInfinity() || i != n/2 && !out[i].Equal(&want) {
				t.Errorf("%d points, infinity in the middle: point %d", n, i)
			}
		}
	}
	k.MulAll(nil, nil)
	MulEach(nil, nil, nil)
	InvertAll(nil)
	NormalizeAll(nil)
}

func TestEqual(t *testing.T) {
	g := Generator()
	var inf Point
	k := secretOf(t, big.NewInt(2))
	g2 := k.Mul(&g) // in whatever coordinates it comes
	b := g2.AppendUncompressed(nil)
	var again Point
	if err := again.SetBytes(b); err != nil {
		t.Fatal(err)
	}
	minus := fromOracle(t, nistec.NewP384Point().Negate(mustPoint(t, &g2)))
	if !g2.Equal(&again) || !again.Equal(&g2) || !inf.Equal(&inf) || !g.Equal(&g) {
		t.Error("equal points differ")
	}
	if g.Equal(&g2) || g.Equal(&inf) || inf.Equal(&g) || g2.Equal(&inf) || minus.Equal(&g2) || g2.Equal(&minus) {
		t.Error("different points are equal")
	}
	n := g2
	Normalize(&n, &again, &inf)
	if !n.Equal(&g2) || !inf.IsInfinity() {
		t.Error("Normalize changed a value")
	}
}

func TestSetBytesRefuses(t *testing.T) {
	g := Generator()
	good := g.AppendUncompressed(nil)
	edit := func(f func(b []byte)) []byte { b := bytes.Clone(good); f(b); return b }
	p := bigP.FillBytes(make([]byte, 48))
	for name, b := range map[string][]byte{
		"empty": {}, "infinity": {0}, "compressed": g.AppendCompressed(nil), "short": good[:96], "long": append(bytes.Clone(good), 0),
		"hybrid":            edit(func(b []byte) { b[0] = 6 | b[96]&1 }),
		"compressed length": edit(func(b []byte) { b[0] = 2 }),
		"off the curve":     edit(func(b []byte) { b[96] ^= 1 }),
		"zero":              edit(func(b []byte) { clear(b[1:]) }),
		"x = p":             edit(func(b []byte) { copy(b[1:], p) }),
		"y = p":             edit(func(b []byte) { copy(b[49:], p) }),
		"x = all ones":      edit(func(b []byte) { copy(b[1:], bytes.Repeat([]byte{255}, 48)) }),
	} {
		var q Point
		if err := q.SetBytes(b); !errors.Is(err, ErrPoint) || !q.IsInfinity() {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The same point with a coordinate that is not reduced: x + p fits in 384
	// bits where x is small. There is a point with x = 2^384-1-p's neighbour
	// or below; look for one.
	three := big.NewInt(3)
	b, _ := new(big.Int).SetString("b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef", 16)
	for x := int64(0); x < 50; x++ {
		bx := big.NewInt(x)
		y2 := new(big.Int).Exp(bx, three, bigP)
		y2.Sub(y2, new(big.Int).Mul(three, bx)).Add(y2, b).Mod(y2, bigP)
		y := new(big.Int).ModSqrt(y2, bigP)
		if y == nil {
			continue
		}
		enc := func(x *big.Int) []byte {
			return append(append([]byte{4}, x.FillBytes(make([]byte, 48))...), y.FillBytes(make([]byte, 48))...)
		}
		var q Point
		if err := q.SetBytes(enc(bx)); err != nil {
			t.Errorf("x = %d: %v", x, err)
		}
		if err := q.SetBytes(enc(new(big.Int).Add(bx, bigP))); !errors.Is(err, ErrPoint) {
			t.Errorf("x = %d + p: %v", x, err)
		}
		return
	}
	t.Error("found no small x on the curve")
}

func TestScalarBytes(t *testing.T) {
	n1 := new(big.Int).Sub(bigN, big.NewInt(1)).FillBytes(make([]byte, 48))
	zero := make([]byte, 48)
	for _, c := range []struct {
		name           string
		b              []byte
		scalar, secret bool
	}{
		{"empty", nil, false, false},
		{"short", n1[:47], false, false},
		{"long", append(bytes.Clone(zero), 1), false, false},
		{"zero", zero, true, false},
		{"one", append(make([]byte, 47), 1), true, true},
		{"order - 1", n1, true, true},
		{"order", order[:], false, false},
		{"order + 1", new(big.Int).Add(bigN, big.NewInt(1)).FillBytes(make([]byte, 48)), false, false},
		{"order + 2^64", new(big.Int).Add(bigN, new(big.Int).Lsh(big.NewInt(1), 64)).FillBytes(make([]byte, 48)), false, false},
		{"order - 2^200", new(big.Int).Sub(bigN, new(big.Int).Lsh(big.NewInt(1), 200)).FillBytes(make([]byte, 48)), true, true},
		{"all ones", bytes.Repeat([]byte{255}, 48), false, false},
	} {
		var s Scalar
		if err := s.SetBytes(c.b); (err == nil) != c.scalar || err != nil && !errors.Is(err, ErrScalar) {
			t.Errorf("scalar, %s: %v", c.name, err)
		} else if err == nil && !bytes.Equal(s.AppendBytes(nil), c.b) {
			t.Errorf("scalar, %s: does not come back", c.name)
		}
		var k Secret
		if err := k.SetBytes(c.b); (err == nil) != c.secret || err != nil && !errors.Is(err, ErrSecret) {
			t.Errorf("secret, %s: %v", c.name, err)
		} else if err == nil && !bytes.Equal(k.AppendBytes(nil), c.b) {
			t.Errorf("secret, %s: does not come back", c.name)
		}
	}
}

// compareScalars compares n rounds of scalar arithmetic with math/big.
func compareScalars(t *testing.T, n int) {
	edge := edgeScalars()
	for i := range n {
		r, c, k := randomBig(), randomBig(), randomBig()
		if i < len(edge) {
			k = edge[i]
			r = edge[(i*7+3)%len(edge)]
			c = edge[(i*13+5)%len(edge)]
		}
		if i == 0 {
			c = new(big.Int)
		}
		rs, cs, ks := secretOf(t, r), scalarOf(t, c), secretOf(t, k)
		want := new(big.Int).Mul(c, k)
		want.Sub(r, want)
		got := ks.Respond(&cs, &rs)
		if !bytes.Equal(got.AppendBytes(nil), bytes48(want)) {
			t.Fatalf("%x - %x*%x = %x", r, c, k, got.AppendBytes(nil))
		}
	}
	for _, size := range []int{1, 2, 3, 50, len(edge)} {
		secrets := make([]Secret, size)
		want := make([][]byte, size)
		for i := range secrets {
			k := edge[i%len(edge)]
			if i%2 == 1 {
				k = randomBig()
			}
			secrets[i] = secretOf(t, k)
			want[i] = bytes48(new(big.Int).ModInverse(k, bigN))
		}
		InvertAll(secrets)
		for i := range secrets {
			if !bytes.Equal(secrets[i].AppendBytes(nil), want[i]) {
				t.Fatalf("inverse %d of %d", i, size)
			}
		}
	}
}

func TestScalarArithmetic(t *testing.T) { compareScalars(t, rounds(10_000)) }

func TestScalarEqual(t *testing.T) {
	a, b := scalarOf(t, big.NewInt(7)), scalarOf(t, big.NewInt(8))
	if a2 := scalarOf(t, big.NewInt(7)); !a.Equal(&a2) || a.Equal(&b) {
		t.Error("Scalar.Equal")
	}
	k, j := secretOf(t, big.NewInt(7)), secretOf(t, new(big.Int).Sub(bigN, big.NewInt(7)))
	if k2 := secretOf(t, big.NewInt(7)); !k.Equal(&k2) || k.Equal(&j) {
		t.Error("Secret.Equal")
	}
}

// compareHashes makes at least n comparisons with circl, of hashes to the curve,
// to scalars and to secrets.
func compareHashes(t *testing.T, n int) {
	compared := 0
	for i := 0; compared < n; i++ {
		msg := make([]byte, i%300)
		rand.Read(msg)
		dst := make([]byte, 1+i%255)
		rand.Read(dst)
		p := HashToCurve(msg, dst)
		want, err := group.P384.HashToElement(msg, dst).MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if got := p.AppendUncompressed(nil); !bytes.Equal(got, want) {
			t.Fatalf("hash to curve of %x, tag %x:\n got %x\nwant %x", msg, dst, got, want)
		}
		s := HashToScalar(msg, dst)
		want, err = group.P384.HashToScalar(msg, dst).MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if got := s.AppendBytes(nil); !bytes.Equal(got, want) {
			t.Fatalf("hash to scalar of %x, tag %x:\n got %x\nwant %x", msg, dst, got, want)
		}
		var k Secret
		if err := k.HashToSecret(msg, dst); err != nil || !bytes.Equal(k.AppendBytes(nil), want) {
			t.Fatalf("hash to secret: %v", err)
		}
		compared += 3
	}
	t.Logf("result: %d comparisons with circl", compared)
}

func TestHashesAgainstCIRCL(t *testing.T) { compareHashes(t, comparisons()) }

// Whichever of the two a build uses, both are held to each other here, and the
// RFC's vectors of the suite hold the one that is used.
func TestExpandMessageAgainstCIRCL(t *testing.T) {
	for n := 1; n < 400; n += 3 {
		msg, dst := make([]byte, n), make([]byte, 1+n%255)
		rand.Read(msg)
		rand.Read(dst)
		got, own := make([]byte, n), make([]byte, n)
		expandMessage(got, msg, dst)
		expandMessageOwn(own, msg, dst)
		want := expander.NewExpanderMD(crypto.SHA384, dst).Expand(msg, uint(n))
		if !bytes.Equal(got, want) || !bytes.Equal(own, want) {
			t.Fatalf("%d bytes:\n got %x\n own %x\nwant %x", n, got, own, want)
		}
	}
	for _, expand := range []func(out, msg, dst []byte){expandMessage, expandMessageOwn} {
		for _, dst := range [][]byte{nil, make([]byte, 256)} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("a tag of %d bytes was taken", len(dst))
					}
				}()
				expand(make([]byte, 48), nil, dst)
			}()
		}
	}
}

func TestSHA384AgainstStandardLibrary(t *testing.T) {
	for n := range 600 {
		b := make([]byte, n)
		rand.Read(b)
		want := sha512.Sum384(b)
		var h digest384
		var got [48]byte
		h.Reset()
		for rest := b; len(rest) > 0; {
			c := min(len(rest), 1+n%37)
			h.Write(rest[:c])
			rest = rest[c:]
		}
		h.Sum(&got)
		if got != want || Sum384(b) != want {
			t.Fatalf("%d bytes: %x, want %x", n, got, want)
		}
	}
}

func TestGenerateSecret(t *testing.T) {
	seen := map[[48]byte]bool{}
	for range 100 {
		var k Secret
		if err := k.GenerateSecret(); err != nil {
			t.Fatal(err)
		}
		b := [48]byte(k.AppendBytes(nil))
		if seen[b] {
			t.Fatal("a secret came twice")
		}
		seen[b] = true
	}
}

// A base point table must hold what it claims: the generator is that of SEC 2.
func TestGenerator(t *testing.T) {
	g := Generator()
	if !same(&g, nistec.NewP384Point().SetGenerator()) {
		t.Error("not the generator of P-384")
	}
}
