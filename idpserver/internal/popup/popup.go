// Package popup is how people sign in where the browser has no FedCM. The relying
// party's page opens it at the top level, so that the page cookie comes with it;
// nothing of the native endpoints is relaxed, since no page can send
// Sec-Fetch-Dest: webidentity, and a request that has it is refused here. What is
// decided is decided by a form of our own page, which other sites cannot send
// and not frame. The answer is a message to the relying party's registered
// origin alone.
//
// Unlike FedCM's own dialog this tells us which site asks before the person
// agreed to anything. That cannot be had otherwise.
package popup

import (
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/idpserver/internal/pages"
	"github.com/bonafides-dev/bonafides/idpserver/internal/people"
	"github.com/bonafides-dev/bonafides/idpserver/internal/tokens"
	"github.com/bonafides-dev/bonafides/internal/web"
)

// The paths of the window.
const (
	Path        = "/fedcm/popup"
	ConsentPath = "/fedcm/popup/consent"
)

// Config is what the room needs; all fields are required.
type Config struct {
	People  *people.People
	Tokens  *tokens.Tokens
	Pages   *pages.Pages
	Clients directory.ClientStore
	Log     *slog.Logger
}

// Popup is the window. It is immutable and safe for concurrent use.
type Popup struct{ c Config }

// New makes the room.
func New(c Config) *Popup { return &Popup{c} }

// Serve shows who may be told to whom.
func (p *Popup) Serve(w http.ResponseWriter, r *http.Request) error {
	if refused := web.CheckMethod(w, r, http.MethodGet); refused != nil {
		return refused
	}
	in, refused := web.ReadQuery(r)
	if refused != nil {
		return refused
	}
	req, err := p.read(r.Context(), r, in)
	if err == nil {
		err = p.show(w, r, req)
	}
	return p.answerOpener(w, r, req, err)
}

func (p *Popup) show(w http.ResponseWriter, r *http.Request, req *request) error {
	all, err := p.c.People.Here(r)
	if err != nil {
		return err
	}
	if req.disconnect {
		return p.showDisconnect(w, r, req, all)
	}
	ready := pages.Opener{Origin: req.origin, State: req.state, Kind: "ready"}
	fit := p.c.People.Hinted(all, req.loginHint, req.domainHint)
	again := pages.SignInURL(Path+"?"+req.params.Encode(), req.loginHint, req.domainHint)
	if len(fit) == 0 {
		e := pages.Explanation{
			Title: "Sign in first", Text: req.client.Name + " asks who you are, and nobody is signed in here yet.",
			Href: again, Action: "Sign in",
		}
		if len(all) == 0 {
			ready.Next = again
		} else {
			e.Title, e.Text = "Another account is asked for", req.client.Name+" asks for "+req.hintWords()+". No account that is signed in here fits."
			e.Action = "Sign in with another account"
		}
		p.c.Pages.ShowPopup(w, r, http.StatusOK, "Sign in", ready, e)
		return nil
	}
	p.c.Pages.ShowConsent(w, r, pages.Consent{
		Heading: req.heading(), Client: req.client, People: fit, Action: ConsentPath, Hidden: req.params, Opener: &ready,
		Fields: req.wanted(),
		Other:  again, Question: req.client.Name + " (" + req.origin + ") learns " + pages.InWords(req.wanted()) + ".",
	})
	return nil
}

func (p *Popup) showDisconnect(w http.ResponseWriter, r *http.Request, req *request, all []*directory.Account) error {
	named := slices.DeleteFunc(all, func(a *directory.Account) bool {
		return req.accountHint != a.ID && !strings.EqualFold(req.accountHint, a.Email)
	})
	connected := false
	if len(named) > 0 {
		var err error
		if _, connected, err = p.c.Tokens.Granted(r.Context(), named[0].ID, req.client.ID); err != nil {
			return err
		}
	}
	// The site hears this at once. Two answers would tell it whether the account of
	// its choice is signed in here.
	if !connected {
		return web.NewProblem(http.StatusForbidden, pages.CodeNotConnected, req.client.Name+" is not connected to this account, so there is nothing to end.")
	}
	p.c.Pages.ShowConsent(w, r, pages.Consent{
		Heading: "Disconnect " + req.client.Name + "?", Client: req.client, People: named, Action: ConsentPath, Hidden: req.params,
		Opener: &pages.Opener{Origin: req.origin, State: req.state, Kind: "ready"}, Disconnect: true,
		Question: req.client.Name + " asks to be disconnected from this account. The next time that you sign in there, you are asked again.",
	})
	return nil
}

// ServeConsent takes the person's decision.
func (p *Popup) ServeConsent(w http.ResponseWriter, r *http.Request) error {
	if refused := web.CheckMethod(w, r, http.MethodPost); refused != nil {
		return refused
	}
	form, refused := web.ReadForm(w, r, pages.MaxForm)
	if refused != nil {
		return refused
	}
	req, err := p.read(r.Context(), r, form)
	if err == nil {
		err = p.decide(w, r, req, form)
	}
	return p.answerOpener(w, r, req, err)
}

func (p *Popup) decide(w http.ResponseWriter, r *http.Request, req *request, form url.Values) error {
	ctx := r.Context()
	tell := func(o pages.Opener, title, text string) error {
		o.Origin, o.State = req.origin, req.state
		p.c.Pages.ShowPopup(w, r, http.StatusOK, title, o, pages.Explanation{Title: title, Text: text})
		return nil
	}
	switch form.Get("do") {
	case "cancel":
		p.c.Log.InfoContext(ctx, "popup cancelled", "client", req.client.ID)
		return tell(pages.Opener{Kind: "closed"}, "Nothing was told", req.client.Name+" was told nothing about you. You can close this window.")
	case "continue":
	default:
		return pages.ErrNoAction
	}
	here, err := p.c.People.Here(r)
	if err != nil {
		return err
	}
	a := people.Pick(here, form.Get("account"))
	if a == nil {
		return people.ErrNotYours
	}
	if refused := p.c.People.AllowAuthorization(a.ID); refused != nil {
		return refused
	}
	if req.disconnect {
		if err := p.c.Tokens.Disconnect(ctx, a.ID, req.client.ID); err != nil {
			return err
		}
		return tell(pages.Opener{Kind: "disconnected", Account: a.ID}, "Disconnected", req.client.Name+" has to ask again. You can close this window.")
	}
	token, err := p.c.Tokens.Authorize(ctx, tokens.Authorization{
		Account: a, Client: req.client, Wanted: req.wanted(), Shown: req.wanted(), // by our own page
		Nonce: req.form.Nonce, Log: []any{"by", "window"},
	})
	if err != nil {
		return err
	}
	p.c.People.Sweep(ctx)
	return tell(pages.Opener{Kind: "token", Token: token}, "Signed in", "Going back to "+req.client.Name+". You can close this window if it stays.")
}

// answerOpener shows a refusal and, once it is known who asked, tells the relying
// party its code as the native endpoint would (FedCM, the error of an assertion).
func (p *Popup) answerOpener(w http.ResponseWriter, r *http.Request, req *request, err error) error {
	if err == nil || req == nil {
		return err
	}
	refused := p.c.Pages.Refusal(r, err, "client", req.client.ID)
	refused.SetHeaders(w.Header())
	p.c.Pages.ShowPopup(w, r, refused.Status, "Not possible", pages.Opener{
		Origin: req.origin, State: req.state, Kind: "error", Code: refused.Code, URL: p.c.Pages.ErrorURL(refused.Code),
	}, pages.Explanation{Code: refused.Code, Title: pages.TitleOf(refused), Text: refused.Detail})
	return nil
}
