package issuer

import "context"

// Budget is a Policy that limits what another one grants: at most PerDay tokens
// for one account in one day (UTC). Without it, an account that is worth 30
// tokens is worth 30 a second. People without an account get nothing.
//
// What was taken from the budget counts as given even where the answer is lost.
type Budget struct {
	Policy Policy      // decides first
	Store  BudgetStore // counts
	PerDay int         // 0 or less grants nothing
}

// Decide asks the inner policy and takes what it grants from the day's budget.
func (b *Budget) Decide(ctx context.Context, f Facts) (Decision, error) {
	if f.Account == "" {
		return Decision{0, ReasonSignIn}, nil
	}
	d, err := b.Policy.Decide(ctx, f)
	if err != nil {
		return Decision{}, err
	}
	// Only what will be signed is taken.
	want := min(d.Tokens, f.Requested)
	if want <= 0 {
		return d, nil
	}
	if b.PerDay <= 0 {
		return Decision{0, ReasonBudget}, nil
	}
	got, err := b.Store.Take(ctx, f.Account, DayOf(f.Now), want, b.PerDay)
	switch {
	case err != nil:
		return Decision{}, err
	case got <= 0:
		return Decision{0, ReasonBudget}, nil
	}
	d.Tokens = min(got, want)
	return d, nil
}
