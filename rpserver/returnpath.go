package rpserver

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
)

// Where a sign-in by redirect goes on to stands in its state, as long as that keeps the
// state short: it is a part of two URLs, and providers bound it. A longer path waits
// in a cookie of this browser, and the state holds its hash.
//
// There is one such cookie, so that no number of attempts fills a browser's requests
// with them. Where a later attempt, or the person, took it away, the sign-in ends at the
// root: to come out at another page is better than to refuse a person who signed in.
const (
	maxSealedPath = maxSealed/4*3 - pathAt - maxAgeText
	hashedPath    = "#" // a path begins with a slash
	maxAgeText    = 11  // what stands before a path where somebody confirms who they are
)

// keepPath gives what a state holds of the path.
func (rp *RP) keepPath(w http.ResponseWriter, path string) string {
	switch {
	case path == "/":
		return ""
	case len(path) <= maxSealedPath:
		return path
	}
	http.SetCookie(w, rp.returnCookie(base64.RawURLEncoding.EncodeToString([]byte(path)), int(rp.lifetime.Seconds())))
	return hashedPath + hashOfPath(path)
}

// pathOf finds the path of what a state holds, which is good: what was sealed is
// judged once more, so that a rule that grew stricter holds for states under way.
func (rp *RP) pathOf(w http.ResponseWriter, r *http.Request, kept string) string {
	path := kept
	if kept == "" {
		return "/"
	}
	if kept[:1] == hashedPath {
		cookies := r.CookiesNamed(rp.returnCookie("", 0).Name)
		if len(cookies) != 1 {
			return "/"
		}
		b, err := base64.RawURLEncoding.DecodeString(cookies[0].Value)
		if err != nil || subtle.ConstantTimeCompare([]byte(hashOfPath(string(b))), []byte(kept[1:])) != 1 {
			return "/" // a later attempt's, which needs it
		}
		http.SetCookie(w, rp.returnCookie("", -1))
		path = string(b)
	}
	if path, ok := safeReturn([]string{path}); ok {
		return path
	}
	return "/"
}

func hashOfPath(path string) string {
	sum := sha256.Sum256([]byte(path))
	return string(sum[:])
}

func (rp *RP) returnCookie(value string, maxAge int) *http.Cookie {
	return rp.cookie("rp-return", value, maxAge)
}
