package idptest_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"html"
	"math/big"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
)

// wire is everything that a provider says in two sign-ins, read by hand. What did not
// come is zero.
type wire struct {
	idp       *idptest.Provider
	discovery answer
	meta      map[string]any
	keys      answer
	authorize answer
	back      url.Values // the answer of authorize, from the query or the form
	rawBack   string
	noPKCE    url.Values // the answer to a request without PKCE
	token     answer
	tokens    map[string]any
	header    map[string]any
	claims    map[string]any
	payload   string
	signature string
	signed    bool // by a published key of the header's kid
	userinfo  answer
	info      map[string]any
	offline   map[string]any // the answer of a sign-in with offline_access
	second    map[string]any // and of another one
	refreshed map[string]any
	again     answer // the first refresh token once more
	par       answer
	revoke    answer
	logout    answer
	out       map[string]any // the logout token
	outHeader map[string]any
	outSigned string
}

var wireTime = time.Unix(1_900_000_000, 0)

func look(t *testing.T, q idptest.Quirks) *wire {
	t.Helper()
	w := &wire{idp: idptest.New(t, idptest.WithClock(wireTime), idptest.WithQuirks(q))}
	c := newPlain(t, w.idp)
	w.discovery, w.keys = c.get(idptest.Discovery), c.get(idptest.JWKS)
	if strings.HasPrefix(w.discovery.header.Get("Content-Type"), "application/json") {
		w.meta = w.discovery.json(t)
	}
	w.par = c.post(idptest.PAR, c.request())
	w.authorize, w.back, w.rawBack = c.answered()
	w.token = c.post(idptest.Token, c.codeForm(w.back.Get("code")))
	w.tokens = w.token.json(t)
	if text, ok := w.tokens["id_token"].(string); ok {
		w.header, w.claims, w.signature = parts(t, text)
		b, _ := base64.RawURLEncoding.DecodeString(strings.Split(text, ".")[1])
		w.payload = string(b)
		w.signed = verifies(t, text, w.header["kid"], w.keys)
	}
	if text, ok := w.tokens["access_token"].(string); ok {
		w.userinfo = c.userinfo(text)
		if w.userinfo.header.Get("Content-Type") == "application/json" {
			w.info = w.userinfo.json(t)
		}
	}
	w.logout = c.get(idptest.EndSession)
	w.outHeader, w.out, w.outSigned = parts(t, w.idp.LogoutToken(idptest.Person{Subject: "ada"}, nil))
	w.revoke = c.post(idptest.Revocation, url.Values{"token": {"unknown"}})

	c.change = func(q url.Values) { q.Del("code_challenge"); q.Del("code_challenge_method") }
	_, w.noPKCE, _ = c.answered()
	c.change = func(q url.Values) { q.Set("scope", "openid profile email offline_access") }
	sign := func() map[string]any {
		_, back, _ := c.answered()
		return c.post(idptest.Token, c.codeForm(back.Get("code"))).json(t)
	}
	w.offline, w.second = sign(), sign()
	if token, ok := w.offline["refresh_token"].(string); ok {
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
		w.refreshed, w.again = c.post(idptest.Token, form).json(t), c.post(idptest.Token, form)
	}
	return w
}

var input = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// answered asks for a sign-in and reads the answer from the query or the form.
func (c *plain) answered() (a answer, back url.Values, raw string) {
	c.t.Helper()
	a = c.authorize()
	if to, ok := strings.CutPrefix(a.header.Get("Location"), c.redirect+"?"); ok {
		raw = to
		back, _ = url.ParseQuery(strings.ReplaceAll(to, ";", "%3B"))
		return a, back, raw
	}
	back = url.Values{}
	for _, m := range input.FindAllStringSubmatch(string(a.body), -1) {
		back.Set(m[1], html.UnescapeString(m[2]))
	}
	return a, back, ""
}

// verifies checks an RS256 signature by every RSA key of the set that has this kid.
func verifies(t *testing.T, token string, kid any, set answer) bool {
	t.Helper()
	i := strings.LastIndexByte(token, '.')
	signature, err := base64.RawURLEncoding.DecodeString(token[i+1:])
	if err != nil {
		return false
	}
	digest := sha256.Sum256([]byte(token[:i]))
	if set.status != 200 {
		return false
	}
	for _, k := range keyList(t, set) {
		if k["kty"] != "RSA" || kid != nil && k["kid"] != nil && k["kid"] != kid {
			continue
		}
		n := new(big.Int).SetBytes(number(k["n"]))
		pub := &rsa.PublicKey{N: n, E: int(new(big.Int).SetBytes(number(k["e"])).Int64())}
		if rsa.VerifyPKCS1v15(pub, crypto.SHA256, digest[:], signature) == nil {
			return true
		}
	}
	return false
}

func keyList(t *testing.T, set answer) (out []map[string]any) {
	t.Helper()
	list, ok := set.json(t)["keys"].([]any)
	if !ok {
		t.Fatalf("no key set: %s", set.body)
	}
	for _, k := range list {
		out = append(out, k.(map[string]any))
	}
	return out
}

func number(v any) []byte {
	s, _ := v.(string)
	s = strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(s)
	b, _ := base64.RawURLEncoding.DecodeString(s)
	return b
}
