package pages

import (
	"context"

	"github.com/a-h/templ"

	"github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
)

// view is what every page shows.
type view struct {
	name    string // of the provider
	title   string
	narrow  bool
	nav     []look.Link
	parts   Parts
	styles  []string
	scripts []string
	head    templ.Component
}

// view is a page. Where another site waits for an answer (a page that asks for
// consent, and those on the way to one, which have somewhere to go on to) the
// operator's parts are told so: nothing may stand over what is decided there.
func (p *Pages) view(ctx context.Context, page, title, next string) view {
	v := view{name: p.c.Name, title: title, narrow: true, styles: []string{Assets.Path("idp.css")}, scripts: []string{Assets.Path("once.js")}}
	if p.c.Parts != nil {
		v.parts = p.c.Parts(ctx, At{Page: page, Waiting: page == Asking || next != "", Next: next})
	}
	v.styles = append(v.styles, v.parts.Styles...)
	v.scripts = append(v.scripts, v.parts.Scripts...)
	return v
}

// field is one input of a form.
type field struct {
	name, label, kind, value, autocomplete string
	help, fault                            string
	attrs                                  templ.Attributes
}

// note is a message about a form that was sent.
type note struct {
	name  string // data-out
	state look.State
	code  string
	title string
	text  string
}

// problemNote shows a refusal above the form it is about.
func problemNote(name string, p *web.Problem) *note {
	return &note{name: name, state: look.Refused, code: p.Code, text: p.Detail}
}
