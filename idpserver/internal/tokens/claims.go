package tokens

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// The scopes that every provider of the kit knows. An operator's own come beside them.
const (
	ScopeOpenID  = "openid"
	ScopeProfile = "profile"
	ScopeEmail   = "email"
	ScopeGroups  = "groups"
	ScopeOffline = "offline_access" // OpenID Connect Core 1.0 section 11
)

// Scopes lists them in the order in which a grant names them.
func Scopes() []string {
	return []string{ScopeOpenID, ScopeProfile, ScopeEmail, ScopeGroups, ScopeOffline}
}

// The claims about a person (OpenID Connect Core 1.0 section 5.1) that a scope (section
// 5.4) or a group of FedCM stands for. hd and groups are no standard claims; Google and
// many others have them.
var (
	nameClaims  = []string{"name", "given_name", "family_name"}
	emailClaims = []string{"email", "email_verified", "hd"}
	// aboutClaims go with the name where a site asks by scope or by claim; FedCM has no
	// group for them.
	aboutClaims   = []string{"preferred_username", "locale", "zoneinfo", "updated_at"}
	profileClaims = slices.Concat(nameClaims, aboutClaims, fieldClaims[FieldPicture])

	scopeClaims = map[string][]string{ScopeProfile: profileClaims, ScopeEmail: emailClaims, ScopeGroups: {"groups"}}
	fieldClaims = map[string][]string{FieldName: nameClaims, FieldEmail: emailClaims, FieldPicture: {"picture"}}
	shownClaims = map[string][]string{FieldName: slices.Concat(nameClaims, aboutClaims), FieldEmail: emailClaims, FieldPicture: {"picture"}}
)

// personClaims are the claims about a person, in the order in which they are written.
var personClaims = []string{"name", "given_name", "family_name", "preferred_username", "email", "email_verified",
	"picture", "hd", "locale", "zoneinfo", "updated_at", "groups"}

// Claims lists what tokens and the userinfo endpoint may hold, for the discovery
// document.
func Claims() []string {
	return append([]string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid", "acr", "amr"}, personClaims...)
}

func claimsOf(scopes []string) (all []string) {
	for _, s := range scopes {
		all = append(all, scopeClaims[s]...)
	}
	return all
}

func claimsOfFields(fields []string) (all []string) {
	for _, f := range fields {
		all = append(all, fieldClaims[f]...)
	}
	return all
}

// FieldsAsked are the groups of claims that scopes and a claims parameter ask for, so
// that whoever asks for one claim by its name is shown as asking for its group.
func FieldsAsked(scopes []string, parameter string) []string {
	asked := append(claimsOf(scopes), claimsAsked(parameter, inIDToken)...)
	asked = append(asked, claimsAsked(parameter, atUserinfo)...)
	fields := []string{}
	for _, f := range defaultFields {
		if slices.ContainsFunc(shownClaims[f], func(c string) bool { return slices.Contains(asked, c) }) {
			fields = append(fields, f)
		}
	}
	return fields
}

// Asks tells whether a request asks for what a scope stands for: by the scope, or by the
// name of one of its claims that no group of FieldsAsked has.
func Asks(scopes []string, parameter, scope string) bool {
	named := append(claimsAsked(parameter, inIDToken), claimsAsked(parameter, atUserinfo)...)
	return slices.Contains(scopes, scope) || scope == ScopeGroups && slices.Contains(named, "groups")
}

type place int

const (
	inIDToken place = iota
	atUserinfo
)

// claimsAsked are the claims that a stored claims parameter asks for by name.
func claimsAsked(parameter string, at place) (names []string) {
	if parameter == "" {
		return nil
	}
	r, err := oidc.ParseClaimsRequest(parameter)
	if err != nil { // it was read before it was stored
		return nil
	}
	asked := r.IDToken
	if at == atUserinfo {
		asked = r.Userinfo
	}
	for _, c := range asked {
		names = append(names, c.Name)
	}
	return names
}

// writePerson writes the claims about a person that are wanted and known.
func (t *Tokens) writePerson(w *strictjson.Writer, a *directory.Account, client string, wanted []string) {
	for _, name := range personClaims {
		if !slices.Contains(wanted, name) {
			continue
		}
		switch name {
		case "name":
			w.OptString(name, a.Name)
		case "given_name":
			w.OptString(name, a.GivenName)
		case "family_name":
			w.OptString(name, a.FamilyName)
		case "preferred_username":
			w.OptString(name, a.PreferredUsername)
		case "email":
			w.OptString(name, a.Email)
		case "email_verified":
			w.Bool(name, a.EmailVerified)
		case "picture":
			w.String(name, t.c.People.PictureURLFor(a.ID, client))
		case "hd":
			w.OptString(name, t.c.People.HostedDomain(a))
		case "locale":
			w.OptString(name, a.Locale)
		case "zoneinfo":
			w.OptString(name, a.Zoneinfo)
		case "updated_at":
			if !a.UpdatedAt.IsZero() {
				w.Int(name, a.UpdatedAt.Unix())
			}
		case "groups":
			if len(a.Groups) > 0 {
				w.Strings(name, a.Groups)
			}
		}
	}
}

// reserved are the claims that nobody but this room writes.
var reserved = append(Claims(), "azp", "c_hash", "nbf", "jti", "events")

// writeOwn writes what the operator's hook adds for these scopes.
func (t *Tokens) writeOwn(ctx context.Context, w *strictjson.Writer, a *directory.Account, client *directory.Client, scopes []string) error {
	if t.c.Claims == nil {
		return nil
	}
	own, err := t.c.Claims(ctx, a, client, scopes)
	if err != nil {
		return fmt.Errorf("the operator's claims: %w", err)
	}
	names := make([]string, 0, len(own))
	for name := range own {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if slices.Contains(reserved, name) {
			return fmt.Errorf("the operator's claims hold %q, which is the provider's own", name)
		}
		b, err := json.Marshal(own[name])
		if err != nil {
			return fmt.Errorf("the operator's claim %q: %w", name, err)
		}
		w.Raw(name, b)
	}
	return nil
}

// Userinfo is the document about the person that an access token opens (OpenID Connect
// Core 1.0 section 5.3.2). ErrInvalidToken: the account is gone.
func (t *Tokens) Userinfo(ctx context.Context, access *Access, client *directory.Client) ([]byte, error) {
	a, err := t.account(ctx, access.Authorization.Account)
	if err != nil {
		return nil, err
	}
	var w strictjson.Writer
	w.String("sub", a.ID)
	wanted := append(claimsOf(access.Scopes), claimsAsked(access.Authorization.Claims, atUserinfo)...)
	t.writePerson(&w, a, client.ID, wanted)
	if err := t.writeOwn(ctx, &w, a, client, access.Scopes); err != nil {
		return nil, err
	}
	return w.Bytes()
}
