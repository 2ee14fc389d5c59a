package idpserver

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
)

// accountView is one account on the account page.
type accountView struct {
	account *Account
	domain  string
	sites   []siteView
}

// siteView is one relying party that an account signed in to.
type siteView struct {
	client, name, url string
	summary           string
}

var errNotYours = web.NewProblem(http.StatusForbidden, "account_not_signed_in",
	"This account is not signed in in this browser. Sign in with it first.")

// serveHome is the front page.
func (s *Server) serveHome(w http.ResponseWriter, r *http.Request) error {
	if p := web.CheckMethod(w, r, http.MethodGet); p != nil {
		return p
	}
	people, err := s.signedIn(r.Context(), s.pageBrowser(r))
	if err != nil {
		return err
	}
	v := s.view(r.Context(), PageHome, "Welcome")
	v.narrow = false
	if len(people) > 0 {
		v.nav = []look.Link{{Href: "/account", Label: "Your account"}}
	}
	look.Render(w, r, http.StatusOK, homePage(v, people))
	return nil
}

// serveAccount lists the accounts of this browser and the sites that each signed
// in to; posted, it ends such a connection.
func (s *Server) serveAccount(w http.ResponseWriter, r *http.Request) error {
	if p := web.CheckMethod(w, r, http.MethodGet, http.MethodPost); p != nil {
		return p
	}
	ctx := r.Context()
	people, err := s.signedIn(ctx, s.pageBrowser(r))
	if err != nil {
		return err
	}
	if r.Method == http.MethodPost {
		return s.postAccount(w, r, people)
	}
	if len(people) == 0 {
		http.Redirect(w, r, "/signin?next=%2Faccount", http.StatusSeeOther)
		return nil
	}
	list := make([]accountView, 0, len(people))
	for _, a := range people {
		sites, err := s.sitesOf(ctx, a)
		if err != nil {
			return err
		}
		list = append(list, accountView{a, s.hostedDomain(a), sites})
	}
	v := s.view(ctx, PageAccount, "Your account")
	v.narrow = false
	q := r.URL.Query()
	if q.Get("from") == "signin" {
		v.scripts = append(v.scripts, assets.Path("close.js"))
	}
	var n *note
	if q.Get("note") == "disconnected" {
		n = &note{name: "account", state: look.Done, code: "disconnected",
			text: "Disconnected. The next time the site asks, your browser shows you again what it would learn."}
	}
	// The browser's idea of who is signed in can be out of date; this page knows.
	setLogin(w, len(people))
	look.Render(w, r, http.StatusOK, accountPage(v, list, n))
	return nil
}

func (s *Server) postAccount(w http.ResponseWriter, r *http.Request, people []*Account) error {
	form, p := web.ReadForm(w, r, maxForm)
	if p != nil {
		return p
	}
	if form.Get("do") != "disconnect" || form.Get("client") == "" {
		return web.NewProblem(http.StatusBadRequest, "action_unknown", "The form does not say what to do. Go back and press one of the buttons.")
	}
	a := pick(people, form.Get("account"))
	if a == nil {
		return errNotYours
	}
	if err := s.config.Store.DeleteGrant(r.Context(), a.ID, form.Get("client")); err != nil {
		return err
	}
	s.config.Log.InfoContext(r.Context(), "site disconnected", "account", a.ID)
	http.Redirect(w, r, "/account?note=disconnected", http.StatusSeeOther)
	return nil
}

// serveSignOut signs one account of this browser out, or all of them when the
// form names none.
func (s *Server) serveSignOut(w http.ResponseWriter, r *http.Request) error {
	if p := web.CheckMethod(w, r, http.MethodGet, http.MethodPost); p != nil {
		return p
	}
	if r.Method != http.MethodPost {
		http.Redirect(w, r, "/account", http.StatusSeeOther) // a link cannot sign out, the page has the buttons
		return nil
	}
	form, p := web.ReadForm(w, r, maxForm)
	if p != nil {
		return p
	}
	people, err := s.signedIn(r.Context(), s.pageBrowser(r))
	if err != nil {
		return err
	}
	var ids []string
	if id := form.Get("account"); id != "" {
		if pick(people, id) == nil {
			return errNotYours
		}
		ids = []string{id}
	} else {
		for _, a := range people {
			ids = append(ids, a.ID)
		}
	}
	left, err := s.endSignIns(w, r, ids...)
	if err != nil {
		return err
	}
	to := "/account"
	if left == 0 {
		to = "/"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// sitesOf lists an account's grants for people. A client that is no longer
// registered is shown by its id, so that it can still be disconnected.
func (s *Server) sitesOf(ctx context.Context, a *Account) ([]siteView, error) {
	grants, err := s.config.Store.Grants(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	sites := make([]siteView, 0, len(grants))
	for _, g := range grants {
		v := siteView{
			client: g.Client, name: g.Client, url: "/",
			summary: "Knows " + known(g.Fields) + ". Since " + day(g.At) + ", last used " + day(g.LastUsed) + ".",
		}
		c, err := s.config.Clients.Client(ctx, g.Client)
		switch {
		case err == nil:
			v.name, v.url = c.Name, c.url()
		case !errors.Is(err, ErrNotFound):
			return nil, err
		}
		sites = append(sites, v)
	}
	return sites, nil
}

// known says in words what a relying party was told.
func known(fields []string) string {
	words := []string{}
	for _, f := range []struct{ field, word string }{
		{fieldName, "your name"}, {fieldEmail, "your e-mail address"}, {fieldPicture, "your picture"},
	} {
		if slices.Contains(fields, f.field) {
			words = append(words, f.word)
		}
	}
	switch n := len(words); n {
	case 0:
		return "that you are the same person, and nothing else"
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
}

func day(t time.Time) string { return t.UTC().Format("2 January 2006") }

func greeting(people []*Account) string {
	if len(people) == 1 && people[0].GivenName != "" {
		return "Hello, " + people[0].GivenName
	}
	if len(people) == 1 {
		return "Hello, " + people[0].Name
	}
	return "Welcome back"
}

func signOutAction(several bool) string {
	if several {
		return "signout-one"
	}
	return "signout"
}
