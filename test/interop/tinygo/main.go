// Command tinygo holds the curve and the tokens, as TinyGo compiles them, against
// nistec and against vectors. It needs no package testing, so that it builds in
// seconds; it runs natively as well.
//
//	tinygo build -target=wasip1 -o check.wasm ./tinygo
//	node wasip1.mjs check.wasm N FOLDER
//
// N is how many random comparisons to make at least with nistec, and how many
// with circl. FOLDER is the root of the project. Each failure is a line that
// begins with "FAIL"; the last line tells how many comparisons were made.
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"os"
	"strconv"
	"strings"

	"filippo.io/nistec"
	"github.com/cloudflare/circl/group"

	"github.com/bonafides-dev/bonafides/internal/p384"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

var compared, failed int

func equal(what string, got, want []byte) {
	compared++
	if !bytes.Equal(got, want) {
		failed++
		println("FAIL", what, "got", hex.EncodeToString(got), "want", hex.EncodeToString(want))
	}
}

func must(what string, err error) {
	if err != nil {
		failed++
		println("FAIL", what, err.Error())
	}
}

func main() {
	if len(os.Args) != 3 {
		println("FAIL usage: tinygo N FOLDER")
		os.Exit(2)
	}
	n, err := strconv.Atoi(os.Args[1])
	must("the number of comparisons", err)
	curve(n)
	nistec := compared
	circlHashes(n)
	circl := compared - nistec
	hashes(os.Args[2] + "/internal/p384/testdata/rfc9380-p384-sswu-ro.json")
	boringSSL(os.Args[2] + "/protocol/pst/testdata/boringssl-a0689af29-pst1.json")
	for _, n := range []int{1, 2, 10, 100} {
		roundTrip(n)
	}
	for _, made := range []int{nistec, circl} {
		if made < n {
			failed++
			println("FAIL too few comparisons:", made)
		}
	}
	println(nistec, "comparisons with nistec,", circl, "with circl,", compared-nistec-circl, "with vectors and by round trips,", failed, "failed")
	if failed > 0 {
		os.Exit(1)
	}
}

var order, _ = hex.DecodeString("ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973")

// minus returns the order minus d, for a small d.
func minus(d byte) []byte {
	b := bytes.Clone(order)
	b[47] -= d
	return b
}

func small(d byte) []byte { return append(make([]byte, 47), d) }

// curve makes n comparisons of products with nistec's, four a scalar: scalars at
// the edges, then random ones.
func curve(n int) {
	var scalars [][]byte
	for d := byte(1); d <= 40; d++ {
		scalars = append(scalars, small(d), minus(d))
	}
	for range n / 4 {
		k := make([]byte, 48)
		rand.Read(k)
		k[0] &= 0x7f // below the order
		k[47] |= 1
		scalars = append(scalars, k)
	}
	g := nistec.NewP384Point().SetGenerator()
	theirs := nistec.NewP384Point().Set(g)
	for i := 0; i < len(scalars); i += 8 {
		some := scalars[i:min(i+8, len(scalars))]
		points, secrets, publics := make([]p384.Point, len(some)), make([]p384.Secret, len(some)), make([]p384.Scalar, len(some))
		wantEach, wantSum := make([][]byte, len(some)), nistec.NewP384Point()
		oracle := make([]*nistec.P384Point, len(some))
		for j, k := range some {
			oracle[j] = nistec.NewP384Point().Set(theirs)
			must("point", points[j].SetBytes(theirs.Bytes()))
			must("secret", secrets[j].SetBytes(k))
			must("scalar", publics[j].SetBytes(k))
			p, err := nistec.NewP384Point().ScalarMult(theirs, k)
			must("nistec", err)
			wantEach[j] = p.Bytes()
			wantSum.Add(wantSum, p)
			base, err := nistec.NewP384Point().ScalarBaseMult(k)
			must("nistec", err)
			one, ours := secrets[j].Mul(&points[j]), secrets[j].MulBase()
			p384.Normalize(&one, &ours)
			equal("k*P", one.AppendUncompressed(nil), wantEach[j])
			equal("k*G", ours.AppendUncompressed(nil), base.Bytes())
			// The next point: two equal ones, and an opposite one, now and then.
			switch j % 4 {
			case 1:
			case 2:
				theirs.Negate(theirs)
			default:
				theirs.Add(theirs, base)
				if theirs.Add(theirs, g); len(theirs.Bytes()) == 1 {
					theirs.Set(g)
				}
			}
		}
		each, all := make([]p384.Point, len(some)), make([]p384.Point, len(some))
		p384.MulEach(each, secrets, points)
		secrets[0].MulAll(all, points)
		p384.NormalizeAll(each)
		p384.NormalizeAll(all)
		for j := range some {
			equal("MulEach", each[j].AppendUncompressed(nil), wantEach[j])
			p, err := nistec.NewP384Point().ScalarMult(oracle[j], some[0])
			must("nistec", err)
			equal("MulAll", all[j].AppendUncompressed(nil), p.Bytes())
		}
		sum := p384.VarTimeMultiMul(publics, points)
		if want := wantSum.Bytes(); len(want) > 1 {
			p384.Normalize(&sum)
			equal("VarTimeMultiMul", sum.AppendUncompressed(nil), want)
		} else if compared++; !sum.IsInfinity() {
			failed++
			println("FAIL VarTimeMultiMul is not infinity")
		}
	}
}

