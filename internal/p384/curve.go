package p384

// jacobian is a point with x = X/Z^2 and y = Y/Z^3; Z = 0 is infinity.
type jacobian struct{ x, y, z fe }

// affine is a point other than infinity.
type affine struct{ x, y fe }

// multiples holds P, 3P, 5P, ... 31P, packed for lookups.
type multiples [tableSize]packed

const tableSize = 16

// pointAddAffine sets p = q + r, where q is not infinity and r is neither q nor
// -q; the caller proves that. (For r = -q it still gives Z = 0.) h and s are the
// differences of the coordinates, for callers that cannot prove it. 8M + 3S:
//
//	H = x Z^2 - X, S = y Z^3 - Y, Z' = Z H
//	X' = S^2 - H^3 - 2 X H^2, Y' = S (X H^2 - X') - Y H^3
//
// (Cohen, Miyaji, Ono 1998; "madd" in the Explicit-Formulas Database.)
// Units: X and Y of at most 4, Z of at most 2, r of 1 give 4, 2 and 1.
func pointAddAffine(p, q *jacobian, r *affine) (h, s fe) {
	var t, u, v, w fe
	feSqr(&t, &q.z)       // 2*2
	feMul(&h, &r.x, &t)   // 1*1
	feMul(&t, &t, &q.z)   // 1*2
	feMul(&s, &r.y, &t)   // 1*1
	feSub(&h, &h, &q.x)   // 5
	feSub(&s, &s, &q.y)   // 5
	feSqr(&t, &h)         // 5*5
	feMul(&u, &t, &h)     // 1*5: H^3
	feMul(&v, &t, &q.x)   // 1*4: X H^2
	feMul(&w, &u, &q.y)   // 1*4: Y H^3
	feMul(&p.z, &q.z, &h) // 2*5
	feSqr(&t, &s)         // 5*5
	feSub(&t, &t, &u)     // 2
	feSub(&t, &t, &v)     // 3
	feSub(&p.x, &t, &v)   // 4
	feSub(&t, &v, &p.x)   // 5
	feMul(&t, &t, &s)     // 5*5
	feSub(&p.y, &t, &w)   // 2
	return h, s
}

// pointAddAffineOrDouble is pointAddAffine for q that may also equal r. 2r is
// computed every time and taken by a mask.
func pointAddAffineOrDouble(p, q *jacobian, r *affine) {
	var sum, dbl jacobian
	h, s := pointAddAffine(&sum, q, r)
	rj := jacobian{r.x, r.y, feOne}
	pointDouble(&dbl, &rj)
	same := feIsZero(&h) & feIsZero(&s)
	pointSelect(p, &dbl, &sum, same)
}

// pointAdd sets p = q + r for all q and r, without a branch. 12M + 4S ("add" in
// the Explicit-Formulas Database) and a doubling. Units: at most 4, 4, 3, which are
// also those of the sum.
func pointAdd(p, q, r *jacobian) {
	var sum, dbl jacobian
	var zq, zr, uq, ur, sq, sr, h, s, t, u, v, w fe
	feSqr(&zq, &q.z)
	feSqr(&zr, &r.z)
	feMul(&uq, &q.x, &zr)
	feMul(&ur, &r.x, &zq)
	feMul(&sq, &q.y, &r.z) // 4*2
	feMul(&sq, &sq, &zr)
	feMul(&sr, &r.y, &q.z)
	feMul(&sr, &sr, &zq)
	feSub(&h, &ur, &uq) // 2
	feSub(&s, &sr, &sq) // 2
	feSqr(&t, &h)
	feMul(&u, &t, &h)
	feMul(&v, &t, &uq)
	feMul(&w, &u, &sq)
	feMul(&sum.z, &q.z, &r.z) // 2*2
	feMul(&sum.z, &sum.z, &h)
	feSqr(&t, &s)
	feSub(&t, &t, &u)
	feSub(&t, &t, &v)
	feSub(&sum.x, &t, &v) // 4
	feSub(&t, &v, &sum.x) // 5
	feMul(&t, &t, &s)
	feSub(&sum.y, &t, &w) // 2

	pointDouble(&dbl, q)
	qInf, rInf := feIsZero(&q.z), feIsZero(&r.z)
	pointSelect(&sum, &dbl, &sum, feIsZero(&h)&feIsZero(&s)&^qInf&^rInf)
	pointSelect(&sum, r, &sum, qInf)
	pointSelect(p, q, &sum, rInf)
}

// pointSelect sets p = q where mask is all ones and r where it is 0.
func pointSelect(p, q, r *jacobian, mask uint64) {
	feSelect(&p.x, &q.x, &r.x, mask)
	feSelect(&p.y, &q.y, &r.y, mask)
	feSelect(&p.z, &q.z, &r.z, mask)
}

// onCurve is all ones where y^2 = x^3 - 3x + b.
func onCurve(p *affine) uint64 {
	var l, r, t fe
	feSqr(&l, &p.y)
	feSqr(&r, &p.x)
	feMul(&r, &r, &p.x)
	feAdd(&t, &p.x, &p.x)
	feAdd(&t, &t, &p.x)
	feSub(&r, &r, &t)
	feAdd(&r, &r, &curveB)
	return feEqual(&l, &r) // 1 + 5
}

// toAffine sets a to the coordinates of j, given 1/Z. Units of j: 4, 4, any.
func toAffine(a *affine, j *jacobian, zInv *fe) {
	var t fe
	feSqr(&t, zInv)
	feMul(&a.x, &j.x, &t)
	feMul(&t, &t, zInv)
	feMul(&a.y, &j.y, &t)
}
