package p384

import (
	"math/big"
	"runtime"
	"testing"

	"filippo.io/nistec"
)

// comparisons is how many comparisons with nistec, and how many with circl, the
// everyday tests make: ten thousand, a thousand in WebAssembly and under -short,
// with which the other architectures are tested.
func comparisons() int {
	if testing.Short() || runtime.GOARCH == "wasm" {
		return 1_000
	}
	return 10_000
}

// A walk compares a row of products k_i*P_i with k_i = k + i*d and P_i = P + i*D.
// Each k_i is as random as k and each P_i as random as P, but nistec comes from
// one product to the next by additions, so that a million comparisons take
// minutes on an emulated machine:
//
//	(k + (i+1)d)(P + (i+1)D) - (k + id)(P + iD) = dP + kD + (2i+1)dD
type walk struct {
	k, d *big.Int
	p, q *nistec.P384Point // P_0 and D
}

// newWalk makes the walk of a number: random ones, and those that step over
// edges: scalars beside the order and zero, equal and opposite points, infinity.
func newWalk(number int, edges []*big.Int) walk {
	g := nistec.NewP384Point().SetGenerator()
	w := walk{k: randomBig(), d: randomBig(), p: oracleMul(randomBig(), g), q: oracleMul(randomBig(), g)}
	switch number % 8 {
	case 1: // from an edge upwards, one by one
		w.k, w.d = edges[number/8%len(edges)], big.NewInt(1)
	case 2: // the same point again and again
		w.q = nistec.NewP384Point()
	case 3: // P, infinity, -P, -2P
		w.q = nistec.NewP384Point().Negate(w.p)
	case 4: // from -3P over infinity to the base point's multiples
		w.p, w.q = oracleMul(new(big.Int).Sub(bigN, big.NewInt(3)), g), g
	case 5: // an edge times the base point's multiples
		w.k, w.d = edges[number/8%len(edges)], big.NewInt(2)
		w.p, w.q = g, g
	}
	return w
}

// sameAs compares without nistec's inversion; p is normal.
func sameAs(t *testing.T, p *Point, q *nistec.P384Point) bool {
	difference := mustPoint(t, p)
	return difference.Add(difference, nistec.NewP384Point().Negate(q)).IsInfinity() == 1
}

// compareWalks makes at least n comparisons with nistec, in rows of up to 40.
func compareWalks(t *testing.T, n int) {
	edges := edgeScalars()
	compared := 0
	for number := 0; compared < n; number++ {
		compared += compareWalk(t, newWalk(number, edges), 1+number%40)
		if t.Failed() {
			return
		}
	}
	t.Logf("result: %d comparisons with nistec", compared)
}

func compareWalk(t *testing.T, w walk, size int) (compared int) {
	add := func(p, q *nistec.P384Point) *nistec.P384Point { return nistec.NewP384Point().Add(p, q) }
	g := nistec.NewP384Point().SetGenerator()
	dq := oracleMul(w.d, w.q)
	point := nistec.NewP384Point().Set(w.p)                                  // P_i
	all, kq := oracleMul(w.k, w.p), oracleMul(w.k, w.q)                      // k*P_i and its step
	each, step := oracleMul(w.k, w.p), add(add(oracleMul(w.d, w.p), kq), dq) // k_i*P_i and its step
	base, dg := oracleMul(w.k, g), oracleMul(w.d, g)                         // k_i*G and its step
	dq = add(dq, dq)
	sum := nistec.NewP384Point()

	var points []Point
	var secrets []Secret
	var publics []Scalar
	var wantAll, wantEach, wantBase []*nistec.P384Point
	k := new(big.Int).Set(w.k)
	for range size {
		if k.Sign() == 0 {
			break // no secret is zero
		}
		points = append(points, fromOracle(t, point))
		secrets = append(secrets, secretOf(t, k))
		publics = append(publics, scalarOf(t, k))
		wantAll, wantEach, wantBase = append(wantAll, all), append(wantEach, each), append(wantBase, base)
		sum = add(sum, each)
		k.Add(k, w.d).Mod(k, bigN)
		point, all, each, step, base = add(point, w.q), add(all, kq), add(each, step), add(step, dq), add(base, dg)
	}
	last := len(points) - 1

	check := func(what string, i int, got *Point, want *nistec.P384Point) {
		if compared++; !sameAs(t, got, want) {
			t.Errorf("%s, step %d of %d: k = %x, d = %x, P = %x, D = %x", what, i, len(points), w.k, w.d, w.p.Bytes(), w.q.Bytes())
		}
	}
	out := make([]Point, len(points))
	secrets[0].MulAll(out, points)
	NormalizeAll(out)
	for i := range out {
		check("MulAll", i, &out[i], wantAll[i])
	}
	MulEach(out, secrets, points)
	NormalizeAll(out)
	for i := range out {
		check("MulEach", i, &out[i], wantEach[i])
	}
	for i := range out {
		out[i] = secrets[i].MulBase()
	}
	NormalizeAll(out)
	for i := range out {
		check("MulBase", i, &out[i], wantBase[i])
	}
	alone := secrets[last].Mul(&points[last])
	public := VarTimeMultiMul(publics, points)
	both := VarTimeMulAddBase(&publics[last], &publics[last], &points[last])
	Normalize(&alone, &public, &both)
	check("Mul", last, &alone, wantEach[last])
	check("VarTimeMultiMul", last, &public, sum)
	check("VarTimeMulAddBase", last, &both, add(wantBase[last], wantEach[last]))
	return compared
}

func TestWalks(t *testing.T) { compareWalks(t, comparisons()) }
