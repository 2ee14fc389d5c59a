package issuer

import (
	"context"
	"net/netip"
	"time"

	"github.com/bonafides-dev/bonafides/internal/exchange"
)

// A Policy decides how many tokens somebody gets. Decide is called after the
// request was found to be well formed and before anything is signed. Its error
// means that it cannot decide now; the answer is then 503 and nothing is signed.
// Refusing is not an error but a Decision of 0 tokens with a reason.
// Implementations are safe for concurrent use.
type Policy interface {
	Decide(ctx context.Context, f Facts) (Decision, error)
}

// Facts is what a Policy knows about the visitor who asks. The issuer fills in
// Requested, Now and, where it is empty, Proof; the rest comes from Config.Facts.
type Facts struct {
	Requested      int       // tokens asked for, never above the batch size
	Now            time.Time // the issuer's clock
	SignedIn       bool
	Account        string // the site's own name for the account; empty when signed out
	AccountCreated time.Time
	Proof          string     // solved challenge or CAPTCHA answer, from the ProofHeader
	RemoteIP       netip.Addr // for CAPTCHA services that want it; the zero Addr is "unknown"
}

// Decision is a Policy's answer. Tokens below 0 count as 0, and above
// Facts.Requested as Facts.Requested. Reason is a stable code that the page is told
// and the log gets: lower case, underscores, and nothing about the person.
type Decision struct {
	Tokens int
	Reason string
}

// PolicyFunc makes a function a Policy.
type PolicyFunc func(ctx context.Context, f Facts) (Decision, error)

// Decide calls f.
func (p PolicyFunc) Decide(ctx context.Context, f Facts) (Decision, error) { return p(ctx, f) }

// Reasons of the policies in this package.
const (
	ReasonGranted        = "granted"
	ReasonSignIn         = "sign_in_required"
	ReasonAccountTooNew  = "account_too_new"
	ReasonBudget         = "daily_budget_used"
	ReasonWorkMissing    = exchange.ReasonWorkMissing
	ReasonWorkInvalid    = exchange.ReasonWorkInvalid
	ReasonWorkExpired    = exchange.ReasonWorkExpired
	ReasonWorkUsed       = exchange.ReasonWorkUsed
	ReasonCaptchaMissing = exchange.ReasonCaptchaMissing
	ReasonCaptchaFailed  = exchange.ReasonCaptchaFailed
	ReasonCaptchaExpired = exchange.ReasonCaptchaExpired
)
