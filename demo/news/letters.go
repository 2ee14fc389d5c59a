package news

import (
	"container/list"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/time/rate"

	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/look"
	kit "github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
)

const (
	maxLetters = 60   // kept; older ones go
	maxText    = 600  // characters of a letter
	maxName    = 40   // characters of a name
	maxWriters = 4096 // rate limiters kept; the longest unused goes
)

// How often one session and one address prefix may write.
const (
	sessionEvery = 15 * time.Second
	sessionBurst = 3
	prefixEvery  = 5 * time.Second
	prefixBurst  = 6
)

type letter struct {
	name, text string
	at         time.Time
}

type letters struct {
	mu    sync.Mutex
	list  []letter // newest first
	rates *limiters
}

func newLetters(now time.Time) *letters {
	return &letters{rates: newLimiters(maxWriters), list: []letter{
		{"M. Okafor, Quay Street", "The bridge works were noisy, and they were also early and honest about it. I would like to read that sentence about more things.", now.Add(-5 * time.Hour)},
		{"A night-shift nurse", "The last ferry leaves nine minutes before my shift ends. Nine minutes. I have counted them every Sunday for three years.", now.Add(-19 * time.Hour)},
	}}
}

func (l *letters) all() []letter {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]letter(nil), l.list...)
}

func (l *letters) add(x letter, v visitor) *web.Problem {
	l.mu.Lock()
	defer l.mu.Unlock()
	session := l.rates.get("session "+v.session, sessionEvery, sessionBurst)
	prefix := l.rates.get("prefix "+v.prefix, prefixEvery, prefixBurst)
	// Both are asked before either is charged.
	if session.TokensAt(x.at) < 1 || prefix.TokensAt(x.at) < 1 {
		return web.NewProblem(http.StatusTooManyRequests, "too_many_letters",
			"That is a lot of letters from one visitor or one network address. Wait a quarter of a minute and send it again.")
	}
	session.AllowN(x.at, 1)
	prefix.AllowN(x.at, 1)
	l.list = append([]letter{x}, l.list...)
	if len(l.list) > maxLetters {
		l.list = l.list[:maxLetters]
	}
	return nil
}

// limiters keeps the most recently used rate limiters.
type limiters struct {
	max   int
	by    map[string]*list.Element
	order *list.List // of namedLimiter, most recent first
}

type namedLimiter struct {
	name string
	*rate.Limiter
}

func newLimiters(max int) *limiters {
	return &limiters{max: max, by: map[string]*list.Element{}, order: list.New()}
}

func (l *limiters) get(name string, every time.Duration, burst int) *rate.Limiter {
	if e, ok := l.by[name]; ok {
		l.order.MoveToFront(e)
		return e.Value.(namedLimiter).Limiter
	}
	lim := rate.NewLimiter(rate.Every(every), burst)
	l.by[name] = l.order.PushFront(namedLimiter{name, lim})
	if l.order.Len() > l.max {
		last := l.order.Back()
		delete(l.by, last.Value.(namedLimiter).name)
		l.order.Remove(last)
	}
	return lim
}

func (s *site) comment(w http.ResponseWriter, r *http.Request) {
	if p := s.takeComment(w, r); p != nil {
		s.refuse(w, r, p, "comment")
		return
	}
	out := look.Outcome{State: kit.Done, Title: "Your letter is printed.", Text: "It stands at the top of the letters."}
	instrument.Answer(w, r, out, func(out look.Outcome) { s.front(w, r, http.StatusOK, instrument.Outcomes{"comment": out}) })
}

func (s *site) takeComment(w http.ResponseWriter, r *http.Request) *web.Problem {
	form, p := web.ReadForm(w, r, 8<<10)
	if p != nil {
		return p
	}
	text, name := tidy(form.Get("comment")), tidy(form.Get("name"))
	name = strings.Join(strings.Fields(name), " ")
	switch {
	case text == "":
		return web.NewProblem(http.StatusBadRequest, "letter_empty", "The letter is empty. Write something first.")
	case utf8.RuneCountInString(text) > maxText:
		return web.NewProblem(http.StatusBadRequest, "letter_too_long", "The letter is longer than 600 characters. Shorten it.")
	case utf8.RuneCountInString(name) > maxName:
		return web.NewProblem(http.StatusBadRequest, "name_too_long", "The name is longer than 40 characters. Shorten it.")
	}
	if name == "" {
		name = "A reader"
	}
	if _, p := s.vouched(r); p != nil {
		return p
	}
	return s.letters.add(letter{name, text, s.now()}, visitorOf(w, r))
}

// tidy drops what is not text: control characters and marks that turn the
// direction of what follows.
func tidy(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return -1
		case r == '\n':
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == utf8.RuneError:
			return -1
		}
		return r
	}, s))
}

func (s *site) lettersFragment(w http.ResponseWriter, r *http.Request) {
	kit.Render(w, r, http.StatusOK, s.letterList())
}
