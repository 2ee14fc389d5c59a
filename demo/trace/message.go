package trace

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/demo/look"
)

// The headers of Private State Tokens, in Go's canonical form.
const (
	headerToken    = "Sec-Private-State-Token"
	headerVersion  = "Sec-Private-State-Token-Crypto-Version"
	headerLifetime = "Sec-Private-State-Token-Lifetime"
	headerRecord   = "Sec-Redemption-Record"
	headerAttack   = "Bonafides-Demo-Attack" // on what the attack buttons send
)

// polyfilled are the headers by which scripts carry what a browser carries in
// the others: no script can set a name that begins with Sec-.
var polyfilled = map[string]string{
	headerToken:    "Private-State-Token",
	headerVersion:  "Private-State-Token-Crypto-Version",
	headerLifetime: "Private-State-Token-Lifetime",
	headerRecord:   "Private-State-Redemption-Record",
}

// name returns under which of its two names a header is there, the browser's
// own where it is neither. A browser that does not know the issuer adds its own
// with nothing in it beside the one that the script has filled.
func name(h http.Header, native string) string {
	p := polyfilled[native]
	if own, ok := h[native]; !ok && h[p] != nil || ok && strings.Join(own, "") == "" && h.Get(p) != "" {
		return p
	}
	return native
}

// byPolyfill reports whether scripts carried a token or a record, where a
// browser would have.
func (m *message) byPolyfill() bool {
	for native, script := range polyfilled {
		if m.header[script] != nil && name(m.header, native) == script {
			return true
		}
	}
	return false
}

// A message is one request and its answer before they are decoded.
type message struct {
	party, from       look.Party
	at                time.Time
	took              time.Duration
	method, host, uri string
	remote            string
	header            http.Header
	body              []byte
	bodySize          int
	status            int
	answerHeader      http.Header
	answer            []byte
	answerSize        int
}

func (m *message) path() string {
	u, err := url.ParseRequestURI(m.uri)
	if err != nil {
		return m.uri
	}
	return u.Path
}

// url returns where the request went, secrets of the query held back.
func (m *message) url() string {
	u, err := url.ParseRequestURI(m.uri)
	if err != nil {
		return "http://" + m.host + "/"
	}
	if u.RawQuery != "" {
		var parts []string
		for _, pair := range strings.Split(u.RawQuery, "&") {
			name, _, has := strings.Cut(pair, "=")
			if has && secretName(name) {
				pair = name + "=" + url.QueryEscape(HeldBack)
			}
			parts = append(parts, pair)
		}
		u.RawQuery = strings.Join(parts, "&")
	}
	return "http://" + m.host + u.RequestURI()
}

// exchange decodes the message.
func (m *message) exchange() Exchange {
	x := Exchange{
		At: m.at, Took: m.took, From: m.from, To: m.party,
		Kind: m.kind(), Method: m.method, URL: m.url(), Status: m.status,
		Refused: m.status >= 400,
	}
	// What the message is about first, what every message has last.
	x.Request = append(m.requestFields(x.Kind), m.requestHeaders()...)
	x.Response = append(m.answerFields(x.Kind), m.answerHeaders()...)
	x.Note = note(&x)
	if m.byPolyfill() {
		x.Note += " By the polyfill: scripts carried it, in headers of their own."
	}
	if m.header.Get(headerAttack) != "" {
		x.Attack, x.Note = true, "Attack. "+x.Note
	}
	return x
}
