package p384

// sqrt12Bytes is a square root of -Z = 12 (either one: the sign of y is fixed in
// the end).
var sqrt12Bytes = [48]byte{
	0x2a, 0xcc, 0xb4, 0xa6, 0x56, 0xb0, 0x24, 0x9c, 0x71, 0xf0, 0x50, 0x0e, 0x83, 0xda, 0x2f, 0xdd,
	0x7f, 0x98, 0xe3, 0x83, 0xd6, 0x8b, 0x53, 0x87, 0x1f, 0x87, 0x2f, 0xcb, 0x9c, 0xcb, 0x80, 0xc5,
	0x3c, 0x0d, 0xe1, 0xf8, 0xa8, 0x0f, 0x7e, 0x19, 0x14, 0xe2, 0xec, 0x69, 0xf5, 0xa6, 0x26, 0xb3,
}

var (
	sqrt12 = func() (z fe) { feSetBytes(&z, sqrt12Bytes[:]); return }()
	feZ    = func() (z fe) { feFromWords(&z, &[6]uint64{12}); feNeg(&z, &z); return }()
)

// hashToCurve is hash_to_curve of the suite P384_XMD:SHA-384_SSWU_RO_ (RFC 9380
// sections 3 and 8.3): two field elements, each mapped to the curve, added. The
// cofactor is 1. It has no branch on msg.
func hashToCurve(p *jacobian, msg, dst []byte) {
	// hash_to_field (section 5.2) with count = 2, L = 72
	var wide [2 * hashL]byte
	expandMessage(wide[:], msg, dst)
	var u fe
	var q [2]jacobian
	for i := range q {
		feSetWide(&u, (*[hashL]byte)(wide[i*hashL:]))
		mapToCurve(&q[i], &u)
	}
	pointAdd(p, &q[0], &q[1])
}

// mapToCurve is the simplified SWU map in the straight-line form of RFC 9380
// appendix F.2, with Z = -12, A = -3 and sqrt_ratio for p = 3 (mod 4) (F.2.1.2),
// except for its last step: the denominator tv4 of x stays as Z.
func mapToCurve(p *jacobian, u *fe) {
	var tv1, tv2, tv3, tv4, tv5, tv6, x, y, y1, t fe
	feSqr(&tv1, u)          //  1. tv1 = u^2
	feMul(&tv1, &tv1, &feZ) //  2. tv1 = Z * tv1
	feSqr(&tv2, &tv1)       //  3. tv2 = tv1^2
	feAdd(&tv2, &tv2, &tv1) //  4. tv2 = tv2 + tv1
	feCarry(&tv2)
	feAdd(&tv3, &tv2, &feOne)                  //  5. tv3 = tv2 + 1
	feMul(&tv3, &tv3, &curveB)                 //  6. tv3 = B * tv3
	feNeg(&t, &tv2)                            //  7. tv4 = CMOV(Z, -tv2, tv2 != 0)
	feSelect(&tv4, &feZ, &t, feIsZero(&tv2))   //
	feMulMinus3(&tv4, &tv4)                    //  8. tv4 = A * tv4
	feSqr(&tv2, &tv3)                          //  9. tv2 = tv3^2
	feSqr(&tv6, &tv4)                          // 10. tv6 = tv4^2
	feMulMinus3(&tv5, &tv6)                    // 11. tv5 = A * tv6
	feAdd(&tv2, &tv2, &tv5)                    // 12. tv2 = tv2 + tv5
	feMul(&tv2, &tv2, &tv3)                    // 13. tv2 = tv2 * tv3
	feMul(&tv6, &tv6, &tv4)                    // 14. tv6 = tv6 * tv4
	feMul(&tv5, &tv6, &curveB)                 // 15. tv5 = B * tv6
	feAdd(&tv2, &tv2, &tv5)                    // 16. tv2 = tv2 + tv5
	feMul(&x, &tv1, &tv3)                      // 17. x = tv1 * tv3
	square := feSqrtRatio(&y1, &tv2, &tv6)     // 18. (is_gx1_square, y1) = sqrt_ratio(tv2, tv6)
	feMul(&y, &tv1, u)                         // 19. y = tv1 * u
	feMul(&y, &y, &y1)                         // 20. y = y * y1
	feSelect(&x, &tv3, &x, square)             // 21. x = CMOV(x, tv3, is_gx1_square)
	feSelect(&y, &y1, &y, square)              // 22. y = CMOV(y, y1, is_gx1_square)
	feCondNeg(&y, -(feIsOdd(u) ^ feIsOdd(&y))) // 23, 24. y = CMOV(-y, y, sgn0(u) == sgn0(y))
	// 25. x = x / tv4: in Jacobian coordinates Z = tv4, X = x * tv4, Y = y * tv4^3.
	// tv4 is not 0.
	feMul(&p.x, &x, &tv4)
	feSqr(&t, &tv4)
	feMul(&t, &t, &tv4)
	feMul(&p.y, &y, &t)
	p.z = tv4
}

// feSqrtRatio sets y to a square root of u/v and returns all ones, or, where u/v
// is not a square, sets y to one of Z*u/v and returns 0 (RFC 9380 appendix
// F.2.1.2). v is not 0.
func feSqrtRatio(y, u, v *fe) uint64 {
	var tv1, tv2, y1, y2, tv3 fe
	feSqr(&tv1, v)                // 1. tv1 = v^2
	feMul(&tv2, u, v)             // 2. tv2 = u * v
	feMul(&tv1, &tv1, &tv2)       // 3. tv1 = tv1 * tv2
	fePowP34(&y1, &tv1)           // 4. y1 = tv1^c1, c1 = (p - 3)/4
	feMul(&y1, &y1, &tv2)         // 5. y1 = y1 * tv2
	feMul(&y2, &y1, &sqrt12)      // 6. y2 = y1 * c2, c2 = sqrt(-Z)
	feSqr(&tv3, &y1)              // 7. tv3 = y1^2
	feMul(&tv3, &tv3, v)          // 8. tv3 = tv3 * v
	square := feEqual(&tv3, u)    // 9. isQR = tv3 == u
	feSelect(y, &y1, &y2, square) // 10. y = CMOV(y2, y1, isQR)
	return square
}

// feMulMinus3 sets z = -3x, of three times the units.
func feMulMinus3(z, x *fe) {
	var t fe
	feAdd(&t, x, x)
	feAdd(&t, &t, x)
	feNeg(z, &t)
}
