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

// A fetch that the clock gave up comes to nothing while another is under way: those who
// wait for that are not refused because of it.
func TestALateFailureIsNotThatOfTheNextFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Unix(1_700_000_000, 0)
		holds := []chan struct{}{make(chan struct{}), make(chan struct{})}
		count := 0
		k := &kept[int]{code: "x", now: func() time.Time { return now }, failed: func(*Error) {}}
		k.get = func(context.Context, bool) (got[int], *Error) {
			count++
			own := count
			<-holds[own-1]
			if own == 1 {
				return got[int]{}, &Error{Reason: ReasonTimeout}
			}
			return got[int]{own, "", ""}, nil
		}
		answers := make(chan error, 3)
		ask := func() { _, err := k.ask(t.Context(), false); answers <- err }
		go ask()
		synctest.Wait()
		now = now.Add(10 * time.Second)
		if _, err := k.ask(t.Context(), false); err == nil {
			t.Fatal("nothing was given up")
		}
		now = now.Add(time.Second)
		go ask()
		synctest.Wait()
		close(holds[0])
		synctest.Wait()
		go ask()
		synctest.Wait()
		close(holds[1])
		for range 3 {
			if err := <-answers; err != nil {
				t.Error(err)
			}
		}
		if count != 2 {
			t.Errorf("%d fetches, want 2", count)
		}
	})
}
