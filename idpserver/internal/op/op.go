// Package op answers the OpenID Connect endpoints of a provider: authorization
// (code flow with PKCE), token, userinfo,
// introspection, revocation, discovery and keys. What people see there is drawn
// by pages, what a code is worth is decided by tokens.
package op

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/idpserver/internal/pages"
	"github.com/bonafides-dev/bonafides/idpserver/internal/people"
	"github.com/bonafides-dev/bonafides/idpserver/internal/tokens"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// The paths of the endpoints.
const (
	AuthorizePath         = "/authorize"
	ConsentPath           = "/authorize/consent"
	TokenPath             = "/token"
	UserinfoPath          = "/userinfo"
	IntrospectPath        = "/introspect"
	EndSessionPath        = "/end_session"
	EndSessionConfirmPath = "/end_session/confirm"
	RevokePath            = "/revoke"
	DiscoveryPath         = oidc.DiscoveryPath
	OAuthPath             = "/.well-known/oauth-authorization-server" // RFC 8414 section 3: the same document
	PARPath               = "/par"
	KeysPath              = "/jwks.json"
)

// Config is what the room needs; all fields are required.
type Config struct {
	Issuer  string
	People  *people.People
	Tokens  *tokens.Tokens
	Pages   *pages.Pages
	Clients directory.ClientStore
	Codes   directory.CodeStore
	Scopes  []directory.Scope // the operator's own
	Now     func() time.Time
	Log     *slog.Logger
}

// OP has the endpoints. It is safe for concurrent use.
type OP struct {
	c         Config
	documents atomic.Pointer[documents]
}

// New makes the room. Publish has to be called before the first request.
func New(c Config) *OP { return &OP{c: c} }
