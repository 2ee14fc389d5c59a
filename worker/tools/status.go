package main

import (
	"encoding/json"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/internal/keyring"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/issuer"
)

// keyState is a key without its secret.
type keyState struct {
	ID      uint32        `json:"id"`
	Role    keyring.State `json:"role"`
	Expires time.Time     `json:"expires"`
}

func states(keys *exchange.Keys, now time.Time) []keyState {
	ring := keys.Ring().Keys
	list := make([]keyState, len(ring))
	for i, k := range ring {
		list[i] = keyState{k.ID, k.Role(now), k.Expires.UTC()}
	}
	return list
}

type status struct {
	// OK says whether requests can be answered, Problems what keeps them from it.
	OK           bool       `json:"ok"`
	Problems     []string   `json:"problems"`
	Now          time.Time  `json:"now"`
	Go           string     `json:"go"`
	Store        string     `json:"store"`
	CommitmentID int        `json:"commitmentId"`
	TokenKeys    []keyState `json:"tokenKeys"`
	RecordKeys   []string   `json:"recordKeys"` // key ids, the one that signs first
	Warnings     []string   `json:"warnings"`
}

// status tells what the issuer works with, and whether it can; nothing of it is
// secret. What requests will need (bindings, secrets, a store that answers and takes
// the keys) the Worker has judged before and hands over as STATUS_PROBLEMS.
func (t tools) status(http.ResponseWriter, *http.Request) (any, *web.Problem) {
	now := t.now().UTC().Truncate(time.Second)
	s := &status{Now: now, Go: runtime.Version(), Store: "durable_object", CommitmentID: 1,
		TokenKeys: []keyState{}, RecordKeys: []string{}, Warnings: []string{}, Problems: []string{}}
	if text := t.getenv("STATUS_PROBLEMS"); text != "" {
		if err := json.Unmarshal([]byte(text), &s.Problems); err != nil {
			return nil, web.NewProblem(http.StatusInternalServerError, "internal_error", "The Worker's own judgement cannot be read.")
		}
	}
	if keys, problem := t.keys(); problem == nil {
		s.TokenKeys, s.Warnings = states(keys, now), warnings(keys, now)
		s.CommitmentID = commitmentID(keys)
	} else if len(s.Problems) == 0 {
		s.Problems = append(s.Problems, problem.Detail)
	}
	s.CommitmentID = t.number("ISSUER_COMMITMENT_ID", s.CommitmentID)
	_, public, err := issuer.ParseRecordKeys(t.getenv("ISSUER_RECORD_KEY"))
	if err != nil && len(s.Problems) == 0 {
		s.Problems = append(s.Problems, "The secret ISSUER_RECORD_KEY cannot be read: "+strings.TrimPrefix(err.Error(), "issuer: ")+".")
	}
	s.OK = len(s.Problems) == 0
	if t.usesD1() {
		s.Store = "d1"
	}
	for _, k := range public {
		s.RecordKeys = append(s.RecordKeys, exchange.RecordKeyID(k))
	}
	return s, nil
}

// soon is how long before the signing key expires an operator is told.
const soon = 30 * 24 * time.Hour

// warnings say what an operator should do.
func warnings(keys *exchange.Keys, now time.Time) []string {
	list := []string{}
	ring := keys.Ring()
	switch left := ring.Current().Expires.Sub(now); {
	case left <= 0:
		list = append(list, "The key that signs has expired: nobody gets tokens. Rotate the keys now.")
	case left < soon:
		list = append(list, "The key that signs expires in less than 30 days, and its tokens with it. Rotate the keys.")
	}
	if _, next := ring.Next(now); !next {
		list = append(list, "There is no next key: browsers will not know the key that a rotation makes when it begins to sign. Make one with bonafides keys rotate.")
	}
	return list
}
