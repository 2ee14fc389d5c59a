package main

import (
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/issuer/exchange"
)

// keyState is a key without its secret.
type keyState struct {
	ID      uint32        `json:"id"`
	Role    exchange.Role `json:"role"`
	Expires time.Time     `json:"expires"`
}

func states(keys *exchange.Keys, now time.Time) []keyState {
	times := keys.Times()
	list := make([]keyState, len(times))
	for i, k := range times {
		list[i] = keyState{k.ID, exchange.RoleOf(k, times[0], now), k.Expiry.UTC()}
	}
	return list
}

type status struct {
	Now          time.Time  `json:"now"`
	Go           string     `json:"go"`
	Store        string     `json:"store"`
	CommitmentID int        `json:"commitmentId"`
	TokenKeys    []keyState `json:"tokenKeys"`
	RecordKeys   []string   `json:"recordKeys"` // key ids, the one that signs first
	Warnings     []string   `json:"warnings"`
}

// status tells what the issuer works with; nothing of it is secret.
func (t tools) status(http.ResponseWriter, *http.Request) (any, *web.Problem) {
	keys, problem := t.keys()
	if problem != nil {
		return nil, problem
	}
	_, public, err := issuer.ParseRecordKeys(t.getenv("ISSUER_RECORD_KEY"))
	if err != nil {
		return nil, web.NewProblem(http.StatusServiceUnavailable, "secret_invalid", "The secret ISSUER_RECORD_KEY cannot be read: it is not words that are each the base64 of 32 bytes.")
	}
	now := t.now().UTC().Truncate(time.Second)
	s := status{Now: now, Go: runtime.Version(), Store: "durable_object", CommitmentID: 1, TokenKeys: states(keys, now), Warnings: warnings(keys, now)}
	if t.usesD1() {
		s.Store = "d1"
	}
	if n, err := strconv.Atoi(t.getenv("ISSUER_COMMITMENT_ID")); err == nil {
		s.CommitmentID = n
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
	times := keys.Times()
	switch left := times[0].Expiry.Sub(now); {
	case left <= 0:
		list = append(list, "The key that signs has expired: nobody gets tokens. Rotate the keys now.")
	case left < soon:
		list = append(list, "The key that signs expires in less than 30 days, and its tokens with it. Rotate the keys.")
	}
	next := false
	for _, k := range times {
		next = next || exchange.RoleOf(k, times[0], now) == exchange.RoleNext
	}
	if !next {
		list = append(list, "There is no next key: browsers will not know the key that a rotation makes when it begins to sign. Make one with bonafides keys rotate.")
	}
	return list
}
