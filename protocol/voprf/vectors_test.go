package voprf_test

import (
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"filippo.io/nistec"

	"github.com/bonafides-dev/bonafides/protocol/voprf"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unhexList(t testing.TB, s string) (out [][]byte) {
	for _, p := range strings.Split(s, ",") {
		out = append(out, unhex(t, p))
	}
	return out
}

// uncompress turns the RFC's encoding of an element into this package's.
func uncompress(t testing.TB, b []byte) []byte {
	t.Helper()
	p, err := nistec.NewP384Point().SetBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	return p.Bytes()
}

// The file is the one that RFC 9497's Appendix A was printed from.
func TestRFC9497Vectors(t *testing.T) {
	raw, err := os.ReadFile("testdata/rfc9497_allVectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var suites []struct {
		Identifier, SkSm, PkSm, Seed, KeyInfo string
		Mode                                  int
		Vectors                               []struct {
			Batch                                                   int
			Blind, BlindedElement, EvaluationElement, Input, Output string
			Proof                                                   struct{ Proof, R string }
		}
	}
	if err := json.Unmarshal(raw, &suites); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, s := range suites {
		if s.Identifier != "P384-SHA384" || s.Mode != 1 {
			continue
		}
		key, err := voprf.DeriveKeyPair((*[32]byte)(unhex(t, s.Seed)), unhex(t, s.KeyInfo))
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(key.Append(nil)); got != s.SkSm {
			t.Fatalf("skSm = %s, want %s", got, s.SkSm)
		}
		if got := hex.EncodeToString(key.PublicKey().Compressed()); got != s.PkSm {
			t.Fatalf("pkSm = %s, want %s", got, s.PkSm)
		}
		for _, v := range s.Vectors {
			n++
			inputs := unhexList(t, v.Input)
			blinded, err := voprf.BlindWith(inputs, unhexList(t, v.Blind))
			if err != nil {
				t.Fatal(err)
			}
			request := blinded.Elements()
			if len(request) != v.Batch {
				t.Fatalf("%d elements, want %d", len(request), v.Batch)
			}
			for i, want := range unhexList(t, v.BlindedElement) {
				if !bytes.Equal(request[i].Compressed(), want) {
					t.Errorf("BlindedElement %d = %x, want %x", i, request[i].Compressed(), want)
				}
			}
			evaluated, proof, err := key.EvaluateWith(request, unhex(t, v.Proof.R))
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range unhexList(t, v.EvaluationElement) {
				if !bytes.Equal(evaluated[i].Compressed(), want) {
					t.Errorf("EvaluationElement %d = %x, want %x", i, evaluated[i].Compressed(), want)
				}
			}
			if got := hex.EncodeToString(proof.Append(nil)); got != v.Proof.Proof {
				t.Errorf("Proof = %s, want %s", got, v.Proof.Proof)
			}
			elements, err := blinded.Finish(key.PublicKey(), evaluated, proof)
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range unhexList(t, v.Output) {
				out, err := elements[i].Output(inputs[i])
				if err != nil || !bytes.Equal(out[:], want) {
					t.Errorf("Output %d = %x, %v, want %x", i, out, err, want)
				}
				if err := key.Verify(inputs[i], &elements[i]); err != nil {
					t.Errorf("Verify %d: %v", i, err)
				}
			}
		}
	}
	if n != 3 {
		t.Errorf("%d vectors, want 3", n)
	}
}

func parseBlinded(t testing.TB, b []byte) (out []voprf.BlindedElement) {
	t.Helper()
	for ; len(b) > 0; b = b[voprf.ElementSize:] {
		e, err := voprf.ParseBlindedElement(b[:voprf.ElementSize])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

func parseEvaluated(t testing.TB, b []byte) (out []voprf.EvaluatedElement) {
	t.Helper()
	for ; len(b) > 0; b = b[voprf.ElementSize:] {
		e, err := voprf.ParseEvaluatedElement(b[:voprf.ElementSize])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

// BoringSSL issued these with a fixed proof nonce, so that elements and proof
// must come out byte for byte.
func TestBoringSSLIssuance(t *testing.T) {
	raw, err := os.ReadFile("testdata/boringssl-a0689af29-pst1.json")
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]struct {
		Secret, Req, Scalar, Resp, Token string
		Max                              int
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"issue0", "issue1"} {
		v, ok := file[name]
		if !ok {
			t.Fatalf("no vector %s", name)
		}
		key, err := voprf.HashToPrivateKey([]byte("TrustTokenVOPRFKeyGen\x00" + v.Secret))
		if err != nil {
			t.Fatal(err)
		}
		request := parseBlinded(t, unhex(t, v.Req)[2:])[:v.Max]
		evaluated, proof, err := key.EvaluateWith(request, unhex(t, v.Scalar))
		if err != nil {
			t.Fatal(err)
		}
		got := unhex(t, v.Resp)[:6] // count and key id
		for i := range evaluated {
			got = evaluated[i].Append(got)
		}
		got = proof.Append(append(got, 0, voprf.ProofSize))
		if hex.EncodeToString(got) != v.Resp {
			t.Errorf("%s:\n got %x\nwant %s", name, got, v.Resp)
		}
		token := unhex(t, v.Token)
		input := token[4:68]
		if name == "issue1" { // BoringSSL's variant over a message
			h := sha512.Sum512(append(input[:64:64], "msg"...))
			input = h[:]
		}
		e, err := voprf.ParseElement(token[68:])
		if err != nil {
			t.Fatal(err)
		}
		if err := key.Verify(input, &e); err != nil {
			t.Errorf("%s: BoringSSL's token: %v", name, err)
		}
	}
}

// A batch that Chromium blinded and accepted the answer to.
func TestChromiumIssuance(t *testing.T) {
	raw, err := os.ReadFile("testdata/chromium-156-pst-requests.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, line := range bytes.Split(bytes.TrimSpace(raw), []byte("\n")) {
		var v struct {
			Op       string
			Secret   string `json:"key_secret"`
			Request  []byte `json:"request_b64"`
			Response []byte `json:"response_b64"`
		}
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatal(err)
		}
		if v.Op != "issue" {
			continue
		}
		n++
		key, err := voprf.HashToPrivateKey([]byte("TrustTokenVOPRFKeyGen\x00" + v.Secret))
		if err != nil {
			t.Fatal(err)
		}
		request := parseBlinded(t, v.Request[2:])
		at := len(v.Response) - 2 - voprf.ProofSize
		want := parseEvaluated(t, v.Response[6:at])
		proof, err := voprf.ParseProof(v.Response[at+2:])
		if err != nil {
			t.Fatal(err)
		}
		if err := voprf.VerifyProofOf(key.PublicKey(), request, want, proof); err != nil {
			t.Errorf("the proof that Chromium accepted: %v", err)
		}
		evaluated, _, err := key.Evaluate(request)
		if err != nil {
			t.Fatal(err)
		}
		for i := range evaluated {
			if !bytes.Equal(evaluated[i].Append(nil), want[i].Append(nil)) {
				t.Errorf("element %d differs:\n%s", i, base64.StdEncoding.EncodeToString(evaluated[i].Append(nil)))
			}
		}
	}
	if n != 1 {
		t.Errorf("%d batches, want 1", n)
	}
}
