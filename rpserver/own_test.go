package rpserver_test

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
)

// customers is a user table that an application had before: numbered customers,
// each linked to any number of provider accounts, and closed to strangers.
type customers struct {
	mu    sync.Mutex
	names map[int]string
	links map[[2]string]int // (iss, sub) to customer
	open  bool
}

func (c *customers) SignIn(_ context.Context, id rpserver.Identity, _ time.Time) (*rpserver.User, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := [2]string{id.Issuer, id.Subject}
	n, known := c.links[key]
	if !known {
		if !c.open {
			return nil, false, rpserver.Refuse("no_account", "You have no account here yet. Ask the shop for one.")
		}
		n = len(c.names) + 1
		c.names[n], c.links[key] = id.Name, n
	}
	return c.user(n), !known, nil
}

func (c *customers) User(_ context.Context, id string) (*rpserver.User, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n, err := strconv.Atoi(id); err == nil && c.names[n] != "" {
		return c.user(n), nil
	}
	return nil, rpserver.ErrNoUser
}

func (c *customers) user(n int) *rpserver.User {
	return &rpserver.User{ID: strconv.Itoa(n), Name: c.names[n]}
}

// tickets are sessions that an application had before: a cookie of its own over
// a map of its own.
type tickets struct {
	mu   sync.Mutex
	sold map[string]string // ticket to sign-in
}

func (s *tickets) SignInID(r *http.Request) (string, error) {
	c, err := r.Cookie("ticket")
	if err != nil {
		return "", nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sold[c.Value], nil
}

func (s *tickets) SignIn(w http.ResponseWriter, r *http.Request, in *rpserver.SignIn) error {
	ticket := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, err := r.Cookie("ticket"); err == nil {
		delete(s.sold, c.Value)
	}
	s.sold[ticket] = in.ID
	http.SetCookie(w, &http.Cookie{Name: "ticket", Value: ticket, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return nil
}

func (s *tickets) SignOut(w http.ResponseWriter, r *http.Request) error {
	if c, err := r.Cookie("ticket"); err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.sold, c.Value)
	}
	http.SetCookie(w, &http.Cookie{Name: "ticket", Path: "/", MaxAge: -1})
	return nil
}

func TestInsideAnApplicationWithItsOwnMuxUsersAndSessions(t *testing.T) {
	crm := &customers{names: map[int]string{}, links: map[[2]string]int{}}
	desk := &tickets{sold: map[string]string{}}
	s := newSite(t, func(c *rpserver.Config) {
		c.Users, c.Nonces, c.Sessions = crm, &rpmem.Store{}, desk
	})
	app := http.NewServeMux()
	app.Handle("/members/auth/", http.StripPrefix("/members/auth", s.rp))
	app.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "the shop") })
	app.Handle("/orders", s.rp.RequireUser(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, _ := s.rp.User(r)
		_, _ = io.WriteString(w, "orders of customer "+u.ID+", "+u.Name)
	})))
	s.Config.Handler = app

	b := s.browser(t)
	nonce := func() string {
		a := b.do(b.request("POST", "/members/auth/signin/nonce", "", ""))
		if a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		return a.Nonce
	}
	signIn := func() answer {
		return b.do(b.request("POST", "/members/auth/signin/fedcm", "application/json", `{"token":"`+b.token(nonce())+`"}`))
	}
	get := func(path string) answer { return b.do(b.request("GET", path, "", "")) }

	if a := get("/"); a.body != "the shop" {
		t.Errorf("the application's page: %d %s", a.status, a.body)
	}
	if a := get("/members/auth/signin.js"); a.status != 200 || a.header.Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("the module: %d", a.status)
	}
	if a := signIn(); a.status != 403 || a.code != "no_account" || len(desk.sold) != 0 {
		t.Errorf("a stranger: %d %s", a.status, a.body)
	}
	crm.open = true
	if a := signIn(); a.status != 200 || !a.New || a.User.ID != "1" {
		t.Errorf("a new customer: %d %s", a.status, a.body)
	}
	if a := get("/orders"); a.body != "orders of customer 1, Ada Lovelace" {
		t.Errorf("orders: %d %s", a.status, a.body)
	}
	if a := signIn(); a.status != 200 || a.New || len(desk.sold) != 1 {
		t.Errorf("the customer again: %d %s, %d tickets", a.status, a.body, len(desk.sold))
	}
	if a := b.do(b.request("POST", "/members/auth/signout", "", "")); a.status != 200 || len(desk.sold) != 0 {
		t.Errorf("sign-out: %d %s", a.status, a.body)
	}
	if a := get("/orders"); a.status != 403 || a.code != "sign_in_required" {
		t.Errorf("orders afterwards: %d %s", a.status, a.body)
	}
}
