package main

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/issuer"
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
	batch := t.number("ISSUER_BATCH_SIZE", 10)
	// Of a variable that is set the next value; else what the keys themselves say.
	id := commitmentID(next)
	if n := t.number("ISSUER_COMMITMENT_ID", 0); n > 0 {
		id = n + 1
	}
	c, err := next.Commitment(uint32(id), batch)
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
	changed, problem := t.changed(next)
	if problem != nil {
		return nil, problem
	}
	check.Problems = append(check.Problems, changed...)
	signs := next.Set().Active().ID()
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

// knownKey is a key as the Worker's store has it.
type knownKey struct {
	ID        uint32
	Public    string // hex
	Expires   int64  // Unix seconds; 0 where the store was not told
	Forgotten int
}

// changed tells which keys the store of spent tokens will refuse: it knows all that
// the issuer ever had, which the Worker hands over as KNOWN_KEYS.
func (t tools) changed(next *exchange.Keys) (list []string, _ *web.Problem) {
	var known []knownKey
	if err := json.Unmarshal([]byte(t.getenv("KNOWN_KEYS")), &known); err != nil {
		return nil, web.NewProblem(http.StatusInternalServerError, "internal_error", "What the store knows of the keys cannot be read.")
	}
	for _, now := range issuer.TokenKeys(next.Set(), next.Expiry()) {
		for _, had := range known {
			if had.ID != now.ID {
				continue
			}
			k := issuer.KnownKey{TokenKey: issuer.TokenKey{ID: had.ID}, Forgotten: had.Forgotten != 0}
			public, err := hex.DecodeString(had.Public)
			if err == nil && len(public) == len(k.Public) && had.Expires != 0 {
				k.Public, k.Expires = [32]byte(public), time.Unix(had.Expires, 0)
			}
			if err := issuer.JudgeKey(k, now); err != nil {
				list = append(list, "The store of spent tokens will refuse the keys: "+err.Error()+".")
			}
		}
	}
	return list, nil
}

// commitmentID is the version of the commitments where no variable says it.
func commitmentID(keys *exchange.Keys) int { return int(max(keys.Ring().Commitment, 1)) }

func (t tools) number(name string, otherwise int) int {
	if n, err := strconv.Atoi(t.getenv(name)); err == nil && n > 0 {
		return n
	}
	return otherwise
}
