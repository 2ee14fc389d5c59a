package mirror

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func FuzzUpdate(f *testing.F) {
	f.Add(commitment(f, 1, published{id: 1}), commitment(f, 2, published{id: 1}, published{id: 2}), int64(0), int64(time.Hour))
	f.Add(commitment(f, 2, published{id: 1}), commitment(f, 2, published{id: 1, which: 1}), int64(time.Hour), int64(-time.Hour))
	f.Add([]byte("{}"), []byte(nil), int64(8*day), int64(8*day))
	f.Fuzz(func(t *testing.T, one, two []byte, d1, d2 int64) {
		at := start
		var state State
		known := map[uint32][]byte{}
		for _, step := range []struct {
			body []byte
			d    int64
		}{{one, d1}, {two, d2}, {one, d1}} {
			at = at.Add(time.Duration(step.d))
			before := state.issuers[own]
			next, _ := Update(state, []Answer{{Issuer: own, Body: step.body}}, at)
			b, err := json.Marshal(next)
			if err != nil {
				t.Fatal(err)
			}
			again, err := ParseState(b)
			if err != nil {
				t.Fatalf("%v\n%s", err, b)
			}
			list := []string{own}
			if !bytes.Equal(next.Document(list), again.Document(list)) {
				t.Fatal("a state that was kept has another document")
			}
			now := next.issuers[own]
			fresh := 0
			for _, k := range now.Keys {
				if old, ok := known[k.ID]; ok && !bytes.Equal(old, k.Y) {
					t.Fatal("another key under a known id")
				}
				known[k.ID] = k.Y
				n, had := before.find(k.ID)
				if !k.Gone && (!had || before.Keys[n].Gone) {
					fresh++
				}
				if had && k.Expiry > before.Keys[n].Expiry {
					t.Fatal("a key expires later than it said")
				}
			}
			if len(before.Keys) > 0 && fresh > 1 {
				t.Fatalf("%d keys were added at once", fresh)
			}
			if c := now.live(); c != nil {
				if read, err := pst.ParseCommitments(c.JSON()); err != nil || len(read.Live(at.UnixMicro())) != len(c.Keys) {
					t.Fatalf("%v: the document has a key that browsers would not use: %s", err, c.JSON())
				}
			}
			state = again
		}
	})
}

func FuzzParseState(f *testing.F) {
	state, _ := Update(State{}, []Answer{{Issuer: own, Body: commitment(f, 1, published{id: 1}, published{id: 2})}}, start)
	good, err := json.Marshal(state)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"bonafides_mirror":1,"issuers":{}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		state, err := ParseState(b)
		if err != nil {
			return
		}
		out, err := json.Marshal(state)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseState(out)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, out)
		}
		var list []string
		for o := range state.issuers {
			list = append(list, o)
		}
		doc := state.Document(list)
		if !json.Valid(doc) || !bytes.Equal(doc, again.Document(list)) {
			t.Fatalf("%s", doc)
		}
		// A state that was read is good for an update.
		_, _ = Update(state, []Answer{{Issuer: own, Body: []byte("x")}}, start)
	})
}
