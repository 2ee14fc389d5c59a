package pst_test

import (
	"bytes"
	"errors"
	"testing"

	"filippo.io/nistec"

	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// edit returns a copy with a change.
func edit(b []byte, f func(b []byte) []byte) []byte { return f(bytes.Clone(b)) }

func compressed(point []byte) []byte {
	p, err := nistec.NewP384Point().SetBytes(point)
	if err != nil {
		panic(err)
	}
	return append(p.BytesCompressed(), make([]byte, 48)...)
}

// point puts something in place of the 97 bytes at offset at.
func point(at int, f func(e []byte)) func([]byte) []byte {
	return func(b []byte) []byte { f(b[at : at+97]); return b }
}

type attack struct {
	name string
	b    []byte
	want error
}

// onElement lists what can be wrong with an element at offset at of good.
func onElement(good []byte, at int) []attack {
	return []attack{
		{"element: compressed", edit(good, point(at, func(e []byte) { copy(e, compressed(e)) })), pst.ErrCompressed},
		{"element: hybrid", edit(good, point(at, func(e []byte) { e[0] = 6 | e[96]&1 })), pst.ErrCompressed},
		{"element: infinity", edit(good, point(at, func(e []byte) { clear(e) })), pst.ErrIdentity},
		{"element: off the curve", edit(good, point(at, func(e []byte) { e[96] ^= 1 })), pst.ErrElement},
		{"element: x and y zero", edit(good, point(at, func(e []byte) { clear(e[1:]) })), pst.ErrElement},
		{"element: coordinate above p", edit(good, point(at, func(e []byte) { copy(e[1:], bytes.Repeat([]byte{0xff}, 48)) })), pst.ErrElement},
		{"element: unknown first byte", edit(good, point(at, func(e []byte) { e[0] = 5 })), pst.ErrElement},
	}
}

func check(t *testing.T, parse func([]byte) error, attacks []attack) {
	t.Helper()
	for _, a := range attacks {
		if err := parse(a.b); !errors.Is(err, a.want) {
			t.Errorf("%s: %v, want %v", a.name, err, a.want)
		}
	}
}

func setCount(n int) func([]byte) []byte {
	return func(b []byte) []byte { b[0], b[1] = byte(n>>8), byte(n); return b }
}

func TestParseIssueRequestRefuses(t *testing.T) {
	req, _, err := pst.Begin(newKey(t, 1).PublicKey(), 3)
	if err != nil {
		t.Fatal(err)
	}
	good := req.Bytes()
	element := good[2:99]
	large := append([]byte{0, 101}, bytes.Repeat(element, 101)...)
	attacks := append(onElement(good, 2+97),
		attack{"empty", nil, pst.ErrTruncated},
		attack{"one byte", good[:1], pst.ErrTruncated},
		attack{"cut", good[:len(good)-1], pst.ErrTruncated},
		attack{"trailing byte", append(bytes.Clone(good), 0), pst.ErrTrailing},
		attack{"trailing element", append(bytes.Clone(good), element...), pst.ErrTrailing},
		attack{"count above elements", edit(good, setCount(4)), pst.ErrTruncated},
		attack{"count below elements", edit(good, setCount(2)), pst.ErrTrailing},
		attack{"count 0", []byte{0, 0}, pst.ErrBatchEmpty},
		attack{"count 0 with elements", edit(good, setCount(0)), pst.ErrBatchEmpty},
		attack{"count 101", large, pst.ErrBatchTooLarge},
		attack{"count 165, as a redemption", edit(good, setCount(165)), pst.ErrBatchTooLarge},
		attack{"count 65535", edit(good, setCount(65535)), pst.ErrBatchTooLarge},
	)
	check(t, func(b []byte) error { _, err := pst.ParseIssueRequest(b); return err }, attacks)
	hundred := append([]byte{0, 100}, bytes.Repeat(element, 100)...)
	if r, err := pst.ParseIssueRequest(hundred); err != nil || r.Count() != 100 || len(hundred) != pst.MaxIssueRequestSize {
		t.Errorf("100 elements: %v", err)
	}
}

func TestParseIssueResponseRefuses(t *testing.T) {
	k := newKey(t, 1)
	req, _, err := pst.Begin(k.PublicKey(), 2)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := k.Issue(req, 2)
	if err != nil {
		t.Fatal(err)
	}
	good := resp.Bytes()
	proof := len(good) - 96
	attacks := append(onElement(good, 6+97),
		attack{"empty", nil, pst.ErrTruncated},
		attack{"head cut", good[:5], pst.ErrTruncated},
		attack{"cut", good[:len(good)-1], pst.ErrTruncated},
		attack{"no proof", good[:proof-2], pst.ErrTruncated},
		attack{"trailing byte", append(bytes.Clone(good), 0), pst.ErrTrailing},
		attack{"count 0", edit(good, setCount(0)), pst.ErrBatchEmpty},
		attack{"count 1", edit(good, setCount(1)), pst.ErrTrailing},
		attack{"count 3", edit(good, setCount(3)), pst.ErrTruncated},
		attack{"count 101", edit(good, setCount(101)), pst.ErrBatchTooLarge},
		attack{"proof length 95", edit(good, func(b []byte) []byte { b[proof-1] = 95; return b }), pst.ErrProofLength},
		attack{"proof length 65535", edit(good, func(b []byte) []byte { b[proof-1], b[proof-2] = 255, 255; return b }), pst.ErrProofLength},
		attack{"c above the order", edit(good, func(b []byte) []byte { copy(b[proof:], bytes.Repeat([]byte{255}, 48)); return b }), pst.ErrProofForm},
		attack{"s above the order", edit(good, func(b []byte) []byte { copy(b[proof+48:], bytes.Repeat([]byte{255}, 48)); return b }), pst.ErrProofForm},
	)
	check(t, func(b []byte) error { _, err := pst.ParseIssueResponse(b); return err }, attacks)
}

func token(t testing.TB) *pst.Token {
	t.Helper()
	k := newKey(t, 1)
	req, pending, err := pst.Begin(k.PublicKey(), 1)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := k.Issue(req, 1)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := pending.Finish(resp)
	if err != nil {
		t.Fatal(err)
	}
	return &tokens[0]
}

func TestParseRedeemRequestRefuses(t *testing.T) {
	tok := token(t)
	good := (&pst.RedeemRequest{Token: *tok, ClientData: pst.ClientData{RedeemingOrigin: "https://news.example", RedemptionTimestamp: 1}}).Bytes()
	data := 2 + 165
	attacks := append(onElement(good, 2+68),
		attack{"empty", nil, pst.ErrTruncated},
		attack{"one byte", good[:1], pst.ErrTruncated},
		attack{"token cut", good[:100], pst.ErrTruncated},
		attack{"no client data", good[:data], pst.ErrTruncated},
		attack{"client data cut", good[:len(good)-1], pst.ErrTruncated},
		attack{"trailing byte", append(bytes.Clone(good), 0), pst.ErrTrailing},
		attack{"token length 164", edit(good, setCount(164)), pst.ErrTokenLength},
		attack{"token length 0", edit(good, setCount(0)), pst.ErrTokenLength},
		attack{"client data length 0", append(bytes.Clone(good[:data]), 0, 0), pst.ErrClientData},
		attack{"client data not CBOR", append(bytes.Clone(good[:data]), 0, 2, '{', '}'), pst.ErrClientData},
	)
	check(t, func(b []byte) error { _, err := pst.ParseRedeemRequest(b); return err }, attacks)

	raw := tok.Bytes()
	check(t, func(b []byte) error { _, err := pst.ParseToken(b); return err }, append(onElement(raw, 68),
		attack{"short", raw[:164], pst.ErrTokenLength},
		attack{"long", append(bytes.Clone(raw), 0), pst.ErrTokenLength},
		attack{"empty", nil, pst.ErrTokenLength},
	))
}

func TestParseKeysRefuses(t *testing.T) {
	k := newKey(t, 0xfffffffe)
	pub, priv := k.PublicKey().Bytes(), k.Bytes()
	if got, err := pst.ParsePublicKey(pub); err != nil || got.ID() != 0xfffffffe || !bytes.Equal(got.Bytes(), pub) {
		t.Error(err)
	}
	if got, err := pst.ParsePrivateKey(priv); err != nil || got.ID() != 0xfffffffe || !bytes.Equal(got.Bytes(), priv) {
		t.Error(err)
	}
	attacks := onElement(pub, 4)
	for i := range attacks {
		attacks[i].want = pst.ErrPublicKey
	}
	check(t, func(b []byte) error { _, err := pst.ParsePublicKey(b); return err }, append(attacks,
		attack{"short", pub[:100], pst.ErrPublicKey},
		attack{"long", append(bytes.Clone(pub), 0), pst.ErrPublicKey},
		attack{"without id", pub[4:], pst.ErrPublicKey},
		attack{"a private key", priv, pst.ErrPublicKey},
	))
	check(t, func(b []byte) error { _, err := pst.ParsePrivateKey(b); return err }, []attack{
		{"short", priv[:51], pst.ErrPrivateKey},
		{"long", append(bytes.Clone(priv), 0), pst.ErrPrivateKey},
		{"zero", make([]byte, 52), pst.ErrPrivateKey},
		{"above the order", bytes.Repeat([]byte{255}, 52), pst.ErrPrivateKey},
		{"a public key", pub, pst.ErrPrivateKey},
	})
}

func FuzzParseIssueRequest(f *testing.F) {
	for _, c := range chromium(f) {
		f.Add(c.Request)
	}
	f.Add([]byte{0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := pst.ParseIssueRequest(b)
		if err == nil && (!bytes.Equal(r.Bytes(), b) || r.Count() < 1 || r.Count() > pst.MaxBatch || pst.IsRedeemRequest(b) || !pst.IsIssueRequest(b)) {
			t.Fatal("accepted but not the same")
		}
	})
}

func FuzzParseIssueResponse(f *testing.F) {
	for _, c := range chromium(f) {
		f.Add(c.Response)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := pst.ParseIssueResponse(b); err == nil && !bytes.Equal(r.Bytes(), b) {
			t.Fatal("accepted but not the same")
		}
	})
}

