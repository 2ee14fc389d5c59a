package main

import (
	"bytes"
	"errors"
	"testing"

	"github.com/bonafides-dev/bonafides/internal/refusal"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

const now = 1_800_000_000

func code(err error) string {
	var r *refusal.Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	return ""
}

func TestTokensAreIssuedAndRedeemedThroughTheExports(t *testing.T) {
	key, err := pst.DeriveKey(7, []byte("a key of the tests"))
	if err != nil {
		t.Fatal(err)
	}
	document := (&pst.Commitment{ID: 3, BatchSize: 5, Keys: []pst.CommittedKey{
		{Label: "7", PublicKey: key.PublicKey(), Expiry: (now + 60) * 1e6}}}).JSON()
	id, batch, keys, expires, err := commitments(document, now)
	if err != nil || id != 3 || batch != 5 || expires != now+60 || !bytes.Equal(keys, key.PublicKey().Bytes()) {
		t.Fatalf("commitments: %d %d %d %v", id, batch, expires, err)
	}
	if _, _, _, _, err := commitments(document, now+60); code(err) != "commitment_expired" {
		t.Errorf("an expired commitment: %v", err)
	}
	request, pending, err := begin(keys, batch)
	if err != nil {
		t.Fatal(err)
	}
	req, err := pst.ParseIssueRequest(request)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := key.Issue(req, 3)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := finish(pending, resp.Bytes())
	if err != nil || len(tokens) != 3*pst.TokenSize {
		t.Fatalf("finish: %d bytes, %v", len(tokens), err)
	}
	spent, err := redeem(tokens[:pst.TokenSize], "https://news.example", now)
	if err != nil {
		t.Fatal(err)
	}
	red, err := pst.ParseRedeemRequest(spent)
	if err != nil {
		t.Fatal(err)
	}
	if err := key.Verify(&red.Token); err != nil || red.ClientData.RedeemingOrigin != "https://news.example" {
		t.Fatalf("redeem: %v, %q", err, red.ClientData.RedeemingOrigin)
	}
}

func TestRefusalsHaveCodes(t *testing.T) {
	for name, f := range map[string]func() error{
		"commitments": func() error { _, _, _, _, err := commitments([]byte("{"), now); return err },
		"begin":       func() error { _, _, err := begin(make([]byte, 100), 1); return err },
		"no keys":     func() error { _, _, err := begin(nil, 1); return err },
		"pending":     func() error { _, err := finish(make([]byte, 9), nil); return err },
		"token":       func() error { _, err := redeem(make([]byte, 9), "https://news.example", 0); return err },
	} {
		if err := f(); code(err) == "" {
			t.Errorf("%s: %v has no code", name, err)
		}
	}
}
