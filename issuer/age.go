package issuer

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"
)

// AgeStep grants Tokens to accounts that are at least MinAge old.
type AgeStep struct {
	MinAge time.Duration
	Tokens int
}

// AccountAge is a Policy that vouches for signed-in people by the age of their
// account: an old account costs more to make than a new one. Make one with
// NewAccountAge; the zero value grants nothing.
type AccountAge struct{ steps []AgeStep }

// NewAccountAge returns the policy of these steps, in any order. The step with
// the greatest MinAge that the account has reached counts.
func NewAccountAge(steps ...AgeStep) (*AccountAge, error) {
	s := slices.Clone(steps)
	slices.SortFunc(s, func(a, b AgeStep) int { return cmp.Compare(b.MinAge, a.MinAge) })
	for i, step := range s {
		switch {
		case step.MinAge < 0 || step.Tokens < 0:
			return nil, errors.New("issuer: an account age step is negative")
		case i > 0 && step.MinAge == s[i-1].MinAge:
			return nil, errors.New("issuer: two account age steps have the same MinAge")
		}
	}
	if len(s) == 0 {
		return nil, errors.New("issuer: no account age steps are given")
	}
	return &AccountAge{s}, nil
}

// Decide grants by age; an account without a known age counts as new.
func (p *AccountAge) Decide(_ context.Context, f Facts) (Decision, error) {
	if !f.SignedIn {
		return Decision{0, ReasonSignIn}, nil
	}
	if f.AccountCreated.IsZero() {
		return Decision{0, ReasonAccountTooNew}, nil
	}
	age := f.Now.Sub(f.AccountCreated)
	for _, s := range p.steps {
		if age >= s.MinAge && s.Tokens > 0 {
			return Decision{s.Tokens, ReasonGranted}, nil
		}
		if age >= s.MinAge {
			break
		}
	}
	return Decision{0, ReasonAccountTooNew}, nil
}
