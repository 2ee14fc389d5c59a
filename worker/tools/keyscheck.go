package main

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/issuer/exchange"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

const maxKeys = 64 << 10 // bytes of a file with token keys

type keysCheck struct {
	OK         bool            `json:"ok"`
	TokenKeys  []keyState      `json:"tokenKeys"`
	Orphaned   []uint32        `json:"orphaned"`
	Problems   []string        `json:"problems"`
	Commitment json.RawMessage `json:"commitment"`
}

// checkKeys tells what would become of the issuer with other token keys, before
// they are put into the secret: the body is the file that bonafides keys writes.
// The answer holds nothing secret, and nothing is changed.
func (t tools) checkKeys(w http.ResponseWriter, r *http.Request) (any, *web.Problem) {
	body, problem := web.ReadBody(w, r, maxKeys)
	if problem != nil {
		return nil, problem
	}
	now := t.now().UTC()
	next, err := exchange.ParseKeys(string(body))
	clear(body)
	if err != nil {
		return nil, web.NewProblem(http.StatusBadRequest, "keys_invalid", "The keys cannot be read: "+err.Error()+".")
	}
	current, problem := t.keys()
	if problem != nil {
		return nil, problem
	}
	id, batch := t.number("ISSUER_COMMITMENT_ID", 1), t.number("ISSUER_BATCH_SIZE", 10)
	c, err := next.Commitment(uint32(id)+1, batch)
	if err != nil {
		return nil, web.NewProblem(http.StatusBadRequest, "keys_invalid", "The keys make no commitment: "+err.Error())
	}
	check := keysCheck{TokenKeys: states(next, now), Orphaned: current.Orphaned(next, now), Problems: warnings(next, now), Commitment: c.JSON()}
	if check.Orphaned == nil {
		check.Orphaned = []uint32{}
	}
	if len(check.Orphaned) > 0 {
		check.Problems = append(check.Problems, "Tokens of keys that the issuer has now would be worth nothing, or for a shorter time: "+
			"a key is missing, is another one under the same id, or expires earlier.")
	}
	signs := next.Times()[0].ID
	if _, known := current.Set().ByID(signs); !known {
		check.Problems = append(check.Problems, "The key that would sign is not published yet: browsers that have not heard of it refuse its tokens.")
	}
	for _, f := range pst.LintCommitments(c.JSON(), now.UnixMicro()) {
		if f.Severity != pst.Note {
			check.Problems = append(check.Problems, f.Message)
		}
	}
	check.OK = len(check.Problems) == 0
	return check, nil
}

func (t tools) number(name string, otherwise int) int {
	if n, err := strconv.Atoi(t.getenv(name)); err == nil && n > 0 {
		return n
	}
	return otherwise
}
