package issuer

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/internal/refusal"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// storeTimeout bounds the work that goes on after the client has left.
const storeTimeout = 10 * time.Second

// Redeem serves token-redemption. Every origin may redeem; credentials are
// neither needed nor read, and the answer is not given to a page that sends
// them across origins. The answer's token header is the redemption record.
func (i *Issuer) Redeem(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	if r.Method == http.MethodOptions {
		preflight(w, "GET, POST", "Content-Type")
		return
	}
	if refused := web.CheckMethod(w, r, http.MethodGet, http.MethodPost); refused != nil {
		refused.Write(w)
		return
	}
	i.serveRedeem(w, r, exchange.Native, pst.ViaNative)
}

// serveRedeem takes the message out of the request and answers with what redeem
// makes of it.
func (i *Issuer) serveRedeem(w http.ResponseWriter, r *http.Request, h exchange.Headers, via string) {
	msg, refused := message(r, h)
	if refused != nil {
		i.refuse(w, r, refused)
		return
	}
	// From here on the request is out of reach.
	record, seconds, refused := i.redeem(lifetimeOnly{r.Context()}, msg, via)
	if refused != nil {
		i.refuse(w, r, refused)
		return
	}
	(&answer{token: record, seconds: seconds, body: []byte(`{"redeemed":true}`)}).write(w, h)
}

// redeem is a redemption without HTTP: it sees the message, and nothing of who
// sent it. Verify, spend exactly once, then sign.
func (i *Issuer) redeem(ctx context.Context, msg []byte, via string) (record string, seconds int64, _ *refusal.Refusal) {
	now := i.c.Now()
	red, refused := exchange.VerifyRedemption(i.c.Keys.core, msg, now)
	if refused != nil {
		return "", 0, refused
	}
	// A client that has already left keeps its token. One that leaves from here on
	// does not stop the spend half way, when nobody could tell whether it happened.
	if ctx.Err() != nil {
		return "", 0, exchange.StoreUnavailable
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if refused := i.spend(ctx, red); refused != nil {
		return "", 0, refused
	}
	if i.c.Counter != nil {
		if err := i.c.Counter.Count(ctx, red.Origin, DayOf(now)); err != nil {
			i.c.Log.LogAttrs(ctx, slog.LevelError, "counting a redemption failed", slog.String("error", err.Error()))
		}
	}
	record, seconds, err := i.recorder.Sign(red, via, now)
	if err != nil {
		return "", 0, i.failed("signing a record", err, exchange.RecordFailed)
	}
	return record, seconds, nil
}

// spend asks the store: nil where this is the token's first time.
func (i *Issuer) spend(ctx context.Context, red *exchange.Redemption) *refusal.Refusal {
	err := i.c.Spent.Spend(ctx, red.KeyID, red.Nonce)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrAlreadySpent):
		return exchange.AlreadySpent(i.c.Origin)
	case errors.Is(err, ErrKeyForgotten): // a clock was ahead, or is behind now
		return exchange.KeyExpired
	}
	return i.failed("the store of spent tokens", err, exchange.StoreUnavailable)
}

// lifetimeOnly is a context that ends with the request and carries none of its
// values, such as a session.
type lifetimeOnly struct{ context.Context }

func (lifetimeOnly) Value(any) any { return nil }
