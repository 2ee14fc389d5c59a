package pst_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func newKey(t testing.TB, id uint32) *pst.PrivateKey {
	t.Helper()
	k, err := pst.GenerateKey(id)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

type vector struct {
	ID                                                  uint32
	Secret, Priv, Pub, Req, Scalar, Resp, Token, Redeem string
	Max                                                 int
}

func boringSSL(t testing.TB) map[string]vector {
	t.Helper()
	raw, err := os.ReadFile("testdata/boringssl-a0689af29-pst1.json")
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]vector{}
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

type captured struct {
	Op         string `json:"op"`
	KeyID      uint32 `json:"key_id"`
	Secret     string `json:"key_secret"`
	Request    []byte `json:"request_b64"`
	Response   []byte `json:"response_b64"`
	ClientData string `json:"client_data_hex"`
	Nonce      string `json:"nonce_hex"`
}

func chromium(t testing.TB) (out []captured) {
	t.Helper()
	raw, err := os.ReadFile("testdata/chromium-156-pst-requests.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range bytes.Split(bytes.TrimSpace(raw), []byte("\n")) {
		var c captured
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

func TestBoringSSLKeyDerivation(t *testing.T) {
	m := boringSSL(t)
	for _, name := range []string{"derive0", "derive1", "derive2"} {
		v := m[name]
		k, err := pst.DeriveKey(v.ID, []byte(v.Secret))
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(k.Bytes()); got != v.Priv {
			t.Errorf("%s: private key differs", name)
		}
		if got := hex.EncodeToString(k.PublicKey().Bytes()); got != v.Pub {
			t.Errorf("%s: public key %s, want %s", name, got, v.Pub)
		}
		k2, err := pst.ParsePrivateKey(unhex(t, v.Priv))
		if err != nil || k2.ID() != v.ID || !bytes.Equal(k2.PublicKey().Bytes(), k.PublicKey().Bytes()) {
			t.Errorf("%s: ParsePrivateKey: %v", name, err)
		}
	}
}

func TestBoringSSLIssuanceAndRedemption(t *testing.T) {
	m := boringSSL(t)
	for _, name := range []string{"issue0", "issue1"} {
		v := m[name]
		k, err := pst.DeriveKey(v.ID, []byte(v.Secret))
		if err != nil {
			t.Fatal(err)
		}
		req, err := pst.ParseIssueRequest(unhex(t, v.Req))
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(req.Bytes()); got != v.Req {
			t.Errorf("%s: request does not come back", name)
		}
		want, err := pst.ParseIssueResponse(unhex(t, v.Resp))
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(want.Bytes()); got != v.Resp {
			t.Errorf("%s: response does not come back", name)
		}
		// The proof's nonce is random here; package voprf compares the proof
		// with the nonce fixed.
		got, err := k.Issue(req, v.Max)
		if err != nil {
			t.Fatal(err)
		}
		if got.Issued() != v.Max || got.KeyID() != v.ID || len(got.Bytes()) != len(want.Bytes()) {
			t.Errorf("%s: %d elements by key %d", name, got.Issued(), got.KeyID())
		}
		for i, e := range got.Elements() {
			if !bytes.Equal(e, want.Elements()[i]) {
				t.Errorf("%s: element %d = %x, want %x", name, i, e, want.Elements()[i])
			}
		}
		token, err := pst.ParseToken(unhex(t, v.Token))
		if err != nil {
			t.Fatal(err)
		}
		if hex.EncodeToString(token.Bytes()) != v.Token {
			t.Errorf("%s: token does not come back", name)
		}
		// BoringSSL made the second over a message: its point is not the hash of
		// the nonce but of SHA-512(nonce || "msg"), a variant that browsers do
		// not use (package voprf checks its value).
		want0 := map[string]error{"issue0": nil, "issue1": pst.ErrInvalidToken}[name]
		if err := k.Verify(token); !errors.Is(err, want0) {
			t.Errorf("%s: BoringSSL's token: %v, want %v", name, err, want0)
		}
		token.Nonce[0] ^= 1
		if err := k.Verify(token); !errors.Is(err, pst.ErrInvalidToken) {
			t.Errorf("%s: altered nonce: %v", name, err)
		}
		// The program that made the vectors sent the empty map as client data,
		// which no browser does.
		if _, err := pst.ParseRedeemRequest(unhex(t, v.Redeem)); !errors.Is(err, pst.ErrClientData) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Requests byte for byte as Chromium 156 sent them.
func TestChromiumRequests(t *testing.T) {
	seen := map[string]int{}
	for _, c := range chromium(t) {
		seen[c.Op]++
		k, err := pst.DeriveKey(c.KeyID, []byte(c.Secret))
		if err != nil {
			t.Fatal(err)
		}
		if c.Op == "issue" {
			if pst.IsRedeemRequest(c.Request) {
				t.Error("an issuance taken for a redemption")
			}
			req, err := pst.ParseIssueRequest(c.Request)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(req.Bytes(), c.Request) {
				t.Error("request does not come back")
			}
			want, err := pst.ParseIssueResponse(c.Response)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(want.Bytes(), c.Response) {
				t.Error("response does not come back")
			}
			got, err := k.Issue(req, req.Count())
			if err != nil {
				t.Fatal(err)
			}
			for i, e := range want.Elements() {
				if !bytes.Equal(e, got.Elements()[i]) {
					t.Errorf("element %d differs", i)
				}
			}
			continue
		}
		if !pst.IsRedeemRequest(c.Request) {
			t.Error("a redemption taken for an issuance")
		}
		req, err := pst.ParseRedeemRequest(c.Request)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(req.Bytes(), c.Request) {
			t.Error("redeem request does not come back")
		}
		if hex.EncodeToString(req.ClientData.Bytes()) != c.ClientData || hex.EncodeToString(req.Token.Nonce[:]) != c.Nonce {
			t.Error("client data or nonce differ")
		}
		if req.ClientData.RedeemingOrigin != "https://site-b.example" || req.ClientData.RedemptionTimestamp != 0x6b0249c8 {
			t.Errorf("client data %+v", req.ClientData)
		}
		if err := k.Verify(&req.Token); err != nil {
			t.Errorf("Chromium's token: %v", err)
		}
	}
	if seen["issue"] != 1 || seen["redeem"] != 2 {
		t.Errorf("seen %v", seen)
	}
}

func TestIssueFinishRedeem(t *testing.T) {
	k, old := newKey(t, 7), newKey(t, 6)
	set, err := pst.NewKeySet(k, old)
	if err != nil {
		t.Fatal(err)
	}
	req, pending, err := pst.BeginAny([]*pst.PublicKey{old.PublicKey(), k.PublicKey()}, 5)
	if err != nil {
		t.Fatal(err)
	}
	if req, err = pst.ParseIssueRequest(req.Bytes()); err != nil || req.Count() != 5 {
		t.Fatal(err)
	}
	resp, err := set.Active().Issue(req, 3)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err = pst.ParseIssueResponse(resp.Bytes()); err != nil {
		t.Fatal(err)
	}
	tokens, err := pending.Finish(resp)
	if err != nil || len(tokens) != 3 {
		t.Fatalf("%d tokens, %v", len(tokens), err)
	}
	if _, err := pending.Finish(resp); !errors.Is(err, pst.ErrFinished) {
		t.Errorf("second Finish: %v", err)
	}
	for i := range tokens {
		r := pst.RedeemRequest{Token: tokens[i], ClientData: pst.ClientData{RedeemingOrigin: "http://news.localhost:8080", RedemptionTimestamp: 1790000000}}
		got, err := pst.ParseRedeemRequest(r.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if got.ClientData != r.ClientData || !bytes.Equal(got.Token.Bytes(), tokens[i].Bytes()) || !bytes.Equal(got.Token.W(), tokens[i].W()) {
			t.Error("redeem request does not come back")
		}
		if err := set.Verify(&got.Token); err != nil {
			t.Error(err)
		}
		if err := old.Verify(&got.Token); !errors.Is(err, pst.ErrUnknownKey) {
			t.Errorf("another key: %v", err)
		}
		got.Token.KeyID = 6
		if err := set.Verify(&got.Token); !errors.Is(err, pst.ErrInvalidToken) {
			t.Errorf("key id altered to another live key: %v", err)
		}
		got.Token.KeyID = 5
		if err := set.Verify(&got.Token); !errors.Is(err, pst.ErrUnknownKey) {
			t.Errorf("key id of no key: %v", err)
		}
	}
	odd := tokens[1]
	odd.KeyID = 6
	bad := tokens[2]
	bad.Nonce[63] ^= 1
	errs := k.VerifyAll([]*pst.Token{&tokens[0], &odd, &bad, &tokens[1]})
	for i, want := range []error{nil, pst.ErrUnknownKey, pst.ErrInvalidToken, nil} {
		if !errors.Is(errs[i], want) {
			t.Errorf("VerifyAll %d: %v, want %v", i, errs[i], want)
		}
	}
}

func TestFinishRefuses(t *testing.T) {
	k, other := newKey(t, 1), newKey(t, 2)
	imposter := newKey(t, 1)
	req, pending, err := pst.Begin(k.PublicKey(), 2)
	if err != nil {
		t.Fatal(err)
	}
	issue := func(k *pst.PrivateKey, req *pst.IssueRequest) *pst.IssueResponse {
		resp, err := k.Issue(req, 100)
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	bigger, _, err := pst.Begin(k.PublicKey(), 3)
	if err != nil {
		t.Fatal(err)
	}
	foreign, _, err := pst.Begin(k.PublicKey(), 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		resp *pst.IssueResponse
		want error
	}{
		{"signed with a key that is not committed", issue(other, req), pst.ErrUnknownKey},
		{"signed with another key under the committed id", issue(imposter, req), pst.ErrProof},
		{"answer to somebody else's request", issue(k, foreign), pst.ErrProof},
		{"more elements than asked for", issue(k, bigger), pst.ErrCount},
	} {
		if tokens, err := pending.Finish(c.resp); !errors.Is(err, c.want) || tokens != nil {
			t.Errorf("%s: %v, %v", c.name, tokens, err)
		}
	}
	if tokens, err := pending.Finish(issue(k, req)); err != nil || len(tokens) != 2 {
		t.Errorf("the right answer afterwards: %v", err)
	}
	if _, err := k.Issue(req, 0); !errors.Is(err, pst.ErrBatchEmpty) {
		t.Errorf("issue none: %v", err)
	}
}

func TestBeginLimits(t *testing.T) {
	a, b := newKey(t, 1).PublicKey(), newKey(t, 1).PublicKey()
	for _, c := range []struct {
		name string
		keys []*pst.PublicKey
		n    int
		want error
	}{
		{"no token", []*pst.PublicKey{a}, 0, pst.ErrBatchEmpty},
		{"101 tokens", []*pst.PublicKey{a}, 101, pst.ErrBatchTooLarge},
		{"no key", nil, 1, pst.ErrKeySet},
		{"nil key", []*pst.PublicKey{nil}, 1, pst.ErrKeySet},
		{"one id twice", []*pst.PublicKey{a, b}, 1, pst.ErrKeySet},
		{"seven keys", make([]*pst.PublicKey, 7), 1, pst.ErrKeySet},
	} {
		if _, _, err := pst.BeginAny(c.keys, c.n); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestKeySet(t *testing.T) {
	k := make([]*pst.PrivateKey, 7)
	for i := range k {
		k[i] = newKey(t, uint32(i))
	}
	s, err := pst.NewKeySet(k[0], k[1:6]...)
	if err != nil || s.Active() != k[0] || len(s.All()) != 6 {
		t.Fatal(err)
	}
	if got, ok := s.ByID(5); !ok || got != k[5] {
		t.Error("ByID(5)")
	}
	if _, ok := s.ByID(6); ok {
		t.Error("ByID(6)")
	}
	for name, f := range map[string]func() (*pst.KeySet, error){
		"none":   func() (*pst.KeySet, error) { return pst.NewKeySet(nil) },
		"nil":    func() (*pst.KeySet, error) { return pst.NewKeySet(k[0], nil) },
		"seven":  func() (*pst.KeySet, error) { return pst.NewKeySet(k[0], k[1:]...) },
		"id two": func() (*pst.KeySet, error) { return pst.NewKeySet(k[0], newKey(t, 0)) },
	} {
		if _, err := f(); !errors.Is(err, pst.ErrKeySet) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
