package gate

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/origin"
)

// Header carries the assertion.
const Header = "Gate-Assertion"

// KeysPath is where the gate publishes its keys, unless its settings say
// otherwise (keysPath).
const KeysPath = "/.well-known/gate-keys"

// Config of a Verifier. The zero value of every optional field is the strict one.
type Config struct {
	// Gate is the origin at which visitors reach the gate, for example
	// "https://gate.example". Assertions of requests that came to the same Worker
	// by another host name are refused. Required.
	Gate string
	// Origin is this server's origin as the gate's settings have it (origin).
	// Required: an assertion that was made for another server is refused.
	Origin string
	// Keys gives the gate's keys; it is asked for those of Gate. nil fetches them
	// from KeysPath at Gate, and keeps them as long as their Cache-Control says.
	Keys jwks.KeySource
	// Client fetches them where Keys is nil. nil is a client that gives up after
	// ten seconds and goes to public addresses by https, or anywhere on this
	// machine if Gate is on it: a gate in a private network needs a Client.
	Client *http.Client
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// AllowNoSubject takes visitors whose Subject is empty: machines, which a gate with
	// verifyOnly admits. Such a visitor is told apart by Claims alone.
	AllowNoSubject bool
}

// Verifier checks requests. It is safe for concurrent use.
type Verifier struct {
	gate, origin string
	keys         jwks.KeySource
	now          func() time.Time

	allowNoSubject bool
}

// New checks the configuration and returns a Verifier. It fetches nothing yet.
func New(c Config) (*Verifier, error) {
	for _, o := range []struct{ field, value, example string }{
		{"Gate", c.Gate, "where visitors reach the gate, https://gate.example"},
		{"Origin", c.Origin, "this server as the gate's settings name it, https://app.example"},
	} {
		if !origin.IsSecure(o.value) {
			return nil, fmt.Errorf("gate: Config.%s %q is not an https origin: give %s, with no path and no slash at the end", o.field, o.value, o.example)
		}
	}
	v := &Verifier{gate: c.Gate, origin: c.Origin, keys: c.Keys, now: c.Now, allowNoSubject: c.AllowNoSubject}
	if v.now == nil {
		v.now = time.Now
	}
	if v.keys == nil {
		keys, err := jwks.New(jwks.Config{Client: c.Client, Locate: jwks.At(KeysPath), Now: v.now})
		if err != nil {
			return nil, err
		}
		v.keys = keys
	}
	return v, nil
}

// Check reads the assertion of a request and holds it to the request: method, path
// and query, this server, the time. What it says about the visitor is authentic.
func (v *Verifier) Check(r *http.Request) (*Visitor, *Refused) {
	values := r.Header.Values(Header)
	switch {
	case len(values) == 0 || len(values) == 1 && values[0] == "":
		return nil, refuse(CodeMissing)
	case len(values) > 1:
		return nil, refuse(CodeDuplicated)
	}
	q := request{gate: v.gate, origin: v.origin, method: r.Method, target: r.RequestURI, now: v.now(), allowNoSubject: v.allowNoSubject}
	visitor, err := jwks.Judge(r.Context(), v.keys, v.gate, &Refused{Code: jws.CodeKeyUnknown}, func(keys *jws.KeySet) (*Visitor, error) {
		visitor, why := judge(values[0], keys, q)
		if why != nil {
			return nil, why
		}
		return visitor, nil
	})
	// Where there are no newer keys, the word about the older ones stands.
	var unavailable *jwks.Unavailable
	if errors.As(err, &unavailable) {
		err = unavailable.Verdict
		if err == nil {
			return nil, refuse(CodeKeysUnavailable)
		}
	}
	var why *Refused
	if errors.As(err, &why) {
		return nil, why
	}
	return visitor, nil
}

type visitorContextKey struct{}

// Require lets requests through that come from the gate, and answers others with
// the reason why not. The handlers behind it ask VisitorOf. They see none of the
// gate's headers: what those say is in the assertion, or nobody vouches for it.
func (v *Verifier) Require(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visitor, why := v.Check(r)
		if why != nil {
			why.Write(w)
			return
		}
		r = r.Clone(context.WithValue(r.Context(), visitorContextKey{}, visitor))
		for name := range r.Header {
			if strings.HasPrefix(folded(name), "gate-") {
				delete(r.Header, name)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// folded is a header's name as programs may read it that know letters and digits
// alone, with one separator.
func folded(name string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
			return c
		case 'A' <= c && c <= 'Z':
			return c + 'a' - 'A'
		}
		return '-'
	}, name)
}

// VisitorOf returns whom the gate admitted; false outside handlers behind Require.
func VisitorOf(ctx context.Context) (*Visitor, bool) {
	v, ok := ctx.Value(visitorContextKey{}).(*Visitor)
	return v, ok
}
