package idptest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/bonafides-dev/bonafides/internal/secret"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

const idTokenLifetime = 5 * time.Minute

// Token writes an ID token by hand: for this person and the first client, with this
// nonce (empty for none), by the quirks of the moment, and then as change leaves it.
// change may be nil. It must not call the provider.
func (p *Provider) Token(who Person, nonce string, change func(header, claims map[string]any)) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	g := &grant{client: p.ClientID, person: who, scopes: []string{"openid", "profile", "email"}, sid: p.sessions[session{p.ClientID, who.Subject}], authTime: p.now()}
	return p.idToken(g, nonce, "", change)
}

// idToken is the ID token of a grant (OpenID Connect Core section 2).
func (p *Provider) idToken(g *grant, nonce, accessToken string, change func(header, claims map[string]any)) string {
	q, now := p.quirks.Token, p.now()
	k := p.tokenKey(q)
	claims := map[string]any{}
	if !q.Thin {
		claims = g.person.claims(g.scopes)
		q.profile(claims)
	}
	claims["iss"], claims["sub"], claims["aud"] = p.issuer(), g.person.Subject, g.client
	claims["iat"], claims["exp"], claims["auth_time"] = now.Unix(), now.Add(idTokenLifetime).Unix(), g.authTime.Unix()
	if nonce != "" {
		claims["nonce"] = nonce
	}
	if g.sid != "" {
		claims["sid"] = g.sid
	}
	if accessToken != "" {
		claims["at_hash"] = accessTokenHash(k.alg, accessToken)
	}
	if t := p.quirks.Endpoints.Tenant; t != "" {
		claims["tid"] = t
	}
	header := map[string]any{"alg": string(k.alg), "kid": k.kid, "typ": "JWT"}
	p.spoil(q, k, header, claims)
	if q.Edit != nil {
		q.Edit(header, claims)
	}
	if change != nil {
		change(header, claims)
	}
	return p.write(k, header, q.json(claims), q.Unsigned, q.HMAC, q.BrokenSignature)
}

// profile applies the quirks of what a person is called, to claims that are there: in ID
// tokens and at userinfo.
func (q TokenQuirks) profile(claims map[string]any) {
	if _, ok := claims["name"]; ok && q.LoneSurrogateName {
		claims["name"] = loneSurrogate
	}
	if _, ok := claims["name"]; ok && q.NULName {
		claims["name"] = "Ada\x00Lovelace"
	}
	verified, ok := claims["email_verified"]
	if ok && q.EmailVerifiedText {
		claims["email_verified"] = fmt.Sprint(verified)
	}
	if q.EmailVerifiedNever {
		delete(claims, "email_verified")
	}
	if q.Groups > 0 {
		claims["groups"] = groups(q.Groups)
	}
}

const loneSurrogate = "idptest: lone surrogate"

// json writes claims. encoding/json writes no lone surrogate, so it is put there after it.
func (q TokenQuirks) json(claims map[string]any) []byte {
	b := mustJSON(claims)
	if q.LoneSurrogateName {
		b = bytes.Replace(b, mustJSON(loneSurrogate), []byte(`"Ada \ud83d"`), 1)
	}
	return b
}

// tokenKey is what signs ID tokens.
func (p *Provider) tokenKey(q TokenQuirks) *key {
	k := p.signer()
	switch {
	case q.UnknownKey:
		return p.extra("unknown-"+string(k.alg), k.alg)
	case q.ForeignKey:
		foreign := *p.extra("foreign-"+string(k.alg), k.alg)
		foreign.kid = k.kid
		return &foreign
	}
	return k
}

// accessTokenHash follows the hash of the algorithm, also of those that package oidc does
// not know (Core section 3.1.3.6).
func accessTokenHash(a jws.Algorithm, token string) string {
	h := hashOf(a)
	if h == 0 {
		return oidc.AccessTokenHash(a, token)
	}
	d := h.New()
	d.Write([]byte(token))
	return jws.EncodeBase64URL(d.Sum(nil)[:h.Size()/2])
}

// spoil applies the quirks of a token.
func (p *Provider) spoil(q TokenQuirks, k *key, header, claims map[string]any) {
	set := func(on bool, name string, value any) {
		if on {
			claims[name] = value
		}
	}
	drop := func(on bool, from map[string]any, name string) {
		if on {
			delete(from, name)
		}
	}
	now := p.now()
	if len(q.ExtraAudiences) > 0 {
		claims["aud"], claims["azp"] = append([]string{fmt.Sprint(claims["aud"])}, q.ExtraAudiences...), claims["aud"]
	}
	set(q.AuthorizedParty != "", "azp", q.AuthorizedParty)
	drop(q.NoNonce, claims, "nonce")
	set(q.Ahead != 0, "iat", now.Add(q.Ahead).Unix())
	set(q.Ahead != 0, "nbf", now.Add(q.Ahead).Unix())
	set(q.WrongNonce, "nonce", secret.New())
	set(q.WrongIssuer, "iss", wrongIssuer)
	set(q.WrongAudience, "aud", "another-client")
	set(q.WrongAccessTokenHash, "at_hash", accessTokenHash(k.alg, secret.New()))
	set(q.Expired, "exp", now.Add(-time.Hour).Unix())
	set(q.Expired, "iat", now.Add(-2*time.Hour).Unix())
	set(q.ExpiresText, "exp", fmt.Sprint(claims["exp"]))
	drop(q.NoAccessTokenHash, claims, "at_hash")
	drop(q.NoSessionID, claims, "sid")
	drop(q.NoSubject, claims, "sub")
	drop(q.NoIssuedAt, claims, "iat")
	drop(q.NoExpiry, claims, "exp")
	for _, name := range []string{"azp", "auth_time", "at_hash"} {
		set(q.NullMembers, name, nil)
	}
	if q.Type != "" {
		header["typ"] = q.Type
	}
	drop(q.NoType, header, "typ")
	drop(q.NoKeyID, header, "kid")
	if q.KeyHints {
		header["jku"], header["x5u"] = p.Issuer+string(JWKS), p.Issuer+"/certificate"
		header["x5c"] = []string{"bm90IGEgY2VydGlmaWNhdGU="}
	}
}

func groups(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
	}
	return out
}

// write signs, or does what an attacker does in its place.
func (p *Provider) write(k *key, header map[string]any, payload []byte, unsigned, mac, broken bool) string {
	switch {
	case unsigned: // RFC 7515 appendix A.5
		header["alg"] = "none"
		return jws.EncodeBase64URL(mustJSON(header)) + "." + jws.EncodeBase64URL(payload) + "."
	case mac: // the public key is known to everybody, so anybody can do this
		header["alg"] = "HS256"
		public, err := x509.MarshalPKIXPublicKey(k.raw.Public())
		if err != nil {
			panic("idptest: a key of its own has no DER: " + err.Error())
		}
		input := jws.EncodeBase64URL(mustJSON(header)) + "." + jws.EncodeBase64URL(payload)
		m := hmac.New(sha256.New, public)
		m.Write([]byte(input))
		return input + "." + jws.EncodeBase64URL(m.Sum(nil))
	}
	token, err := k.sign(mustJSON(header), payload)
	if err != nil {
		panic("idptest: signing: " + err.Error())
	}
	if broken {
		b := []byte(token)
		i := bytes.LastIndexByte(b, '.') + 10
		if b[i] == 'A' {
			b[i] = 'B'
		} else {
			b[i] = 'A'
		}
		token = string(b)
	}
	return token
}
