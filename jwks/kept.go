package jwks

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/freshness"
)

// kept is one document that is fetched where nobody has it and kept as long as HTTP
// says. freshness.State decides; here is the fetching: one fetch at a time, which
// serves everybody who waits, and each of them leaves when its own context ends.
type kept[T any] struct {
	code  string // of its errors
	now   func() time.Time
	rules freshness.Rules
	// get fetches the document within the time of its context.
	get func(ctx context.Context, noCache bool) (got[T], *Error)
	// failed is told why a fetch brought nothing.
	failed func(*Error)

	mu     sync.Mutex
	state  freshness.State
	value  T
	flight *flight // the fetch under way, nil if there is none
	why    *Error  // of the last fetch, nil if it brought the document
}

type got[T any] struct {
	value             T
	cacheControl, age string
}

type flight struct {
	done  chan struct{} // closed at its end
	ahead bool          // nobody waited when it began
}

// ask returns the document; missing says that the caller used it already and missed
// something. Errors are *Error or the context's.
func (k *kept[T]) ask(ctx context.Context, missing bool) (T, error) {
	var none T
	for {
		action, value, under, why := k.next(ctx, missing)
		switch action.Do {
		case freshness.Use:
			return value, nil
		case freshness.Refuse:
			return none, k.refusal(why, action.After)
		}
		select {
		case <-under.done:
			// What was missing has been looked for: take what there is now. A fetch
			// ahead of time may have been answered by a cache on the way.
			missing = missing && under.ahead
		case <-ctx.Done():
			return none, ctx.Err()
		}
	}
}

func (k *kept[T]) next(ctx context.Context, missing bool) (a freshness.Action, value T, under *flight, why *Error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	if missing {
		k.state, a = k.state.Missing(now, k.rules)
	} else {
		k.state, a = k.state.Wanted(now, k.rules)
	}
	if a.Ahead {
		k.state = k.state.Begin(now)
	}
	if a.Ahead || a.Do == freshness.Fetch {
		k.flight = &flight{make(chan struct{}), a.Ahead}
		// The fetch does not end with the request that happened to begin it.
		go k.fetch(context.WithoutCancel(ctx), k.flight, a.NoCache)
	}
	return a, k.value, k.flight, k.why
}

func (k *kept[T]) fetch(ctx context.Context, own *flight, noCache bool) {
	ctx, cancel := context.WithTimeout(ctx, k.rules.WaitAtMost())
	defer cancel()
	got, why := k.get(ctx, noCache)
	if why != nil {
		why.Code = k.code
		k.failed(why)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	switch now := k.now(); {
	case why == nil:
		k.value, k.why = got.value, nil
		k.state = k.state.Fetched(got.cacheControl, got.age, now, k.rules)
	case k.flight == own: // another one began when this one's time was over: what that finds counts
		k.why = why
		k.state, _ = k.state.Failed(now, k.rules)
	}
	if k.flight == own {
		k.flight = nil
	}
	close(own.done)
}

// refusal is for somebody who comes while the server is left alone.
func (k *kept[T]) refusal(why *Error, after time.Duration) *Error {
	if why == nil { // the clock gave up a fetch that has not come back yet
		why = &Error{Reason: ReasonTimeout, Err: errors.New("a fetch was begun and has not ended")}
	}
	again := *why
	again.Code, again.RetryAfter = k.code, after
	return &again
}
