package idpserver

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
)

const (
	maxForm = 16 << 10 // bytes of a page's form
	maxNext = 4 << 10  // bytes of a path to go on to, which may hold a whole request
)

// view is what every page shows.
type view struct {
	name   string // of the provider
	title  string
	narrow bool
	nav    []look.Link

	role, homeURL   string
	styles, scripts []string
	extra           templ.Component
}

func (s *Server) view(ctx context.Context, p Page, title string) view {
	v := view{
		name: s.config.Name, title: title, narrow: true,
		role: s.config.Role, homeURL: s.config.HomeURL,
		styles:  append([]string{assets.Path("idp.css")}, s.config.ExtraStyles...),
		scripts: slices.Clone(s.config.ExtraScripts),
	}
	if s.config.Extra != nil {
		v.extra = s.config.Extra(ctx, p)
	}
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

// tooMany is the refusal of a limiter.
func tooMany(w http.ResponseWriter, wait time.Duration) *web.Problem {
	seconds := int(math.Ceil(wait.Seconds()))
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	in := strconv.Itoa(seconds) + " seconds"
	if seconds > 90 {
		in = strconv.Itoa((seconds+59)/60) + " minutes"
	}
	return web.NewProblem(http.StatusTooManyRequests, "too_many_attempts",
		"Too many attempts. Try again in "+in+".")
}

// safeNext accepts a path of this server to go on to after signing in, and turns
// everything else into nothing: no scheme, no host, no way of writing one that a
// browser reads differently ("//host", "/\host", control characters), and no
// path that changes when it is cleaned.
func safeNext(s string) string {
	if s == "" || len(s) > maxNext || s[0] != '/' || strings.ContainsFunc(s, func(c rune) bool {
		return c <= ' ' || c == '\\' || c == 0x7f || c == '#'
	}) {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || path.Clean(u.Path) != u.Path || u.String() != s {
		return ""
	}
	return s
}

func withNext(page, next string) string {
	if next == "" {
		return page
	}
	return page + "?" + url.Values{"next": {next}}.Encode()
}

// afterSignIn is where people go when they have signed in. The account page
// closes the window that FedCM's dialog opened.
func afterSignIn(next string) string {
	if next == "" {
		return "/account?from=signin"
	}
	return next
}

// readText trims a form value and says whether it is one line of at most limit
// characters without control or direction-changing characters.
func readText(s string, limit int) (string, bool) {
	s = strings.TrimSpace(s)
	n := 0
	for _, c := range s {
		n++
		if c < ' ' || 0x7f <= c && c < 0xa0 || 0x202a <= c && c <= 0x202e || 0x2066 <= c && c <= 0x2069 ||
			c == 0x200e || c == 0x200f || c == 0x2028 || c == 0x2029 {
			return "", false
		}
	}
	return s, n > 0 && n <= limit
}