func FuzzParseRedeemRequest(f *testing.F) {
	for _, c := range chromium(f) {
		f.Add(c.Request)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := pst.ParseRedeemRequest(b); err == nil && (!bytes.Equal(r.Bytes(), b) || !pst.IsRedeemRequest(b) || pst.IsIssueRequest(b)) {
			t.Fatal("accepted but not the same")
		}
	})
}

func FuzzParseToken(f *testing.F) {
	f.Add(token(f).Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if k, err := pst.ParseToken(b); err == nil && !bytes.Equal(k.Bytes(), b) {
			t.Fatal("accepted but not the same")
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	k := newKey(f, 3)
	f.Add(k.Bytes())
	f.Add(k.PublicKey().Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if k, err := pst.ParsePublicKey(b); err == nil && !bytes.Equal(k.Bytes(), b) {
			t.Fatal("public key accepted but not the same")
		}
		if k, err := pst.ParsePrivateKey(b); err == nil && !bytes.Equal(k.Bytes(), b) {
			t.Fatal("private key accepted but not the same")
		}
	})
}

// A message is of one kind at most, and of the one that it was meant as.
func TestWhichMessageItIs(t *testing.T) {
	long := func(first uint16, bytes int) []byte {
		b := make([]byte, bytes)
		b[0], b[1] = byte(first>>8), byte(first)
		return b
	}
	for name, c := range map[string]struct {
		message       []byte
		issue, redeem bool
	}{
		"nothing":                 {nil, false, false},
		"one byte":                {[]byte{0}, false, false},
		"no elements":             {long(0, 2), false, false},
		"one element":             {long(1, 2+pst.ElementSize), true, false},
		"the largest batch":       {long(pst.MaxBatch, pst.MaxIssueRequestSize), true, false},
		"a larger one":            {long(pst.MaxBatch+1, 2+(pst.MaxBatch+1)*pst.ElementSize), false, false},
		"an element cut short":    {long(1, 1+pst.ElementSize), false, false},
		"a byte behind":           {long(1, 3+pst.ElementSize), false, false},
		"the length of a token":   {long(pst.TokenSize, 2), false, true},
		"as many elements as 165": {long(pst.TokenSize, 2+pst.TokenSize*pst.ElementSize), false, true},
	} {
		if i, r := pst.IsIssueRequest(c.message), pst.IsRedeemRequest(c.message); i != c.issue || r != c.redeem {
			t.Errorf("%s: issue %v, redeem %v", name, i, r)
		}
	}
}
