package stack

import (
	"net/url"
	"strings"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
)

// A Client is somebody's own site, registered at the demo's identity provider.
type Client struct {
	ID, Origin string
	// RedirectURIs are where its sign-ins by redirect end. None: where a relying
	// party of package rpserver has them, at its root or below /auth.
	RedirectURIs []string
}

// registration is the client as the provider knows it. What is wrong with it the
// provider says.
func (c Client) registration(issuer string) directory.Client {
	name := c.Origin
	if u, err := url.Parse(c.Origin); err == nil && u.Host != "" {
		name = u.Host
	}
	back := c.redirectURIs(issuer)
	var bye []string // where rpserver has it beside these
	for _, u := range back {
		if to := strings.Replace(u, "/signin/callback/", "/signout/callback/", 1); to != u {
			bye = append(bye, to)
		}
	}
	return directory.Client{ID: c.ID, Name: name, Origins: []string{c.Origin}, RedirectURIs: back, PostLogoutRedirectURIs: bye}
}

func (c Client) redirectURIs(issuer string) []string {
	if len(c.RedirectURIs) > 0 {
		return c.RedirectURIs
	}
	_, host, _ := strings.Cut(issuer, "://")
	name := strings.NewReplacer(".", "-", ":", "-").Replace(host) // the name that rpserver gives it
	return []string{c.Origin + "/signin/callback/" + name, c.Origin + "/auth/signin/callback/" + name}
}

// RedirectURIs are those that the provider knows of a client.
func (s *Stack) RedirectURIs(c Client) []string { return c.redirectURIs(s.Origins.IdP) }
