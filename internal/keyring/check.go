package keyring

import (
	"errors"
	"slices"
	"time"
)

func (k Kind) known() bool { return slices.Contains([]Kind{Token, Record, Provider, Gate}, k) }

func (s State) kept() bool { return s == Next || s == Current || s == Retired }

// Check tells what is wrong with a ring. What it takes can be written, and is read
// again as the same.
func (r Ring) Check() error { return r.check(false) }

// check is Check; the first form did not say when a key of records goes.
func (r Ring) check(firstForm bool) error {
	switch {
	case !r.Kind.known():
		return errors.New("line 1: kind is none of token, record, provider and gate")
	case r.Kind != Token && (r.Commitment != 0 || r.Batch != 0):
		return errors.New("line 1: only token keys have a commitment and a batch")
	case r.Commitment > maxCommitment:
		return errors.New("line 1: commitment is not a number from 1 to 2147483647")
	case r.Batch < 0 || r.Batch > maxBatch:
		return errors.New("line 1: batch is not a number from 1 to 100")
	case len(r.Keys) == 0:
		return errors.New("no " + string(r.Kind) + " keys are given")
	case len(r.Keys) > MaxKeys:
		return errors.New("there are more than 64 keys")
	}
	for i := range r.Keys {
		if err := r.checkKey(i, firstForm); err != nil {
			return err
		}
	}
	if r.current() < 0 {
		return errors.New("no key is current: one has to sign")
	}
	return nil
}

// checkKey tells what is wrong with a key, by itself and beside those before it.
func (r Ring) checkKey(i int, firstForm bool) error {
	k, line := r.Keys[i], i+2
	switch {
	case !k.State.kept():
		return bad(line, "state is none of next, current and retired")
	case k.Text == "":
		return bad(line, "the key is empty")
	case len(k.Text) > maxKey:
		return bad(line, "the key is longer than 8 KiB")
	case slices.ContainsFunc([]byte(k.Text), func(c byte) bool { return c <= ' ' || c > '~' }):
		return bad(line, "the key has something else in it than visible ASCII")
	case !k.Published.IsZero() && !writable(k.Published):
		return bad(line, "published is a time before 1970 or after 9999")
	case !k.Expires.IsZero() && !writable(k.Expires):
		return bad(line, "expires is a time before 1970 or after 9999")
	case k.Expires.IsZero() && r.Kind == Token:
		return bad(line, "expires is missing: browsers use no token key without an end")
	case k.Expires.IsZero() && k.State == Retired && !firstForm:
		return bad(line, "expires is missing: nobody would know when the retired key may go")
	}
	for _, before := range r.Keys[:i] {
		switch {
		case before.ID == k.ID:
			return bad(line, "an earlier key has the same id")
		case before.State == Current && k.State == Current:
			return bad(line, "an earlier key is current too: only one can sign")
		}
	}
	return nil
}

func writable(t time.Time) bool { return t.Unix() > 0 && t.UTC().Year() <= 9999 }
