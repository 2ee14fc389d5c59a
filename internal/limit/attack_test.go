package limit_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bonafides-dev/bonafides/internal/limit"
	"github.com/bonafides-dev/bonafides/internal/web"
)

// One right password comes for nine wrong ones of others, from one network or from
// everywhere: half of the wrong ones at the accounts of those who know theirs.
func TestWrongPasswordsMakeNoRightOneBeRefused(t *testing.T) {
	for name, c := range map[string]struct {
		people int           // who know their passwords
		over   time.Duration // in which all come
		apart  bool          // each from a network of their own
		late   int           // who may need more than three tries (of 13,200 in 60 runs, 3 did)
	}{
		"three quarters of what can be served": {480, 2 * time.Minute, false, 0},
		"twice what can be served":             {220, 20 * time.Second, false, 2},
		"twice, from everywhere":               {220, 20 * time.Second, true, 2},
		"all at once":                          {120, 0, false, 0},
		"all at once, from everywhere":         {120, 0, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProvider()
				w, stop := serve(t, p)
				random := rand.New(rand.NewPCG(5, 6))
				var mu sync.Mutex
				var everybody sync.WaitGroup
				late, tries, wrong := 0, map[int]int{}, map[int]int{}
				come := func(account, password string) {
					after := time.Duration(0)
					if c.over > 0 {
						after = time.Duration(random.Int64N(int64(c.over)))
					}
					from := "192.0.2.1"
					if c.apart {
						from = fmt.Sprintf("10.0.%d.%d", random.IntN(256), random.IntN(256))
					}
					everybody.Go(func() {
						time.Sleep(after)
						status, n := w.insist(t.Context(), from, "account", account, "password", password)
						mu.Lock()
						defer mu.Unlock()
						if password != "right" {
							wrong[status]++
							return
						}
						tries[n]++
						if n > 3 {
							late++
						}
						if status != 200 || n > 5 {
							t.Errorf("%s: %d after %d tries", account, status, n)
						}
					})
				}
				for i := range c.people {
					account := fmt.Sprintf("%d@idp.example", i)
					come(account, "right")
					for j := range 9 {
						if j%2 == 0 {
							come(fmt.Sprintf("%d-%d@idp.example", i, j), "wrong")
						} else {
							come(account, "wrong")
						}
					}
				}
				everybody.Wait()
				t.Logf("right ones by tries %v, wrong ones by answer %v, %d at work at once", tries, wrong, p.most)
				if late > c.late {
					t.Errorf("%d needed more than three tries", late)
				}
				if p.most > 2 {
					t.Errorf("%d at work at once", p.most)
				}
				stop()
			})
		})
	}
}

// The owner signs in every minute while somebody guesses as fast as they can.
func TestTheOwnerGetsInWhileSomebodyGuesses(t *testing.T) {
	for name, c := range map[string]struct {
		guessers func(i int) string
		device   string
	}{
		"from elsewhere":                           {func(int) string { return "198.51.100.7" }, ""},
		"from the same network, a known browser":   {func(int) string { return "192.0.2.1" }, "ada's"},
		"from a thousand networks, known browser":  {func(i int) string { return fmt.Sprintf("10.0.%d.%d", i%1000/250, i%250) }, "ada's"},
		"from IPv6 networks of one, known browser": {func(i int) string { return fmt.Sprintf("2001:db8:0:%x00::1", i%256) }, "ada's"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, stop := serve(t, newProvider())
				done := make(chan struct{})
				var all sync.WaitGroup
				answers := map[int]int{}
				var mu sync.Mutex
				all.Go(func() {
					for i := 0; ; i++ {
						select {
						case <-done:
							return
						case <-time.After(200 * time.Millisecond):
						}
						all.Go(func() {
							status, _ := w.post(t.Context(), c.guessers(i), "/signin", "account", "ada@idp.example", "password", "wrong"+strconv.Itoa(i))
							mu.Lock()
							defer mu.Unlock()
							answers[status]++
						})
					}
				})
				for range 20 {
					time.Sleep(time.Minute)
					if status, tries := w.insist(t.Context(), "192.0.2.1", "account", "ada@idp.example", "password", "right", "device", c.device); status != 200 || tries > 3 {
						t.Errorf("the owner: %d after %d tries", status, tries)
					}
				}
				close(done)
				all.Wait()
				t.Logf("the guesser's answers: %v", answers)
				if answers[403] > 40 || answers[200] > 0 {
					t.Errorf("the guesser's answers: %v", answers)
				}
				stop()
			})
		})
	}
}

func TestTwoJunkRequestsASecondStopNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, stop := serve(t, newProvider())
		const here = "192.0.2.1"
		junk := map[int]int{}
		for i := range 1200 { // ten minutes
			form := [][]string{
				{"client", "nobody"}, {"client", "shop", "secret", "guess"}, {"client", "app", "code", "junk"}, {},
			}[i%4]
			status, _ := w.post(t.Context(), here, "/token", form...)
			junk[status]++
			if i%4 == 3 {
				for _, client := range []string{"shop", "app"} {
					if status, _ := w.post(t.Context(), here, "/token", "client", client, "secret", "shop's", "code", "right"); status != 200 {
						t.Fatalf("%s: %d after %d junk requests", client, status, i+1)
					}
				}
			}
			time.Sleep(500 * time.Millisecond)
		}
		// Nothing that fails is without a limit, either.
		if junk[429] == 0 {
			t.Errorf("the junk's answers: %v", junk)
		}
		stop()
	})
}

// A quarter of a million people are guessed at from as many networks: more than a
// million keys in six tables.
func TestMemoryIsBoundedUnderAMillionKeys(t *testing.T) {
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	s, rate, mails := limit.NewSignIns(), limit.NewRate(10, time.Minute), limit.NewPerDay(10)
	now, before, most := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC), heap(), int64(0)
	for i := range 250_000 {
		from := web.Network(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
		account := strconv.Itoa(i)
		device := ""
		if i%2 == 0 {
			device = account
		}
		if try, wait := s.Begin(limit.Attempt{Account: account, From: from, Device: device}, now); wait == 0 {
			try.Wrong(now)
		}
		rate.Take(limit.Of(account), now)
		mails.Take(limit.Of(account), now)
		if i%50_000 == 0 {
			most = max(most, heap()-before)
		}
	}
	after := heap() - before
	most = max(most, after)
	t.Logf("six tables: %d bytes, most %d", after, most)
	if most > 6*(4<<20) {
		t.Errorf("six tables take %d bytes", most)
	}
	runtime.KeepAlive([]any{s, rate, mails})
}
