package directory

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/bonafides-dev/bonafides/internal/secret"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/origin"
)

// Client is a relying party as it was registered with this provider.
type Client struct {
	ID   string // 1 to 255 visible ASCII characters; the aud of its tokens
	Name string // shown to people
	// Origins are the exact origins whose pages may ask for tokens:
	// "https://shop.example". At least one, unless the client is Native and has a URL.
	Origins []string
	// RedirectURIs are where the answers of the code flow may go, compared as
	// strings. https, or http on a loopback host; no fragment. None: the client
	// signs people in with FedCM alone.
	RedirectURIs []string
	// PostLogoutRedirectURIs are where the browser may go after a sign-out that the client
	// asked for (OpenID Connect RP-Initiated Logout 1.0 section 3), compared as strings and
	// as strict as RedirectURIs.
	PostLogoutRedirectURIs []string
	// BackChannelLogoutURI is where the client wants to be told that somebody signed out
	// here: OpenID Connect Back-Channel Logout 1.0. https, or http on a loopback host; no
	// fragment. Empty: it is not told.
	BackChannelLogoutURI string
	// SecretHash is HashClientSecret of the client's secret, with which it
	// authenticates at the token endpoint. Empty: a public client, known by the
	// PKCE verifier alone.
	SecretHash []byte
	// OlderSecretHashes are of secrets that are taken as well: those before, until the
	// client has the new one everywhere.
	OlderSecretHashes [][]byte
	// Native is a program on the person's device, which cannot keep a secret (RFC 8252): a
	// public client. Its redirect URIs may have a scheme of its own with a dot in it
	// ("com.example.app:/callback"), and on a loopback address (http://127.0.0.1/callback,
	// http://[::1]/callback) any port is taken.
	Native bool
	// URL is where people find the relying party; empty: the first origin.
	URL string
	// Shown by the browser before the first sign-in. Absolute URLs, or empty.
	PrivacyPolicyURL, TermsOfServiceURL string
	// IDTokenSignedResponseAlg is the algorithm of its ID tokens: empty for
	// RS256 (OpenID Connect Dynamic Client Registration 1.0 section 2), or ES256.
	IDTokenSignedResponseAlg jws.Algorithm
	// RefreshTokens gives it refresh tokens that end with the person's sign-in, also
	// where it does not ask for offline_access.
	RefreshTokens bool
	// ClaimsAtUserinfo leaves the claims about the person out of the ID tokens of the
	// code flow: the client asks for them at the userinfo endpoint. Without it they are in
	// both.
	ClaimsAtUserinfo bool
	// RequireNonce refuses requests of the code flow without a nonce. It is the one
	// setting here whose zero value is lenient: most clients send none, and PKCE or their
	// secret binds a code to them as well (OpenID Connect Core 1.0 section 3.1.2.1 has the
	// nonce optional for it).
	RequireNonce bool
	// AllowNoPKCE takes requests of the code flow without a code_challenge, of a client
	// with a secret and RequireNonce: an older client that knows no PKCE.
	AllowNoPKCE bool
	// InsecureNoNonce lets the client ask for a token without a nonce by FedCM and in the
	// provider's window, where the browser itself gets the token. Whoever gets hold of
	// such a token can use it as their own until it expires.
	InsecureNoNonce bool
}

// Algorithm is what its ID tokens are signed with.
func (c *Client) Algorithm() jws.Algorithm { return cmp.Or(c.IDTokenSignedResponseAlg, jws.RS256) }

// NewClientSecret returns a secret for a client: 256 random bits in base64url.
func NewClientSecret() string { return secret.New() }

// HashClientSecret is what a ClientStore keeps of a secret. A plain SHA-256 is
// enough for the random secrets of NewClientSecret, not for a chosen password.
func HashClientSecret(clientSecret string) []byte {
	sum := secret.Hash(clientSecret)
	return sum[:]
}

// HasSecret tells whether the secret is one of the client's, in a time that does not
// depend on it.
func (c *Client) HasSecret(clientSecret string) bool {
	hash, found := HashClientSecret(clientSecret), 0
	for _, h := range append([][]byte{c.SecretHash}, c.OlderSecretHashes...) {
		found |= subtle.ConstantTimeCompare(hash, h)
	}
	return found == 1
}

