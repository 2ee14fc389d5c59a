package rpserver

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/bonafides-dev/bonafides/internal/secret"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/rpserver/internal/op"
)

// config is what a token of this provider must satisfy, its nonce aside.
func (p *provider) config(keys *jws.KeySet, algorithms []jws.Algorithm) oidc.Config {
	return oidc.Config{
		Issuer:            p.Issuer,
		IssuerAliases:     p.IssuerAliases,
		Tenants:           p.Tenants,
		ClientID:          p.ClientID,
		TrustedAudiences:  p.TrustedAudiences,
		AuthorizedParties: p.AuthorizedParties,
		Keys:              keys,
		HostedDomain:      p.HostedDomain,
		Match:             p.Match,
		Algorithms:        algorithms,
		IgnoreKeyHints:    p.IgnoreKeyHints,
		Skew:              p.Skew,
		MaxSize:           p.maxIDToken(),
	}
}

func (p *provider) maxIDToken() int { return cmp.Or(p.MaxIDToken, maxToken) }

// algorithms are those that the provider says it signs with, unless a setting does.
func (p *provider) algorithms(ctx context.Context) ([]jws.Algorithm, error) {
	if len(p.Algorithms) > 0 || p.Keys != nil || p.JWKSURL != "" {
		return p.Algorithms, nil // nothing asks for a document that nobody needs
	}
	return p.op.Algorithms(ctx)
}

// scopes are those that a sign-in asks for beside openid.
func (p *provider) scopes() []string {
	if p.Scopes == nil {
		return []string{"profile", "email"}
	}
	return p.Scopes
}

// wantsUserinfo tells whether the userinfo endpoint is to be asked (OpenID Connect Core
// 1.0 section 5.4: the claims that scopes ask for come from there where an access token
// is issued; many providers put them into the ID token as well).
func (p *provider) wantsUserinfo(t *oidc.IDToken) bool {
	switch p.Userinfo {
	case UserinfoAlways:
		return true
	case UserinfoNever:
		return false
	}
	asked := p.scopes()
	return slices.Contains(asked, "profile") && t.Name == "" || slices.Contains(asked, "email") && t.Email == ""
}

// personOf is who an ID token speaks of, with what the userinfo endpoint adds. That
// the endpoint does not answer costs a name and not the sign-in, unless a setting says
// that it is always asked; that it answers about somebody else refuses it.
func (rp *RP) personOf(r *http.Request, p *provider, t *oidc.IDToken, answer *oidc.TokenAnswer) (Identity, error) {
	if answer == nil || !p.wantsUserinfo(t) {
		return identityOf(p, t), nil
	}
	info, err := p.op.Userinfo(r.Context(), answer.AccessToken, t.Subject)
	switch {
	case err == nil:
		t = oidc.MergeUserinfo(t, info)
	case p.Userinfo == UserinfoAlways, isOtherPerson(err):
		return Identity{}, rp.noAnswer(r, p, err)
	default:
		rp.logProvider(r, p, "relying party: the userinfo endpoint gave nothing", err)
	}
	return identityOf(p, t), nil
}

// isOtherPerson tells whether the userinfo endpoint answered about somebody else.
func isOtherPerson(err error) bool {
	var why *op.Error
	return errors.As(err, &why) && why.Code == op.CodeOtherPerson
}

// issuerOf is the issuer that people are kept under: an alias must not make a second
// user, and with several tenants sub is unique within each.
func (p *provider) issuerOf(token string) string {
	if len(p.Tenants) > 0 {
		return token
	}
	return p.Issuer
}

// isIssuer tells whether tokens of this provider may have this iss.
func (p *provider) isIssuer(iss string) bool {
	for _, t := range p.Tenants {
		if strings.ReplaceAll(p.Issuer, tenantPlace, t) == iss {
			return true
		}
	}
	return p.Issuer == iss || slices.Contains(p.IssuerAliases, iss)
}

func identityOf(p *provider, t *oidc.IDToken) Identity {
	id := Identity{
		Issuer:        p.issuerOf(t.Issuer),
		Subject:       t.Subject,
		Email:         t.Email,
		EmailVerified: t.EmailVerified,
		HostedDomain:  t.HostedDomain,
		Name:          t.Name,
		GivenName:     t.GivenName,
		FamilyName:    t.FamilyName,
		Picture:       t.Picture,
		Locale:        t.Locale,
	}.Cleaned()
	id.Claims = t.Claims()
	return id
}

// sessionOf is a provider's name of its session (sid) as it is kept: at its full length or,
// where no database has to keep it so, as its hash.
func sessionOf(sid string) string {
	const most = 255
	if len(sid) <= most && !strings.ContainsFunc(sid, func(c rune) bool { return c < ' ' || c > '~' }) {
		return sid
	}
	sum := secret.Hash(sid)
	return "sha256:" + hex.EncodeToString(sum[:])
}
