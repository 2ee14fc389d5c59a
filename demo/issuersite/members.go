package issuersite

import (
	"net/http"
	"sync"
	"time"

	"github.com/bonafides-dev/bonafides/internal/secret"
	"github.com/bonafides-dev/bonafides/internal/web"
)

// A member is somebody whom the library knows.
type member struct {
	key   string // "ada"
	name  string
	card  string // the library's own number; never the same as a name elsewhere
	since time.Time
	loans []loan
}

type loan struct {
	title, author string
	due           time.Time
}

const (
	sessionCookie = "meridian-session"
	sessionLife   = 12 * time.Hour
	maxSessions   = 1000
)

// members are the two seeded people and who is signed in.
type members struct {
	people map[string]member
	now    func() time.Time

	mu       sync.Mutex
	sessions map[string]session
}

type session struct {
	key     string
	expires time.Time
}

func newMembers(clock func() time.Time) *members {
	now := clock()
	day := func(n int) time.Time { return now.AddDate(0, 0, n) }
	return &members{now: clock, sessions: map[string]session{}, people: map[string]member{
		"ada": {"ada", "Ada Brandt", "ML-204-118", now.AddDate(-6, -3, -11), []loan{
			{"The Salt Roads", "N. Ibarra", day(4)}, {"Bees in Winter", "H. Lund", day(11)}, {"A Short History of Locks", "P. Onwudiwe", day(19)},
		}},
		"grace": {"grace", "Grace Moreau", "ML-977-402", now.AddDate(0, 0, -2), []loan{
			{"Learning to Sail at Sixty", "J. Farrow", day(12)},
		}},
	}}
}

// of returns who is signed in, if anybody is.
func (m *members) of(r *http.Request) (member, bool) {
	cs := r.CookiesNamed(sessionCookie)
	if len(cs) != 1 {
		return member{}, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sessions[cs[0].Value]
	if !ok || !m.now().Before(s.expires) {
		return member{}, false
	}
	return m.people[s.key], true
}

// begin opens a session under a new id.
func (m *members) begin(key string) string {
	id := secret.New()
	now := m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	for old, s := range m.sessions {
		if len(m.sessions) >= maxSessions || !now.Before(s.expires) {
			delete(m.sessions, old)
		}
	}
	m.sessions[id] = session{key, now.Add(sessionLife)}
	return id
}

func (m *members) end(r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range r.CookiesNamed(sessionCookie) {
		delete(m.sessions, c.Value)
	}
}

// signIn signs one of the two seeded people in, by one click: this library has
// no passwords, because the demo is about what comes after.
func (s *site) signIn(w http.ResponseWriter, r *http.Request) {
	form, p := web.ReadForm(w, r, 256)
	if p != nil {
		p.Write(w)
		return
	}
	if _, ok := s.members.people[form.Get("person")]; !ok {
		web.NewProblem(http.StatusBadRequest, "member_unknown", "The library has two members: ada and grace.").Write(w)
		return
	}
	s.members.end(r)
	http.SetCookie(w, s.cookie(r, s.members.begin(form.Get("person")), int(sessionLife.Seconds())))
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *site) signOut(w http.ResponseWriter, r *http.Request) {
	s.members.end(r)
	http.SetCookie(w, s.cookie(r, "", -1))
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *site) cookie(r *http.Request, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: sessionCookie, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: r.TLS != nil, MaxAge: maxAge,
	}
}
