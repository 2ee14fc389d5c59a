package pst_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func TestPendingSurvivesSaving(t *testing.T) {
	k, other := newKey(t, 1), newKey(t, 2)
	req, p, err := pst.BeginAny([]*pst.PublicKey{other.PublicKey(), k.PublicKey()}, 3)
	if err != nil {
		t.Fatal(err)
	}
	saved := p.Bytes()
	p, err = pst.ParsePending(saved)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(p.Bytes(), saved) {
		t.Error("does not come back")
	}
	resp, err := k.Issue(req, 2)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := p.Finish(resp)
	if err != nil || len(tokens) != 2 {
		t.Fatalf("%d tokens, %v", len(tokens), err)
	}
	for i := range tokens {
		if err := k.Verify(&tokens[i]); err != nil {
			t.Error(err)
		}
	}
	if p.Bytes() != nil {
		t.Error("a finished request still has state")
	}

	p, err = pst.ParsePending(saved)
	if err != nil {
		t.Fatal(err)
	}
	p.Wipe()
	if _, err := p.Finish(resp); !errors.Is(err, pst.ErrFinished) || p.Bytes() != nil {
		t.Errorf("after Wipe: %v", err)
	}
}

func TestParsePendingRefuses(t *testing.T) {
	_, p, err := pst.Begin(newKey(t, 1).PublicKey(), 2)
	if err != nil {
		t.Fatal(err)
	}
	good := p.Bytes()
	set := func(at int, v byte) []byte { return edit(good, func(b []byte) []byte { b[at] = v; return b }) }
	count := 2 + pst.PublicKeySize
	for name, b := range map[string][]byte{
		"empty":          nil,
		"one byte":       good[:1],
		"version 0":      set(0, 0),
		"version 2":      set(0, 2),
		"no key":         set(1, 0),
		"seven keys":     set(1, 7),
		"two keys":       set(1, 2),
		"bad key":        set(2+4, 3),
		"cut at count":   good[:count],
		"count 0":        set(count+1, 0),
		"count 1":        set(count+1, 1),
		"count 101":      set(count+1, 101),
		"cut":            good[:len(good)-1],
		"trailing byte":  append(bytes.Clone(good), 0),
		"bad element":    set(len(good)-1, good[len(good)-1]^1),
		"blind zero":     edit(good, func(b []byte) []byte { clear(b[count+2+128 : count+2+128+48]); return b }),
		"one key twice":  append(append([]byte{1, 2}, good[2:count]...), good[2:]...),
		"another format": []byte("{}"),
	} {
		if _, err := pst.ParsePending(b); !errors.Is(err, pst.ErrPending) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParsePending(f *testing.F) {
	_, p, err := pst.Begin(newKey(f, 1).PublicKey(), 2)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(p.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := pst.ParsePending(b); err == nil && !bytes.Equal(p.Bytes(), b) {
			t.Fatal("accepted but not the same")
		}
	})
}
