package idpserver

import (
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limiter allows each key a burst and then one event per interval. It holds a
// bounded number of keys; when it is full it forgets those that have recovered
// fully, and if none has, refuses new keys rather than forget a busy one.
type limiter struct {
	every time.Duration
	burst int
	size  int // 0: 100,000 keys

	mu   sync.Mutex
	keys map[string]*rate.Limiter
}

const defaultLimiterSize = 100_000

func newLimiter(burst int, every time.Duration) *limiter {
	return &limiter{every: every, burst: burst, size: defaultLimiterSize, keys: make(map[string]*rate.Limiter)}
}

// allow takes one event of key. If there is none left it says how long until
// there is. giveBack returns the event, for attempts that turned out well.
func (l *limiter) allow(key string, now time.Time) (giveBack func(), wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.keys[key]
	if one == nil {
		if len(l.keys) >= l.size {
			for k, r := range l.keys {
				if r.TokensAt(now) >= float64(l.burst) {
					delete(l.keys, k)
				}
			}
			if len(l.keys) >= l.size {
				return nil, l.every, false
			}
		}
		one = rate.NewLimiter(rate.Every(l.every), l.burst)
		l.keys[key] = one
	}
	r := one.ReserveN(now, 1)
	if wait := r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		return nil, wait, false
	}
	return func() { r.CancelAt(now) }, 0, true
}

// limits are the server's limiters. Those by account slow down guessing at one
// person, those by address prefix slow down one guesser.
type limits struct {
	signInAccount *limiter // by address of the account, whether or not it exists
	signInPrefix  *limiter
	signUpPrefix  *limiter
	mail          *limiter // by account: mails sent
	mailPrefix    *limiter
	code          *limiter // by account: codes tried
	authorize     *limiter // by account: authorization codes and popup tokens made
	tokenPrefix   *limiter // failures at the token endpoint
}

func newLimits() limits {
	return limits{
		signInAccount: newLimiter(10, time.Minute),
		signInPrefix:  newLimiter(50, 6*time.Second),
		signUpPrefix:  newLimiter(20, time.Minute),
		mail:          newLimiter(4, 2*time.Minute),
		mailPrefix:    newLimiter(20, time.Minute),
		code:          newLimiter(5, 2*time.Minute),
		authorize:     newLimiter(60, time.Second),
		tokenPrefix:   newLimiter(100, time.Second),
	}
}

// prefix is the network that r came from, as one key: an IPv4 address is cut to
// 24 bits, an IPv6 address to 56, which is what one customer usually holds.
func (s *Server) prefix(r *http.Request) string {
	addr := s.config.ClientAddr(r).Unmap().WithZone("")
	bits := 24
	if addr.Is6() {
		bits = 56
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return "unknown"
	}
	return p.String()
}

// remoteAddr is the default of Config.ClientAddr.
func remoteAddr(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr()
}
