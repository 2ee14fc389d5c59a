package look

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// CSP widens the content security policy of one page. The zero value allows
// what comes from the page's own origin and nothing else: no frames, in either
// direction. Entries are origins, or paths under one.
type CSP struct {
	ConnectSrc     []string // fetch, XMLHttpRequest, event streams, FedCM's config URL; 'self' is always in
	FrameSrc       []string // what this page may embed
	FrameAncestors []string // who may embed this page
	ImgSrc         []string // 'self' and data: are always in
	ScriptSrc      []string // more for script-src, like 'wasm-unsafe-eval'; 'self' and the nonce are always in
	FormsLeadAway  bool     // a form's answer may lead to other sites; else it stays at 'self'
}

// Header returns the policy as a header value. Scripts need the page's origin
// or the nonce; styles the page's origin. Scripts put markup into the page by fragment.js alone
// (Trusted Types).
func (c CSP) Header(nonce string) string {
	list := func(first string, more []string) string {
		return strings.TrimSpace(first + " " + strings.Join(more, " "))
	}
	none := func(list []string) string {
		if len(list) == 0 {
			return "'none'"
		}
		return strings.Join(list, " ")
	}
	policy := []string{
		"default-src 'none'",
		"script-src " + list("'self' 'nonce-"+nonce+"'", c.ScriptSrc),
		"style-src 'self'",
		"img-src " + list("'self' data:", c.ImgSrc),
		"connect-src " + list("'self'", c.ConnectSrc),
		"frame-src " + none(c.FrameSrc),
		"frame-ancestors " + none(c.FrameAncestors),
		"base-uri 'none'",
		"require-trusted-types-for 'script'",
		"trusted-types look", // fragment.js
	}
	// Chromium and WebKit hold every redirect that follows a form against form-action,
	// those of other sites too. Where these end nobody here knows, so a page whose form
	// leads away names nothing.
	if !c.FormsLeadAway {
		policy = append(policy, "form-action 'self'")
	}
	return strings.Join(policy, "; ")
}

// Render writes a component into a buffer and sends it as an HTML page with
// the status given, a content security policy with a fresh nonce (the component
// finds it with templ.GetNonce) and the other security headers. Headers that
// are set already, Cache-Control and Referrer-Policy among them, stay. If the
// component fails nothing of it is sent: the answer is a plain 500.
//
// The referrer policy sends the origin to other sites, because a redemption
// record that comes with a frame's navigation is held against the Referer's
// origin.
func Render(w http.ResponseWriter, r *http.Request, status int, c templ.Component, csp ...CSP) {
	var policy CSP
	if len(csp) > 0 {
		policy = csp[0]
	}
	nonce := newNonce()
	var page bytes.Buffer
	if err := c.Render(templ.WithNonce(r.Context(), nonce), &page); err != nil {
		http.Error(w, "This page could not be drawn. Load it again.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy.Header(nonce))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
	if len(policy.FrameAncestors) == 0 {
		h.Set("X-Frame-Options", "DENY")
	}
	setDefault(h, "Referrer-Policy", "strict-origin-when-cross-origin")
	setDefault(h, "Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(page.Len()))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(page.Bytes())
	}
}

func setDefault(h http.Header, name, value string) {
	if h.Get(name) == "" {
		h.Set(name, value)
	}
}

func newNonce() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}
