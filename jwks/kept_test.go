package jwks

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/freshness"
)

// A token of a new key meets a fetch ahead of time, which a cache on the way answers:
// the key is looked for all the same. It is not after a fetch that everybody waited
// for.
func TestAFetchAheadIsNotTheSearchForWhatIsMissing(t *testing.T) {
	for name, c := range map[string]struct {
		wait time.Duration
		want string // how each fetch was made
		got  int    // the answer that whoever missed something gets
	}{
		"ahead of time": {95 * time.Second, "first plain, then plain, then past caches", 3},
		"in time":       {100 * time.Second, "first plain, then plain", 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fetches := ""
				count := 0
				hold := make(chan struct{})
				k := &kept[int]{now: time.Now, rules: freshness.Rules{}, failed: func(*Error) {}}
				k.get = func(_ context.Context, noCache bool) (got[int], *Error) {
					if count++; count == 1 {
						fetches = "first "
					} else {
						fetches += ", then "
					}
					if noCache {
						fetches += "past caches"
					} else {
						fetches += "plain"
					}
					if count == 2 {
						<-hold
					}
					return got[int]{count, "max-age=100", ""}, nil
				}
				if _, err := k.ask(t.Context(), false); err != nil {
					t.Fatal(err)
				}
				time.Sleep(c.wait)
				known := make(chan int, 1)
				go func() {
					v, _ := k.ask(t.Context(), false)
					known <- v
				}()
				synctest.Wait() // until it has begun the second fetch
				result := make(chan int)
				go func() {
					v, err := k.ask(t.Context(), true)
					if err != nil {
						t.Error(err)
					}
					result <- v
				}()
				synctest.Wait() // until it waits for that
				close(hold)
				if v := <-result; v != c.got || fetches != c.want {
					t.Errorf("answer %d after %s, want %d after %s", v, fetches, c.got, c.want)
				}
				<-known
			})
		})
	}
}
