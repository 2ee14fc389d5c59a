package people

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"runtime"
	"strconv"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/internal/limit"
	"github.com/bonafides-dev/bonafides/internal/web"
)

// limits are the provider's. Who guesses a password waits, whoever's it is (limit.
// SignIns says the numbers); who fails otherwise, or asks too often, waits too; and
// work that costs much is done for so many at once.
type limits struct {
	signIns *limit.SignIns
	codes   *limit.Failures // by account or sign-up: codes tried
	work    *limit.Slots    // passwords and codes hashed

	entries   *limit.Rate   // by account: sign-ins that succeed, each of which leaves rows for a year
	signUps   *limit.Rate   // by network
	mails     *limit.Rate   // by account or address: mails sent
	mailsADay *limit.PerDay // the same
	mailsHere *limit.PerDay // by address in a network: sign-ups that somebody at one place begins for it
	mailsFrom *limit.Rate   // by network
	answers   *limit.Rate   // by account: codes and tokens made
	clients   *limit.Rate   // by client and network: failures at the token endpoint
	strangers *limit.Rate   // by network: requests there that no client sent
}

// A password costs some 25 ms of one core. Who would wait longer than patience is
// told to come back.
const (
	patience = 2 * time.Second
	hashing  = 25 * time.Millisecond
)

func newLimits() limits {
	return limits{
		signIns:   limit.NewSignIns(),
		codes:     limit.NewFailures(limit.Backoff{Free: 5, Step: time.Minute, Max: 10 * time.Minute}),
		work:      limit.NewSlots(max(2, runtime.GOMAXPROCS(0)), patience, hashing),
		entries:   limit.NewRate(200, 5*time.Minute),
		signUps:   limit.NewRate(20, time.Minute),
		mails:     limit.NewRate(4, 2*time.Minute),
		mailsADay: limit.NewPerDay(10),
		mailsHere: limit.NewPerDay(5),
		mailsFrom: limit.NewRate(20, time.Minute),
		answers:   limit.NewRate(60, time.Second),
		clients:   limit.NewRate(100, time.Second),
		strangers: limit.NewRate(100, time.Second),
	}
}

// network is where r came from, as limits have it.
func (p *People) network(r *http.Request) string { return p.from(r).String() }

// from is the same. Requests that come from nowhere share one limit, whoever sends
// them: the operator hears of it once.
func (p *People) from(r *http.Request) netip.Prefix {
	a := p.c.ClientAddr(r)
	if !a.IsValid() {
		p.nowhere.Do(func() {
			p.c.Log.WarnContext(r.Context(), "a request has no address, and all such requests share one limit: set Config.ClientAddr")
		})
	}
	return web.Network(a)
}

func (p *People) take(l *limit.Rate, key limit.Key) *web.Problem {
	return tooMany(l.Take(key, p.c.Now()))
}

// AllowAuthorization counts what an account lets sites know.
func (p *People) AllowAuthorization(account string) *web.Problem {
	return p.take(p.limits.answers, limit.Of("account", account))
}

// TokenFailed counts a request to the token endpoint that failed, of a client in its
// network, or of a network (nil). What succeeds is never refused, however much junk
// comes from beside it: looking at a code costs no more than saying no.
func (p *People) TokenFailed(r *http.Request, c *directory.Client) *web.Problem {
	l, key := p.limits.strangers, limit.Of("network", p.network(r))
	if c != nil {
		l, key = p.limits.clients, limit.Of("client", c.ID, p.network(r))
	}
	return p.take(l, key)
}

// allowMail counts a mail to whoever it is (an account, an address) from whoever
// asked for it. A network that asked too often uses up nobody's mails.
func (p *People) allowMail(r *http.Request, to limit.Key) *web.Problem {
	if refused := p.take(p.limits.mailsFrom, limit.Of("network", p.network(r))); refused != nil {
		return refused
	}
	if refused := tooManyMails(p.limits.mails.Take(to, p.c.Now())); refused != nil {
		return refused
	}
	if refused := tooManyMails(p.limits.mailsADay.Take(to, p.c.Now())); refused != nil {
		p.limits.mails.Return(to, p.c.Now())
		return refused
	}
	return nil
}

// mail sends a mail that allowMail allowed. One that could not be sent keeps nobody
// from asking again at once; it counts for the day, and for the network that asked,
// lest a mailer that sends and says that it did not be used without end.
func (p *People) mail(ctx context.Context, counted limit.Key, to, subject, text string) error {
	err := p.c.Mail(ctx, to, subject, text)
	if err == nil {
		return nil
	}
	p.limits.mails.Return(counted, p.c.Now())
	p.c.Log.ErrorContext(ctx, "code not mailed", "error", err.Error())
	return ErrNotMailed
}

// ErrNotMailed says that a code is there and could not be mailed.
var ErrNotMailed = errors.New("people: the code could not be mailed")

// worked does what costs much, in its turn. The refusal of whoever has to come back
// is a *web.Problem.
func (p *People) worked(ctx context.Context, who limit.Caller, work func()) error {
	place, err := p.limits.work.Enter(ctx, who, p.c.Now())
	if busy := new(limit.Busy); errors.As(err, &busy) {
		refused := web.NewProblem(http.StatusServiceUnavailable, "busy",
			"More people are trying just now than we can serve. Nothing was done. Try again in "+inWords(busy.After)+".")
		refused.RetryAfter = busy.After
		return refused
	}
	if err != nil {
		return err
	}
	defer func() { place.Leave(p.c.Now()) }()
	work()
	return nil
}

// stranger is who asks for work without a sign-in.
func (p *People) stranger(r *http.Request) limit.Caller {
	from := limit.Of("network", p.network(r))
	return limit.Caller{From: from, Self: from, Standing: limit.Stranger}
}

// operator is who needs nobody's turn: it makes accounts.
var operator = limit.Caller{Standing: limit.Known}

// tooMany is the refusal of a limit; nil for no wait.
func tooMany(wait time.Duration) *web.Problem {
	if wait <= 0 {
		return nil
	}
	refused := web.NewProblem(http.StatusTooManyRequests, "too_many_attempts", "Too many attempts. Try again in "+inWords(wait)+".")
	refused.RetryAfter = wait
	return refused
}

// tooManyMails is the same where somebody has mails to look at.
func tooManyMails(wait time.Duration) *web.Problem {
	refused := tooMany(wait)
	if refused != nil {
		refused.Detail = "Several mails went to this address already: look for the newest one. You can ask for another in " + inWords(wait) + "."
	}
	return refused
}

func inWords(wait time.Duration) string {
	switch seconds := int((wait + time.Second - 1) / time.Second); {
	case seconds == 1:
		return "a second"
	case seconds <= 90:
		return strconv.Itoa(seconds) + " seconds"
	case seconds <= 5400:
		return strconv.Itoa((seconds+59)/60) + " minutes"
	default:
		return strconv.Itoa((seconds+3599)/3600) + " hours"
	}
}
