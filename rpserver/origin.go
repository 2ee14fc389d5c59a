package rpserver

import (
	"net/http"

	"github.com/bonafides-dev/bonafides/internal/web"
)

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