// HomeURL is where people find the relying party.
func (c *Client) HomeURL() string {
	if c.URL == "" && len(c.Origins) > 0 {
		return c.Origins[0]
	}
	return c.URL
}

// ClientStore finds relying parties. Answers may be stale. It is called
// concurrently.
type ClientStore interface {
	// Client returns the client with that id, or ErrNotFound.
	Client(ctx context.Context, id string) (*Client, error)
}

type staticClients map[string]*Client

// StaticClients makes a ClientStore of a fixed list. It refuses clients that could
// never sign anybody in.
func StaticClients(clients ...Client) (ClientStore, error) {
	s := make(staticClients, len(clients))
	for _, c := range clients {
		if err := c.check(); err != nil {
			return nil, fmt.Errorf("directory: client %q: %w", c.ID, err)
		}
		if s[c.ID] != nil {
			return nil, fmt.Errorf("directory: client %q appears twice", c.ID)
		}
		s[c.ID] = &c
	}
	return s, nil
}

func (s staticClients) Client(_ context.Context, id string) (*Client, error) {
	if c := s[id]; c != nil {
		return c, nil
	}
	return nil, ErrNotFound
}

func (c *Client) check() error {
	if len(c.ID) == 0 || len(c.ID) > 255 {
		return fmt.Errorf("the id must have 1 to 255 characters")
	}
	for _, b := range []byte(c.ID) {
		if b <= ' ' || b > '~' {
			return fmt.Errorf("the id may hold visible ASCII characters only")
		}
	}
	if c.Name == "" {
		return fmt.Errorf("a name is needed, to be shown to people")
	}
	if len(c.Origins) == 0 && !(c.Native && c.URL != "") {
		return fmt.Errorf("at least one origin is needed")
	}
	for _, o := range c.Origins {
		if err := origin.CheckSecure(o); err != nil {
			return fmt.Errorf("%q is not the origin of a site: it %w", o, err)
		}
	}
	for _, u := range []string{c.URL, c.PrivacyPolicyURL, c.TermsOfServiceURL} {
		if p, err := url.Parse(u); u != "" && (err != nil || p.Host == "" || p.Scheme != "https" && p.Scheme != "http") {
			return fmt.Errorf("%q is not an absolute URL", u)
		}
	}
	if c.BackChannelLogoutURI != "" {
		if err := checkRedirectURI(c.BackChannelLogoutURI); err != nil {
			return fmt.Errorf("BackChannelLogoutURI: %w", err)
		}
	}
	for _, u := range slices.Concat(c.RedirectURIs, c.PostLogoutRedirectURIs) {
		if err := checkRedirectURI(u); err != nil && !(c.Native && isNativeURI(u)) {
			return err
		}
	}
	if c.Native && len(c.SecretHash) > 0 {
		return fmt.Errorf("a Native client cannot keep a secret: everybody who has the program has it")
	}
	if len(c.OlderSecretHashes) > 0 && len(c.SecretHash) == 0 {
		return fmt.Errorf("OlderSecretHashes need a SecretHash")
	}
	for _, h := range c.OlderSecretHashes {
		if len(h) != sha256.Size {
			return fmt.Errorf("an older secret's hash has %d bytes; make it with HashClientSecret", len(h))
		}
	}
	if c.AllowNoPKCE && (len(c.SecretHash) == 0 || !c.RequireNonce) {
		return fmt.Errorf("AllowNoPKCE needs a secret and RequireNonce: nothing else would bind a code to the browser that asked for it")
	}
	if n := len(c.SecretHash); n != 0 && n != sha256.Size {
		return fmt.Errorf("SecretHash has %d bytes; make it with HashClientSecret", n)
	}
	switch c.Algorithm() {
	case jws.RS256, jws.ES256:
		return nil
	}
	return fmt.Errorf("ID tokens are signed with RS256 or ES256, not %q", c.IDTokenSignedResponseAlg)
}

// checkRedirectURI accepts what RFC 6749 section 3.1.2 and RFC 9700 section 2.1
// leave for a client with a server.
func checkRedirectURI(s string) error {
	if _, err := web.SecureURL(s); err != nil || strings.ContainsAny(s, " \\") {
		return fmt.Errorf("%q is not an absolute https URL without a fragment; http is for loopback hosts only", s)
	}
	return nil
}
