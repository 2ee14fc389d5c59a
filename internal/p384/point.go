//go:build !nistec

package p384

// Point is a point of P-384. The zero value is the point at infinity.
type Point struct{ j jacobian }

// generatorBytes is G (SP 800-186 section 3.2.1.4).
var generatorBytes = [96]byte{
	0xaa, 0x87, 0xca, 0x22, 0xbe, 0x8b, 0x05, 0x37, 0x8e, 0xb1, 0xc7, 0x1e, 0xf3, 0x20, 0xad, 0x74,
	0x6e, 0x1d, 0x3b, 0x62, 0x8b, 0xa7, 0x9b, 0x98, 0x59, 0xf7, 0x41, 0xe0, 0x82, 0x54, 0x2a, 0x38,
	0x55, 0x02, 0xf2, 0x5d, 0xbf, 0x55, 0x29, 0x6c, 0x3a, 0x54, 0x5e, 0x38, 0x72, 0x76, 0x0a, 0xb7,
	0x36, 0x17, 0xde, 0x4a, 0x96, 0x26, 0x2c, 0x6f, 0x5d, 0x9e, 0x98, 0xbf, 0x92, 0x92, 0xdc, 0x29,
	0xf8, 0xf4, 0x1d, 0xbd, 0x28, 0x9a, 0x14, 0x7c, 0xe9, 0xda, 0x31, 0x13, 0xb5, 0xf0, 0xb8, 0xc0,
	0x0a, 0x60, 0xb1, 0xce, 0x1d, 0x7e, 0x81, 0x9d, 0x7a, 0x43, 0x1d, 0x7c, 0x90, 0xea, 0x0e, 0x5f,
}

// Set sets p to q. It is a call on purpose: TinyGo writes an assignment out as
// eighty loads and stores, wherever it stands.
//
//go:noinline
func (p *Point) Set(q *Point) { *p = *q }

// Generator returns the base point G.
func Generator() Point {
	p := Point{jacobian{z: feOne}}
	feSetBytes(&p.j.x, generatorBytes[:48])
	feSetBytes(&p.j.y, generatorBytes[48:])
	return p
}

// SetBytes sets p to the point with the uncompressed encoding b (97 bytes, SEC
// 1 section 2.3.4). Anything else (another length, the compressed form,
// infinity, coordinates not below p or not on the curve) gives ErrPoint and
// leaves p as it was.
func (p *Point) SetBytes(b []byte) error {
	if len(b) != UncompressedSize || b[0] != 4 {
		return ErrPoint
	}
	var a affine
	ok := feSetBytes(&a.x, b[1:49]) & feSetBytes(&a.y, b[49:])
	if ok&onCurve(&a) != 1 {
		return ErrPoint
	}
	p.j = jacobian{a.x, a.y, feOne}
	return nil
}

// AppendUncompressed appends the 97-byte encoding of p. Infinity has none:
// callers check IsInfinity first, and 97 zero bytes, which SetBytes refuses,
// stand for it.
func (p *Point) AppendUncompressed(dst []byte) []byte {
	a, finite := p.affine()
	dst = append(dst, 4&byte(finite))
	return feAppend(feAppend(dst, &a.x), &a.y)
}

// AppendCompressed appends the 49-byte encoding of p, 49 zero bytes for
// infinity.
func (p *Point) AppendCompressed(dst []byte) []byte {
	a, finite := p.affine()
	dst = append(dst, (2|byte(feIsOdd(&a.y)))&byte(finite))
	return feAppend(dst, &a.x)
}

// affine returns the coordinates of p, both 0 for infinity, and all ones where p
// is not infinity.
func (p *Point) affine() (a affine, finite uint64) {
	if p.isNormal() != 0 { // public: whether Normalize has been called
		return affine{p.j.x, p.j.y}, ^uint64(0)
	}
	q := p.j
	finite = ^feIsZero(&q.z)
	feInvert(&q.z, &q.z)
	toAffine(&a, &q, &q.z)
	return a, finite
}

// isNormal is all ones where Z is 1 as Normalize writes it.
func (p *Point) isNormal() uint64 {
	var t uint64
	for i := range p.j.z {
		t |= uint64(p.j.z[i] ^ feOne[i])
	}
	return ((t | -t) >> 63) - 1
}

// IsInfinity tells whether p is the neutral element.
func (p *Point) IsInfinity() bool { return feIsZero(&p.j.z) != 0 }

// Equal tells whether p and q are the same point, in constant time.
func (p *Point) Equal(q *Point) bool {
	// X_p Z_q^2 = X_q Z_p^2 and Y_p Z_q^3 = Y_q Z_p^3, and both or neither
	// infinity. Where Z is 0 both sides vanish.
	var zp, zq, l, r fe
	feSqr(&zp, &p.j.z)
	feSqr(&zq, &q.j.z)
	feMul(&l, &p.j.x, &zq)
	feMul(&r, &q.j.x, &zp)
	same := feEqual(&l, &r)
	feMul(&zp, &zp, &p.j.z)
	feMul(&zq, &zq, &q.j.z)
	feMul(&l, &p.j.y, &zq)
	feMul(&r, &q.j.y, &zp)
	same &= feEqual(&l, &r)
	same &= ^(feIsZero(&p.j.z) ^ feIsZero(&q.j.z))
	return same != 0
}

// Normalize brings points to Z = 1, which encoding and multiplication need, with
// one inversion for all. It changes no value.
func Normalize(points ...*Point) {
	m := works.Get().(*workspace)
	normalize(m, points)
	works.Put(m)
}

// NormalizeAll is Normalize for a slice.
func NormalizeAll(points []Point) {
	m := works.Get().(*workspace)
	m.all = room(m.all, len(points), 1)
	all := m.all
	for i := range points {
		all[i] = &points[i]
	}
	normalize(m, all)
	clear(all)
	works.Put(m)
}

func normalize(m *workspace, points []*Point) {
	n := len(points)
	m.inv, m.todo = room(m.inv, n, 1), room(m.todo, n, 1)
	m.prefix, m.zero = room(m.prefix, n, 1), room(m.zero, n, 1)
	inv, prefix, zero := m.inv, m.prefix, m.zero
	todo := m.todo[:0]
	for i, p := range points {
		if p.isNormal() == 0 { // public: whether Normalize has been called
			inv[i] = p.j.z
			todo = append(todo, &inv[i])
		}
	}
	feInvertAll(todo, prefix, zero)
	for i, p := range points {
		if p.isNormal() != 0 { // public
			continue // public
		}
		finite := ^feIsZero(&inv[i])
		var a affine
		toAffine(&a, &p.j, &inv[i])
		p.j = jacobian{x: a.x, y: a.y}
		feSelect(&p.j.z, &feOne, &fe{}, finite)
	}
	clear(inv)
	clear(prefix)
	clear(zero)
}

// normal returns affine copies of points that are not infinity, in m.affine.
func normal(m *workspace, points []*Point) []affine {
	n := len(points)
	m.copies, m.all, m.affine = room(m.copies, n, 1), room(m.all, n, 1), room(m.affine, n, 1)
	copies, all, out := m.copies, m.all, m.affine
	for i, p := range points {
		copies[i], all[i] = *p, &copies[i]
	}
	normalize(m, all)
	for i := range copies {
		out[i] = affine{copies[i].j.x, copies[i].j.y}
	}
	clear(copies)
	return out
}
