// Command tinygo holds the curve and the tokens, as TinyGo compiles them, against
// nistec and against vectors. It needs no package testing, so that it builds in
// seconds; it runs natively as well.
//
//	go run ./tinygo circl N > TAPE
//	tinygo build -target=wasip1 -o check.wasm ./tinygo
//	node wasip1.mjs check.wasm N FOLDER TAPE
//
// N is how many random comparisons to make at least with nistec, and how many
// with circl, whose answers a native run has written down: circl takes TinyGo
// long to compile. FOLDER is the root of the project. Each failure is a line that
// begins with "FAIL"; the last line tells how many comparisons were made.
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"os"
	"strconv"
	"strings"

	"filippo.io/nistec"

	"github.com/bonafides-dev/bonafides/internal/p384"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
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
	if len(os.Args) == 3 && os.Args[1] == "circl" {
		writeTape(os.Args[2])
		return
	}
	if len(os.Args) != 4 {
		println("FAIL usage: tinygo N FOLDER TAPE")
		os.Exit(2)
	}
	n, err := strconv.Atoi(os.Args[1])
	must("the number of comparisons", err)
	curve(n)
	nistec := compared
	circlHashes(os.Args[3])
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

// read reads a file of vectors, and not by encoding/json, which takes TinyGo long to
// compile.
func read(path string) strictjson.Value {
	b, err := os.ReadFile(path)
	must(path, err)
	v, err := strictjson.Parse(b, strictjson.Limits{MaxSize: 1 << 20, MaxDepth: 8})
	must(path, err)
	return v
}

func text(v strictjson.Value, name string) string {
	s, ok := v.Get(name).Text()
	if !ok {
		failed++
		println("FAIL no text", name)
	}
	return s
}

func number(v strictjson.Value, name string) int64 {
	n, ok := v.Get(name).Int()
	if !ok {
		failed++
		println("FAIL no number", name)
	}
	return n
}

func unhex(s string) []byte {
	s = strings.TrimPrefix(s, "0x")
	b, err := hex.DecodeString(s)
	must("hex", err)
	return b
}

// circlHashes compares hashes with circl's, to the curve and to scalars: a line of
// the tape has a message, a tag, and what circl makes of them, in hex.
func circlHashes(tape string) {
	text, err := os.ReadFile(tape)
	must(tape, err)
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		if len(f) != 4 {
			failed++
			println("FAIL", tape, "has a line that is none")
			return
		}
		msg, dst := unhex(f[0]), unhex(f[1])
		p, s := p384.HashToCurve(msg, dst), p384.HashToScalar(msg, dst)
		equal("hash to curve", p.AppendUncompressed(nil), unhex(f[2]))
		equal("hash to scalar", s.AppendBytes(nil), unhex(f[3]))
	}
}

// hashes checks RFC 9380 appendix J.3.1.
func hashes(path string) {
	file := read(path)
	dst := text(file, "dst")
	if n := file.Get("vectors").Len(); n != 5 {
		failed++
		println("FAIL", path, "has", n, "vectors")
	}
	for v := range file.Get("vectors").Elements() {
		p := p384.HashToCurve([]byte(text(v, "msg")), []byte(dst))
		equal("hash to curve", p.AppendUncompressed(nil), append(append([]byte{4}, unhex(text(v.Get("P"), "x"))...), unhex(text(v.Get("P"), "y"))...))
	}
}

// boringSSL checks keys, elements and a token that BoringSSL made.
func boringSSL(path string) {
	file := read(path)
	for _, name := range []string{"derive0", "derive1", "derive2"} {
		v := file.Get(name)
		k, err := pst.DeriveKey(uint32(number(v, "id")), []byte(text(v, "secret")))
		must(name, err)
		equal(name, k.Bytes(), unhex(text(v, "priv")))
		equal(name, k.PublicKey().Bytes(), unhex(text(v, "pub")))
	}
	v := file.Get("issue0")
	k, err := pst.DeriveKey(uint32(number(v, "id")), []byte(text(v, "secret")))
	must("issue0", err)
	request, err := pst.ParseIssueRequest(unhex(text(v, "req")))
	must("issue0", err)
	response, err := k.Issue(request, int(number(v, "max")))
	must("issue0", err)
	want, err := pst.ParseIssueResponse(unhex(text(v, "resp")))
	must("issue0", err)
	for i, e := range response.Elements() {
		equal("issue0", e, want.Elements()[i])
	}
	token, err := pst.ParseToken(unhex(text(v, "token")))
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
