package rpserver

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
)

// secretSize is the size in bytes of the random values that this package makes:
// nonces and browser cookies. 256 bits cannot be guessed or collide.
const secretSize = 32

// newSecret gives 32 random bytes in base64url: 43 characters.
func newSecret() string {
	var b [secretSize]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// hashSecret is what a store keeps of a secret. It is the hash of the text, so
// that nothing which is not exactly the text that we made finds it. A plain hash
// is enough: the input has 256 random bits.
func hashSecret(s string) [32]byte { return sha256.Sum256([]byte(s)) }

func wellFormedSecret(s string) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(b) == secretSize
}

// The pre-session cookie: a random value that stands for this browser from its
// first nonce until some minutes after its last. A nonce is bound to it, so that a token made
// for one browser signs in no other: whoever steals or plants a token has not
// the cookie of the browser that asked for it.
//
// It is not the session cookie, since an application with its own sessions may
// not have one for strangers. All tabs of a browser share it, so that several
// sign-ins may be under way.
func (rp *RP) browserCookieName() string { return cookieName(rp.secure, "rp-browser") }

// cookieName gives a cookie the __Host- prefix on https: the browser then takes
// it from this very host alone, so that a neighbouring subdomain cannot plant
// one (draft-ietf-httpbis-rfc6265bis section 4.1.3.2). The prefix demands Secure,
// and WebKit drops Secure cookies of http://localhost.
func cookieName(secure bool, name string) string {
	if secure {
		return "__Host-" + name
	}
	return name
}

func (rp *RP) browserCookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name:     rp.browserCookieName(),
		Value:    value,
		Path:     "/", // what __Host- demands
		MaxAge:   maxAge,
		Secure:   rp.secure,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	}
}

// browserOf reads the pre-session cookie. Two cookies of that name are refused
// like none: one of them is not ours.
func (rp *RP) browserOf(r *http.Request) (string, bool) {
	cs := r.CookiesNamed(rp.browserCookieName())
	if len(cs) != 1 || !wellFormedSecret(cs[0].Value) {
		return "", false
	}
	return cs[0].Value, true
}

// rememberBrowser gives this browser its cookie, or the one that it has a new
// term, so that a second tab does not take the first one's nonce from it.
func (rp *RP) rememberBrowser(w http.ResponseWriter, r *http.Request) string {
	browser, ok := rp.browserOf(r)
	if !ok {
		browser = newSecret()
	}
	http.SetCookie(w, rp.browserCookie(browser, int(rp.lifetime.Seconds())))
	return browser
}

// forgetBrowser ends the cookie, at sign-out. A sign-in leaves it until it
// expires: other tabs may be about to sign in too, and a token that is sent twice
// is then told that its nonce is used up. Alone the cookie is worth nothing.
func (rp *RP) forgetBrowser(w http.ResponseWriter) {
	http.SetCookie(w, rp.browserCookie("", -1))
}
