package pages

import (
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/idpserver/internal/tokens"
	"github.com/bonafides-dev/bonafides/internal/look"
)

// Consent is a page that asks whether a site may know who somebody is, or, with
// Disconnect, whether it shall know no more.
type Consent struct {
	Heading, Question string
	Fields            []string // of the ID token, that the site asks for
	May               []string // what else it asks to be allowed, "read your orders"
	Client            *directory.Client
	People            []*directory.Account
	Action            string     // where the forms go
	Hidden            url.Values // the request, which they carry along
	Other             string     // where another account signs in; empty: nowhere
	Opener            *Opener    // nil on the authorization endpoint
	Disconnect        bool
}

// Opener is what a page of the provider's window tells the page that opened it.
type Opener struct {
	Origin, State string
	Kind          string // "ready", "token", "error", "closed" or "disconnected"
	Token         string
	Account       string
	Code, URL     string // of an error
	Next          string // where to go on to at once
}

// ShowConsent draws the page. Without an Opener its form leads to the client, which
// may send the browser on to wherever it likes.
func (p *Pages) ShowConsent(w http.ResponseWriter, r *http.Request, c Consent) {
	v := p.view(r.Context(), Asking, "Continue to "+c.Client.Name, "")
	v.head = pressScript()
	if c.Opener != nil {
		v.scripts = append(v.scripts, Assets.Path("popup.js"))
	}
	look.Render(w, r, http.StatusOK, consentPage(v, c), look.CSP{FormsLeadAway: c.Opener == nil})
}

// ShowPopup draws every page of the provider's window but the question itself.
func (p *Pages) ShowPopup(w http.ResponseWriter, r *http.Request, status int, title string, o Opener, e Explanation) {
	v := p.view(r.Context(), Asking, title, "")
	v.scripts = append(v.scripts, Assets.Path("popup.js"))
	look.Render(w, r, status, popupPage(v, &o, e))
}

func (c Consent) button() string {
	if c.Disconnect {
		return "Disconnect"
	}
	return "Continue"
}

func (c Consent) buttonLabel(a *directory.Account) string {
	if c.Disconnect {
		return "Disconnect " + c.Client.Name + " from " + a.Name
	}
	return "Continue to " + c.Client.Name + " as " + a.Name
}

// shares lists what the site learns of an account, each with its value: a list is
// read where a sentence is skipped.
func (c Consent) shares(a *directory.Account) (list [][2]string) {
	for _, s := range []struct{ field, word, value string }{
		{tokens.FieldName, "Your name", a.Name}, {tokens.FieldEmail, "Your e-mail address", a.Email}, {tokens.FieldPicture, "Your picture", "the one beside your name"},
	} {
		if slices.Contains(c.Fields, s.field) {
			list = append(list, [2]string{s.word, s.value})
		}
	}
	if c.Opener == nil && slices.Contains(c.Fields, tokens.FieldName) { // FedCM has no group for these
		for _, s := range [][2]string{{"Your user name", a.PreferredUsername}, {"Your language", a.Locale}, {"Your time zone", a.Zoneinfo}} {
			if s[1] != "" {
				list = append(list, s)
			}
		}
	}
	return list
}

func sortedNames(v map[string][]string) []string { return slices.Sorted(maps.Keys(v)) }

func (o *Opener) outState() string {
	switch o.Kind {
	case "error":
		return "refused"
	case "ready":
		return "working"
	}
	return "done"
}
