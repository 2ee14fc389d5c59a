package p384

import (
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	s = strings.TrimPrefix(s, "0x")
	if len(s)%2 == 1 {
		s = "0" + s
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// RFC 9380 Appendix J.3.1.
func TestRFC9380HashToCurve(t *testing.T) {
	raw, err := os.ReadFile("testdata/rfc9380-p384-sswu-ro.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		DST     string
		Vectors []struct {
			Msg string
			P   struct{ X, Y string }
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) != 5 {
		t.Errorf("%d vectors, want 5", len(file.Vectors))
	}
	for _, v := range file.Vectors {
		p := HashToCurve([]byte(v.Msg), []byte(file.DST))
		want := append(append([]byte{4}, unhex(t, v.P.X)...), unhex(t, v.P.Y)...)
		if got := p.AppendUncompressed(nil); !bytes.Equal(got, want) {
			t.Errorf("msg %.20q:\n got %x\nwant %x", v.Msg, got, want)
		}
	}
}

// Wycheproof's ECDH points: wrong encodings and points off the curve are
// refused, the products are right, one at a time and many at once.
func TestWycheproofECDH(t *testing.T) {
	raw, err := os.ReadFile("testdata/wycheproof-ecdh_secp384r1_ecpoint.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		TestGroups []struct {
			Tests []struct {
				TcID                                     int
				Comment, Public, Private, Shared, Result string
			}
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	var points []Point
	var secrets []Secret
	var want [][]byte
	var ids []int
	refused := 0
	for _, g := range file.TestGroups {
		for _, c := range g.Tests {
			var p Point
			public := unhex(t, c.Public)
			err := p.SetBytes(public)
			// The only acceptable encoding here is the uncompressed one.
			if ok := c.Result == "valid" && len(public) == UncompressedSize; ok != (err == nil) {
				t.Errorf("case %d (%s): %v", c.TcID, c.Comment, err)
			}
			if err != nil {
				refused++
				continue
			}
			k := unhex(t, c.Private)
			for len(k) > ScalarSize && k[0] == 0 {
				k = k[1:]
			}
			k = append(make([]byte, ScalarSize-len(k)), k...)
			var s Secret
			if err := s.SetBytes(k); err != nil {
				t.Errorf("case %d: private key: %v", c.TcID, err)
				continue
			}
			points, secrets = append(points, p), append(secrets, s)
			want, ids = append(want, unhex(t, c.Shared)), append(ids, c.TcID)
		}
	}
	if len(points) != 771 || refused != 19 {
		t.Errorf("%d accepted, %d refused; want 771 and 19", len(points), refused)
	}
	each := make([]Point, len(points))
	MulEach(each, secrets, points)
	for i := range points {
		p := secrets[i].Mul(&points[i])
		if got := p.AppendUncompressed(nil)[1:49]; !bytes.Equal(got, want[i]) {
			t.Errorf("case %d: x = %x, want %x", ids[i], got, want[i])
		}
		if !p.Equal(&each[i]) {
			t.Errorf("case %d: MulEach differs from Mul", ids[i])
		}
	}
}

// Wycheproof's ECDSA signatures on P-384: the equation that decides them,
// x((e/s)*G + (r/s)*Q) = r (SEC 1 section 4.1.4), is a sum of public multiples,
// and its vectors aim at edges of such sums.
func TestWycheproofECDSA(t *testing.T) {
	raw, err := os.ReadFile("testdata/wycheproof-ecdsa_secp384r1_sha384_p1363.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		TestGroups []struct {
			PublicKeyJWK struct{ X, Y string } `json:"publicKeyJwk"`
			Tests        []struct {
				TcID                      int
				Comment, Msg, Sig, Result string
			}
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	cases, valid := 0, 0
	for _, g := range file.TestGroups {
		x, err1 := base64.RawURLEncoding.DecodeString(g.PublicKeyJWK.X)
		y, err2 := base64.RawURLEncoding.DecodeString(g.PublicKeyJWK.Y)
		var q Point
		if err := q.SetBytes(append(append([]byte{4}, x...), y...)); err != nil || err1 != nil || err2 != nil {
			t.Fatal(err, err1, err2)
		}
		for _, c := range g.Tests {
			sig := unhex(t, c.Sig)
			cases++
			if len(sig) != 2*ScalarSize {
				if c.Result == "valid" {
					t.Errorf("case %d (%s) is valid with %d bytes", c.TcID, c.Comment, len(sig))
				}
				continue
			}
			r, s := new(big.Int).SetBytes(sig[:ScalarSize]), new(big.Int).SetBytes(sig[ScalarSize:])
			ok := r.Sign() > 0 && s.Sign() > 0 && r.Cmp(bigN) < 0 && s.Cmp(bigN) < 0
			if ok {
				digest := sha512.Sum384(unhex(t, c.Msg))
				e, w := new(big.Int).SetBytes(digest[:]), new(big.Int).ModInverse(s, bigN)
				u, v := scalarOf(t, e.Mul(e, w)), scalarOf(t, w.Mul(r, w))
				sum := VarTimeMulAddBase(&u, &v, &q)
				again := VarTimeMultiMul([]Scalar{u, v}, []Point{Generator(), q})
				if !sum.Equal(&again) {
					t.Errorf("case %d (%s): the two sums differ", c.TcID, c.Comment)
				}
				got := new(big.Int).SetBytes(sum.AppendUncompressed(nil)[1 : 1+ScalarSize])
				ok = !sum.IsInfinity() && got.Mod(got, bigN).Cmp(r) == 0
			}
			if ok {
				valid++
			}
			if ok != (c.Result == "valid") {
				t.Errorf("case %d (%s) is %s, and the sum says %v", c.TcID, c.Comment, c.Result, ok)
			}
		}
	}
	if cases != 280 || valid != 193 {
		t.Errorf("%d cases, %d valid; want 280 and 193", cases, valid)
	}
}
