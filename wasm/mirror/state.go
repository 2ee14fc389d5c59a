package mirror

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/origin"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// State is what a mirror knows of its issuers. The zero State knows nobody. It is
// kept between two updates, because a mirror that forgets takes any key as an
// issuer's first. It holds nothing secret.
type State struct {
	issuers map[string]issuer
}

// issuer is one issuer in the state. It outlives its place on the list, so that
// an issuer that is struck off and put back is no newcomer.
type issuer struct {
	ID        uint32    `json:"id"`               // of the commitment taken last
	BatchSize int       `json:"batchsize"`        // of the same
	Added     time.Time `json:"added"`            // when a key was last added
	Keys      []key     `json:"keys"`             // every key that was ever taken, sorted by id
	Changed   time.Time `json:"changed,omitzero"` // when anything but the keys changed last
	Said      []string  `json:"said,omitempty"`
}

type key struct {
	ID     uint32 `json:"id"`
	Y      []byte `json:"Y"`                 // 101 bytes
	Expiry int64  `json:"expiry"`            // microseconds since 1970; the earliest that was seen
	Gone   bool   `json:"gone,omitempty"`    // the issuer took it out
	Over   bool   `json:"expired,omitempty"` // its time was over at the last update
}

func (i issuer) find(id uint32) (int, bool) {
	return slices.BinarySearchFunc(i.Keys, id, func(k key, id uint32) int {
		return cmp.Compare(k.ID, id)
	})
}

func (i issuer) clone() issuer {
	i.Keys, i.Said = slices.Clone(i.Keys), slices.Clone(i.Said)
	return i
}

// live gives the commitment of the keys that can be used; nil if there are none.
func (i issuer) live() *pst.Commitment {
	c := &pst.Commitment{ID: i.ID, BatchSize: i.BatchSize}
	for _, k := range i.Keys {
		if k.Gone || k.Over {
			continue
		}
		if p, err := pst.ParsePublicKey(k.Y); err == nil {
			c.Keys = append(c.Keys, pst.CommittedKey{Label: strconv.FormatUint(uint64(k.ID), 10), PublicKey: p, Expiry: k.Expiry})
		}
	}
	if len(c.Keys) == 0 {
		return nil
	}
	return c
}

// Document returns the document of these issuers: the same bytes for the same
// state. An issuer about which nothing is known, or whose last key has expired, is
// not in it.
func (s State) Document(issuers []string) []byte {
	doc := []byte(`{"bonafides":1,"issuers":{`)
	n := 0
	for _, origin := range sorted(issuers) {
		c := s.issuers[origin].live()
		if c == nil {
			continue
		}
		if n++; n > 1 {
			doc = append(doc, ',')
		}
		doc = strictjson.AppendString(doc, origin)
		doc = append(doc, ':')
		doc = append(doc, c.JSON()...)
	}
	return append(doc, `}}`...)
}

func sorted(issuers []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(issuers)))
}

// stored is the state as a file.
type stored struct {
	Mirror  int               `json:"bonafides_mirror"`
	Issuers map[string]issuer `json:"issuers"`
}

// MarshalJSON writes the state, for ParseState.
func (s State) MarshalJSON() ([]byte, error) {
	issuers := s.issuers
	if issuers == nil {
		issuers = map[string]issuer{}
	}
	return json.Marshal(stored{1, issuers})
}

var errState = errors.New("mirror: this is not a state that a mirror of this version wrote")

// ParseState reads what MarshalJSON wrote. A state that was damaged is refused:
// going on without it would take any key as an issuer's first.
func ParseState(b []byte) (State, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var in stored
	if err := d.Decode(&in); err != nil {
		return State{}, fmt.Errorf("%w: %w", errState, err)
	}
	if in.Mirror != 1 || in.Issuers == nil || d.More() {
		return State{}, errState
	}
	for issuer, i := range in.Issuers {
		if !origin.Is(issuer) || !slices.IsSortedFunc(i.Keys, func(a, b key) int { return cmp.Compare(a.ID, b.ID) }) {
			return State{}, errState
		}
		for n, k := range i.Keys {
			p, err := pst.ParsePublicKey(k.Y)
			if err != nil || p.ID() != k.ID || k.Expiry < 0 || n > 0 && i.Keys[n-1].ID == k.ID {
				return State{}, errState
			}
		}
		if c := i.live(); c != nil && (c.Check() != nil || len(c.Keys) > pst.MaxKeys) {
			return State{}, errState
		}
	}
	return State{maps.Clone(in.Issuers)}, nil
}