func read(path string, into any) {
	text, err := os.ReadFile(path)
	must(path, err)
	if err == nil {
		must(path, json.Unmarshal(text, into))
	}
}

func unhex(s string) []byte {
	s = strings.TrimPrefix(s, "0x")
	b, err := hex.DecodeString(s)
	must("hex", err)
	return b
}

// circlHashes makes n comparisons of hashes with circl's: to the curve and to
// scalars.
func circlHashes(n int) {
	for i := range (n + 1) / 2 {
		msg, dst := make([]byte, i%300), make([]byte, 1+i%255)
		rand.Read(msg)
		rand.Read(dst)
		p, s := p384.HashToCurve(msg, dst), p384.HashToScalar(msg, dst)
		want, err := group.P384.HashToElement(msg, dst).MarshalBinary()
		must("circl", err)
		equal("hash to curve", p.AppendUncompressed(nil), want)
		want, err = group.P384.HashToScalar(msg, dst).MarshalBinary()
		must("circl", err)
		equal("hash to scalar", s.AppendBytes(nil), want)
	}
}

// hashes checks RFC 9380 appendix J.3.1.
func hashes(path string) {
	var file struct {
		DST     string `json:"dst"`
		Vectors []struct {
			Msg string `json:"msg"`
			P   struct {
				X string `json:"x"`
				Y string `json:"y"`
			} `json:"P"`
		} `json:"vectors"`
	}
	read(path, &file)
	if len(file.Vectors) != 5 {
		failed++
		println("FAIL", path, "has not five vectors")
	}
	for _, v := range file.Vectors {
		p := p384.HashToCurve([]byte(v.Msg), []byte(file.DST))
		equal("hash to curve", p.AppendUncompressed(nil), append(append([]byte{4}, unhex(v.P.X)...), unhex(v.P.Y)...))
	}
}

// boringSSL checks keys, elements and a token that BoringSSL made.
func boringSSL(path string) {
	type vector struct {
		ID     uint32 `json:"id"`
		Secret string `json:"secret"`
		Priv   string `json:"priv"`
		Pub    string `json:"pub"`
		Req    string `json:"req"`
		Resp   string `json:"resp"`
		Token  string `json:"token"`
		Max    int    `json:"max"`
	}
	file := map[string]vector{}
	read(path, &file)
	for _, name := range []string{"derive0", "derive1", "derive2"} {
		v := file[name]
		k, err := pst.DeriveKey(v.ID, []byte(v.Secret))
		must(name, err)
		equal(name, k.Bytes(), unhex(v.Priv))
		equal(name, k.PublicKey().Bytes(), unhex(v.Pub))
	}
	v := file["issue0"]
	k, err := pst.DeriveKey(v.ID, []byte(v.Secret))
	must("issue0", err)
	request, err := pst.ParseIssueRequest(unhex(v.Req))
	must("issue0", err)
	response, err := k.Issue(request, v.Max)
	must("issue0", err)
	want, err := pst.ParseIssueResponse(unhex(v.Resp))
	must("issue0", err)
	for i, e := range response.Elements() {
		equal("issue0", e, want.Elements()[i])
	}
	token, err := pst.ParseToken(unhex(v.Token))
	must("issue0", err)
	must("issue0 redeemed", k.Verify(token))
	token.Nonce[0] ^= 1
	if compared++; k.Verify(token) == nil {
		failed++
		println("FAIL an altered token verified")
	}
}

func roundTrip(n int) {
	k, err := pst.GenerateKey(3)
	must("GenerateKey", err)
	request, pending, err := pst.Begin(k.PublicKey(), n)
	must("Begin", err)
	response, err := k.Issue(request, n)
	must("Issue", err)
	tokens, err := pending.Finish(response)
	must("Finish", err)
	if compared++; len(tokens) != n {
		failed++
		println("FAIL", len(tokens), "tokens of", n)
	}
	for i := range tokens {
		compared++
		must("Verify", k.Verify(&tokens[i]))
	}
}
