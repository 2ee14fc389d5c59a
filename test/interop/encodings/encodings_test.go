// Package encodings holds the hand-written encodings of protocol/pst against
// general libraries: CBOR client data against fxamacker/cbor in its canonical
// mode, the Sec-Redemption-Record header against dunglas/httpsfv.
package encodings

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/dunglas/httpsfv"
	"github.com/fxamacker/cbor/v2"

	"github.com/bonafides-dev/bonafides/protocol/origin"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

type clientData struct {
	Origin string `cbor:"redeeming-origin"`
	Time   uint32 `cbor:"redemption-timestamp"`
}

var (
	canonical = must(cbor.CanonicalEncOptions().EncMode())
	strict    = must(cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField}.DecMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// oracle tells whether b is the canonical encoding of client data, by decoding
// with the library and encoding again.
func oracle(b []byte) (c clientData, ok bool) {
	if strict.Unmarshal(b, &c) != nil {
		return c, false
	}
	again, err := canonical.Marshal(c)
	return c, err == nil && bytes.Equal(again, b)
}

func TestClientDataAgainstLibrary(t *testing.T) {
	for n := 9; n < 300; n++ {
		for _, ts := range []uint32{0, 1, 23, 24, 255, 256, 65535, 65536, 1790000000, 1<<32 - 1} {
			c := pst.ClientData{RedeemingOrigin: "https://" + strings.Repeat("a", n-8), RedemptionTimestamp: ts}
			want, err := canonical.Marshal(clientData{c.RedeemingOrigin, ts})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(c.Bytes(), want) {
				t.Fatalf("%d bytes, %d:\n got %x\nwant %x", n, ts, c.Bytes(), want)
			}
			got, err := pst.ParseClientData(want)
			if err != nil || *got != c {
				t.Fatalf("%+v, %v", got, err)
			}
		}
	}
}

func compareClientData(t *testing.T, b []byte) {
	want, ok := oracle(b)
	got, err := pst.ParseClientData(b)
	switch {
	case err == nil && !ok:
		t.Fatalf("%x: accepted; the library refuses it or writes it another way", b)
	case err == nil && (got.RedeemingOrigin != want.Origin || got.RedemptionTimestamp != want.Time):
		t.Fatalf("%x: %+v, library %+v", b, got, want)
	case err != nil && ok && origin.Is(want.Origin):
		t.Fatalf("%x: %v, but it is canonical", b, err)
	}
}

// Every single-byte change of good client data is judged as the library judges
// it.
func TestAlteredClientData(t *testing.T) {
	good := (&pst.ClientData{RedeemingOrigin: "https://news.example:8443", RedemptionTimestamp: 1790000000}).Bytes()
	for i := range good {
		for v := range 256 {
			b := bytes.Clone(good)
			b[i] = byte(v)
			compareClientData(t, b)
		}
		compareClientData(t, good[:i])
	}
}

func FuzzClientData(f *testing.F) {
	f.Add((&pst.ClientData{RedeemingOrigin: "https://news.example", RedemptionTimestamp: 1}).Bytes())
	f.Add((&pst.ClientData{RedeemingOrigin: "http://a", RedemptionTimestamp: 1 << 31}).Bytes())
	f.Fuzz(compareClientData)
}

// compareHeader holds what we accept against the library: it must read the same
// records, and its own writing must be ours.
func compareHeader(t *testing.T, v string) {
	got, err := pst.ParseRedemptionRecordHeader(v)
	if err != nil {
		return
	}
	list, err := httpsfv.UnmarshalList([]string{v})
	if err != nil {
		t.Fatalf("%q: accepted; the library says %v", v, err)
	}
	var want []pst.OriginRecord
	for _, m := range list {
		item, ok := m.(httpsfv.Item)
		if !ok {
			t.Fatalf("%q: %T", v, m)
		}
		origin, _ := item.Value.(string)
		p, _ := item.Params.Get("redemption-record")
		record, _ := p.(string)
		if names := item.Params.Names(); len(names) != 1 {
			t.Fatalf("%q: parameters %v", v, names)
		}
		want = append(want, pst.OriginRecord{Origin: origin, Record: record})
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%q: %v, library %v", v, got, want)
	}
	ours, err := pst.FormatRedemptionRecordHeader(got)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := httpsfv.Marshal(list)
	if err != nil || ours != theirs {
		t.Fatalf("wrote %q, library %q, %v", ours, theirs, err)
	}
}

func TestRecordHeaderAgainstLibrary(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var records []pst.OriginRecord
		for i := range r.IntN(4) {
			text := make([]byte, 1+r.IntN(40))
			for j := range text {
				text[j] = byte(0x20 + r.IntN(0x5f))
			}
			records = append(records, pst.OriginRecord{Origin: "https://" + string(rune('a'+i)) + ".example", Record: string(text)})
		}
		v, err := pst.FormatRedemptionRecordHeader(records)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := pst.ParseRedemptionRecordHeader(v); err != nil || !slices.Equal(got, records) {
			t.Fatalf("%q: %v, %v", v, got, err)
		}
		compareHeader(t, v)
	}
	for _, v := range []string{
		`"https://a.example";redemption-record="x" , "https://b.example"; redemption-record="y"`,
		"\"https://a.example\";redemption-record=\"x\"\t,\t\"https://b.example\";redemption-record=\"y\" ",
		``, ` `,
	} {
		if _, err := pst.ParseRedemptionRecordHeader(v); err != nil {
			t.Errorf("%q: %v", v, err)
		}
		compareHeader(t, v)
	}
}

// Every single-character change of a good header that we accept means the same
// to the library.
func TestAlteredRecordHeader(t *testing.T) {
	good := `"https://a.example";redemption-record="x\"y", "https://b.example";redemption-record="z"`
	for i := range good {
		for c := range 128 {
			compareHeader(t, good[:i]+string(rune(c))+good[i+1:])
			compareHeader(t, good[:i]+string(rune(c))+good[i:])
		}
		compareHeader(t, good[:i]+good[i+1:])
	}
}

func FuzzRecordHeader(f *testing.F) {
	f.Add(`"https://issuer.example";redemption-record="RR key=1"`)
	f.Add(`"https://a.example"; redemption-record="\"\\" , "https://b.example";redemption-record="x"`)
	f.Fuzz(compareHeader)
}
