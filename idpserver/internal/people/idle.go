package people

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
)

// A browser that was not used for a while is signed out, though its sign-ins would
// last longer. When it was used stands in a row under its own name: FedCM uses one of
// its cookies and pages the other, and either keeps both.
const seenKind = "seen"

// seenParts is in how many parts an idle time is measured: one row is written for a
// browser in each at most, so somebody may be signed out that much sooner, and never
// later.
const seenParts = 16

// seen tells whether a browser was used within the idle time, and says that it was
// used now.
func (p *People) seen(ctx context.Context, browser string) (bool, error) {
	now := p.c.Now()
	data, err := p.c.Store.FindSession(ctx, seenKind, hashToken(browser), now)
	if errors.Is(err, directory.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	at, err := strconv.ParseInt(string(data), 10, 64)
	if err != nil {
		return false, errors.New("people: a stored time cannot be read")
	}
	if now.Sub(time.UnixMilli(at)) < p.c.SessionIdle/seenParts {
		return true, nil
	}
	return true, p.use(ctx, browser)
}

// use says that a browser was used now.
func (p *People) use(ctx context.Context, browser string) error {
	now := p.c.Now()
	return p.c.Store.CommitSession(ctx, seenKind, hashToken(browser), []byte(strconv.FormatInt(now.UnixMilli(), 10)), now.Add(p.c.SessionIdle))
}
