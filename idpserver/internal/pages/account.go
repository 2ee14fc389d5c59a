package pages

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/idpserver/internal/people"
	"github.com/bonafides-dev/bonafides/idpserver/internal/tokens"
	"github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
)

// accountView is one account on the account page.
type accountView struct {
	account *directory.Account
	domain  string
	sites   []siteView
}

// siteView is one relying party that an account signed in to.
type siteView struct {
	client, name, url string
	summary           string
}

// ServeHome is the front page.
func (p *Pages) ServeHome(w http.ResponseWriter, r *http.Request) error {
	if refused := web.CheckMethod(w, r, http.MethodGet); refused != nil {
		return refused
	}
	here, err := p.c.People.Here(r)
	if err != nil {
		return err
	}
	v := p.view(r.Context(), Home, "Welcome", "")
	v.narrow = false
	if len(here) > 0 {
		v.nav = []look.Link{{Href: "/account", Label: "Your account"}}
	}
	alone(w)
	look.Render(w, r, http.StatusOK, homePage(v, here))
	return nil
}

// ServeAccount lists the accounts of this browser and the sites that each signed
// in to; posted, it ends such a connection.
func (p *Pages) ServeAccount(w http.ResponseWriter, r *http.Request) error {
	if refused := web.CheckMethod(w, r, http.MethodGet, http.MethodPost); refused != nil {
		return refused
	}
	ctx := r.Context()
	here, err := p.c.People.Here(r)
	if err != nil {
		return err
	}
	if r.Method == http.MethodPost {
		return p.postAccount(w, r, here)
	}
	q := web.Query(r)
	inWindow := q.Get("from") == "signin"
	if !inWindow {
		// Also where it leads on to the sign-in page: a site that opens this page could
		// otherwise see, by whether it keeps its hold of the window, if anybody is
		// signed in.
		alone(w)
	}
	if len(here) == 0 {
		http.Redirect(w, r, "/signin?next=%2Faccount", http.StatusSeeOther)
		return nil
	}
	list := make([]accountView, 0, len(here))
	for _, a := range here {
		sites, err := p.sitesOf(ctx, a)
		if err != nil {
			return err
		}
		list = append(list, accountView{a, p.c.People.HostedDomain(a), sites})
	}
	v := p.view(ctx, Account, "Your account", "")
	v.narrow = false
	if inWindow {
		v.scripts = append(v.scripts, Assets.Path("close.js"))
	}
	var n *note
	if q.Get("note") == "disconnected" {
		n = &note{name: "account", state: look.Done, code: "disconnected",
			text: "Disconnected. The next time the site asks, your browser shows you again what it would learn."}
	}
	// The browser's idea of who is signed in can be out of date; this page knows.
	people.SetLogin(w, len(here))
	look.Render(w, r, http.StatusOK, accountPage(v, list, n))
	return nil
}

func (p *Pages) postAccount(w http.ResponseWriter, r *http.Request, here []*directory.Account) error {
	form, refused := web.ReadForm(w, r, MaxForm)
	if refused != nil {
		return refused
	}
	if form.Get("do") != "disconnect" || form.Get("client") == "" {
		return ErrNoAction
	}
	a := people.Pick(here, form.Get("account"))
	if a == nil {
		return people.ErrNotYours
	}
	if err := p.c.Tokens.Disconnect(r.Context(), a.ID, form.Get("client")); err != nil {
		return err
	}
	http.Redirect(w, r, "/account?note=disconnected", http.StatusSeeOther)
	return nil
}

// ServeSignOut signs one account of this browser out, or all of them when the
// form names none.
func (p *Pages) ServeSignOut(w http.ResponseWriter, r *http.Request) error {
	if refused := web.CheckMethod(w, r, http.MethodGet, http.MethodPost); refused != nil {
		return refused
	}
	if r.Method != http.MethodPost {
		http.Redirect(w, r, "/account", http.StatusSeeOther) // a link cannot sign out, the page has the buttons
		return nil
	}
	form, refused := web.ReadForm(w, r, MaxForm)
	if refused != nil {
		return refused
	}
	here, err := p.c.People.Here(r)
	if err != nil {
		return err
	}
	var ids []string
	if id := form.Get("account"); id != "" {
		if people.Pick(here, id) == nil {
			return people.ErrNotYours
		}
		ids = []string{id}
	} else {
		for _, a := range here {
			ids = append(ids, a.ID)
		}
	}
	left, err := p.c.Tokens.SignOut(w, r, ids...)
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
func (p *Pages) sitesOf(ctx context.Context, a *directory.Account) ([]siteView, error) {
	grants, err := p.c.Tokens.Grants(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	sites := make([]siteView, 0, len(grants))
	for _, g := range grants {
		v := siteView{
			client: g.Client, name: g.Client, url: "/",
			summary: "Knows " + InWords(g.Fields) + ". Since " + day(g.At) + ", last used " + day(g.LastUsed) + ".",
		}
		c, err := p.c.Clients.Client(ctx, g.Client)
		switch {
		case err == nil:
			v.name, v.url = c.Name, c.HomeURL()
		case !errors.Is(err, directory.ErrNotFound):
			return nil, err
		}
		sites = append(sites, v)
	}
	return sites, nil
}

// InWords says what a relying party was told.
func InWords(fields []string) string {
	words := []string{}
	for _, f := range []struct{ field, word string }{
		{tokens.FieldName, "your name"}, {tokens.FieldEmail, "your e-mail address"}, {tokens.FieldPicture, "your picture"},
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

func greeting(here []*directory.Account) string {
	if len(here) == 1 && here[0].GivenName != "" {
		return "Hello, " + here[0].GivenName
	}
	if len(here) == 1 {
		return "Hello, " + here[0].Name
	}
	return "Welcome back"
}

func signOutAction(several bool) string {
	if several {
		return "signout-one"
	}
	return "signout"
}
