package rpserver

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/bonafides-dev/bonafides/internal/web"
)

// parseOrigin reads an origin as a browser serialises it (HTML, "ASCII
// serialisation of an origin"): what it refuses would never equal an Origin
// header, and the relying party would refuse its own pages.
func parseOrigin(s string) (*url.URL, error) {
	u, err := parseURL(s)
	switch {
	case err != nil:
		return nil, err
	case s != u.Scheme+"://"+u.Host:
		return nil, errors.New("must be scheme://host[:port] and nothing after it, like https://shop.example")
	case s != strings.ToLower(s):
		return nil, errors.New("must be in lower case, as browsers send it")
	case (u.Scheme == "https" && u.Port() == "443") || (u.Scheme == "http" && u.Port() == "80"):
		return nil, errors.New("must not name the default port: browsers leave it out")
	}
	return u, nil
}

// parseURL reads an absolute https URL, or an http one of this very machine.
func parseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, errors.New("is not a URL")
	case u.Host == "" || u.Hostname() == "" || u.User != nil || u.Opaque != "":
		return nil, errors.New("must be an absolute URL, like https://host.example/path")
	case u.Fragment != "" || strings.HasSuffix(s, "#"):
		return nil, errors.New("must have no fragment")
	case u.Scheme == "https":
		return u, nil
	case u.Scheme != "http":
		return nil, errors.New("must begin with https://")
	case !isLoopback(u.Hostname()):
		return nil, errors.New("must begin with https://; http is for localhost, *.localhost and loopback addresses alone")
	}
	return u, nil
}

// isLoopback says whether browsers take plain http to this host for trustworthy
// (W3C Secure Contexts section 3.1).
func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// checkSameOrigin lets only our own pages through. Signing somebody in is a
// change of state that another site could want (login CSRF: the visitor uses
// the attacker's account without noticing), and cookies alone do not say which
// page asked.
//
// It compares with the configured origin and not with Host, which a reverse
// proxy may have rewritten; net/http's CrossOriginProtection does the latter and
// lets a request without both headers pass, which is right for its purpose
// (clients that are no browsers) and not for this one: all that can sign in here
// is a browser, and every browser sends Origin with a POST.
func (rp *RP) checkSameOrigin(r *http.Request) *web.Problem {
	const code = "cross_origin_request"
	origins, sites := r.Header.Values("Origin"), r.Header.Values("Sec-Fetch-Site")
	if len(origins) > 1 || len(sites) > 1 {
		return web.NewProblem(http.StatusForbidden, code, "Origin or Sec-Fetch-Site appears twice.")
	}
	site := ""
	if len(sites) == 1 {
		site = sites[0]
	}
	if site != "" && site != "same-origin" {
		return web.NewProblem(http.StatusForbidden, code,
			"This request came from another site's page. Signing in and out works from this site's own pages.")
	}
	switch {
	case len(origins) == 1 && origins[0] == rp.origin:
		return nil
	case len(origins) == 1 && origins[0] != "null":
		return web.NewProblem(http.StatusForbidden, code,
			"The page's Origin is not this site's. Signing in and out works from this site's own pages; "+
				"if this is one of them, the server is configured with another origin.")
	case site == "same-origin":
		// A form of a page with Referrer-Policy: no-referrer says "Origin: null"
		// (Fetch, "append a request Origin header"); the browser's own word that
		// the page is ours is in Sec-Fetch-Site, which no page can set.
		return nil
	}
	return web.NewProblem(http.StatusForbidden, code,
		"The request does not say which page sent it (no Origin, no Sec-Fetch-Site). Sign in with a browser.")
}
