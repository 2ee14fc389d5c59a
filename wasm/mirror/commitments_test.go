package mirror

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/pst"
)

const own = "https://issuer.example"

var (
	start = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	later = start.AddDate(0, 3, 0)
)

// made keeps keys, since making one is slow: which of an id's public keys is
// wanted stands behind the id.
var made sync.Map

func public(t testing.TB, id uint32, which int) *pst.PublicKey {
	t.Helper()
	name := strconv.Itoa(int(id)) + "/" + strconv.Itoa(which)
	if k, ok := made.Load(name); ok {
		return k.(*pst.PublicKey)
	}
	k, err := pst.DeriveKey(id, bytes.Repeat([]byte{byte(which + 1)}, 48))
	if err != nil {
		t.Fatal(err)
	}
	made.Store(name, k.PublicKey())
	return k.PublicKey()
}

type published struct {
	id     uint32
	which  int       // another public key under the same id
	expiry time.Time // later if zero
}

func commitment(t testing.TB, id uint32, keys ...published) []byte {
	t.Helper()
	c := &pst.Commitment{ID: id, BatchSize: 10}
	for n, k := range keys {
		if k.expiry.IsZero() {
			k.expiry = later
		}
		c.Keys = append(c.Keys, pst.CommittedKey{Label: strconv.Itoa(100 - n), PublicKey: public(t, k.id, k.which), Expiry: k.expiry.UnixMicro()})
	}
	b := c.JSON()
	if b == nil {
		t.Fatal(c.Check())
	}
	return b
}

// mirrorOf plays a mirror of one issuer.
type mirrorOf struct {
	t     *testing.T
	state State
	now   time.Time
}

func newMirrorOf(t *testing.T) *mirrorOf { return &mirrorOf{t: t, now: start} }

// after lets time pass and takes in an answer; it wants these codes, in order,
// and returns the events.
func (m *mirrorOf) after(d time.Duration, body []byte, want ...string) []Event {
	m.t.Helper()
	return m.answered(d, Answer{Issuer: own, Body: body}, want...)
}

func (m *mirrorOf) answered(d time.Duration, a Answer, want ...string) []Event {
	m.t.Helper()
	m.now = m.now.Add(d)
	before, err := json.Marshal(m.state)
	if err != nil {
		m.t.Fatal(err)
	}
	next, events := Update(m.state, []Answer{a}, m.now)
	if after, _ := json.Marshal(m.state); !bytes.Equal(before, after) {
		m.t.Fatal("Update changed the state that it was given")
	}
	// What is kept between two updates is a file.
	b, err := json.Marshal(next)
	if err != nil {
		m.t.Fatal(err)
	}
	if m.state, err = ParseState(b); err != nil {
		m.t.Fatalf("%v\n%s", err, b)
	}
	var codes []string
	for _, e := range events {
		codes = append(codes, e.Code)
		if e.Issuer != a.Issuer || e.Message == "" {
			m.t.Errorf("%+v", e)
		}
	}
	if !slices.Equal(codes, want) {
		m.t.Errorf("events %q, want %q: %+v", codes, want, events)
	}
	return events
}

// publishes wants these key ids in the document.
func (m *mirrorOf) publishes(ids ...uint32) *pst.Commitment {
	m.t.Helper()
	var doc struct {
		Bonafides int
		Issuers   map[string]json.RawMessage
	}
	b := m.state.Document([]string{own})
	if err := json.Unmarshal(b, &doc); err != nil || doc.Bonafides != 1 {
		m.t.Fatalf("%v: %s", err, b)
	}
	if len(ids) == 0 {
		if len(doc.Issuers) != 0 {
			m.t.Errorf("%s", b)
		}
		return nil
	}
	c, err := pst.ParseCommitments(doc.Issuers[own])
	if err != nil {
		m.t.Fatalf("%v: %s", err, b)
	}
	var got []uint32
	for _, k := range c.Keys {
		got = append(got, k.PublicKey.ID())
		if k.Label != strconv.Itoa(int(k.PublicKey.ID())) {
			m.t.Errorf("key %d has the label %s", k.PublicKey.ID(), k.Label)
		}
	}
	if !slices.Equal(got, ids) {
		m.t.Errorf("the document has keys %d, want %d", got, ids)
	}
	return c
}
