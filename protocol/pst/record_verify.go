//go:build !tinygo

package pst

import (
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// JudgeRecord reads a record that issuer signed with one of keys, at the time
// now. It takes exactly what SignRecord writes: every claim, each once, of its
// type, and no other. Errors are *jws.Error with a code of that package or one
// of the RecordCode constants.
func JudgeRecord(token string, keys *jws.KeySet, issuer string, now time.Time) (*Record, error) {
	u, r, err := BeginRecord(token, keys, issuer, now)
	if err != nil {
		return nil, err
	}
	if _, err := u.Verify(); err != nil {
		return nil, err
	}
	return r, nil
}
