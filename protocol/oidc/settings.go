package oidc

import (
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// ClaimMatch is a claim that a token must have.
type ClaimMatch struct {
	// Name is the claim's, at the top of the claims.
	Name string
	// Values are those of which the claim must be one: a string equal to one of them, or
	// an array of strings that holds one. They are compared byte for byte.
	Values []string
}

// maxSkew is the furthest that clocks may stand apart: a longer Skew keeps tokens alive
// that were meant to be over.
const maxSkew = 5 * time.Minute

// tenantID is where the tenant stands in the issuer of Microsoft's Entra ID, which
// publishes it so for its endpoints of several tenants.
const tenantID = "{tenantid}"

const maxTenant = 253 // of a domain name, which a tenant may be

// check tells whether the settings make sense, before any token is read.
func (c *Config) check() *Error {
	switch {
	case c.Issuer == "":
		return refuse(CodeConfig, "Config.Issuer is empty: name the provider whose tokens count")
	case c.ClientID == "":
		return refuse(CodeConfig, "Config.ClientID is empty: name the client that tokens must be for")
	case c.VerifyOnly && (c.Nonce != "" || c.CheckNonce != nil):
		return refuse(CodeConfig, "VerifyOnly does not go with a nonce: a token that answers a sign-in is checked without VerifyOnly")
	case c.VerifyOnly && len(c.Match) == 0:
		return refuse(CodeConfig, "VerifyOnly needs Match: say by which claims a token is one of yours")
	case c.Nonce == "" && c.CheckNonce == nil && !c.InsecureNoNonce && !c.VerifyOnly:
		return refuse(CodeConfig, "Config has no Nonce and no CheckNonce: give the nonce that this sign-in was begun with")
	case c.Skew < 0 || c.Skew > maxSkew:
		return refuse(CodeConfig, "Skew is negative or longer than 5 minutes")
	}
	for _, m := range c.Match {
		if m.Name == "" || len(m.Values) == 0 || contains(m.Values, "") {
			return refuse(CodeConfig, "Match has an entry without a name, without values or with an empty value")
		}
	}
	if len(c.Tenants) == 0 && strings.IndexByte(c.Issuer, '{') < 0 {
		return nil
	}
	return c.checkTenants()
}

// checkTenants: the issuer is a template exactly where tenants are listed.
func (c *Config) checkTenants() *Error {
	templates := strings.Count(c.Issuer, tenantID)
	switch {
	case len(c.Tenants) == 0 && templates > 0:
		return refuse(CodeConfig, "Issuer holds {tenantid} and there are no Tenants: list the tenants whose people may sign in")
	case len(c.Tenants) > 0 && templates != 1:
		return refuse(CodeConfig, "Tenants need an Issuer that holds {tenantid} exactly once")
	case len(c.Tenants) > 0 && len(c.IssuerAliases) > 0:
		return refuse(CodeConfig, "Tenants do not go with IssuerAliases: one provider at a time")
	}
	for _, t := range c.Tenants {
		if !isTenant(t) {
			return refuse(CodeConfig, "Tenants holds what is no tenant id: letters, digits, dots and hyphens alone")
		}
	}
	return nil
}

// isTenant: a GUID or a domain name. Anything else could make an issuer of another path
// or host out of the template.
func isTenant(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c-'0' < 10 || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '-' || c == '.' && i > 0 && s[i-1] != '.') {
			return false
		}
	}
	return s != "" && len(s) <= maxTenant
}

// tenant judges iss and tid: the issuer must be that of a listed tenant, and the token
// must say so twice, since the template's provider signs for all tenants with one key.
func (c *Config) tenant(t *IDToken, seen *seen) *Error {
	before, after, _ := strings.Cut(c.Issuer, tenantID)
	middle, ok1 := strings.CutPrefix(t.Issuer, before)
	middle, ok2 := strings.CutSuffix(middle, after)
	if !ok1 || !ok2 {
		return differ(CodeIssuer, "the token is not of the expected issuer (iss)", t.Issuer, c.Issuer)
	}
	if !contains(c.Tenants, middle) {
		return differ(CodeIssuer, "the token is of a tenant that is not listed (iss); Tenants would admit it", middle, "", c.Tenants...)
	}
	if seen.tenant != middle {
		return differ(CodeTenant, "the token's tid is missing or is not the tenant of its issuer", seen.tenant, middle)
	}
	return nil
}

// judge holds the claims against the match.
func (m *ClaimMatch) judge(claims strictjson.Value) *Error {
	claim := claims.Get(m.Name)
	if one, ok := claim.Text(); ok && contains(m.Values, one) {
		return nil
	}
	if list, ok := claim.Strings(); ok {
		for _, one := range list {
			if contains(m.Values, one) {
				return nil
			}
		}
	}
	return differ(CodeMatch, "the claim "+m.Name+" is missing or has no value that Match admits", claim.Raw(), "", m.Values...)
}
