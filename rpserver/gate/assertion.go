package gate

import (
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

const (
	typ     = "gate-assertion+jwt"
	maxSize = 16 << 10
	// An assertion lives this long at most, in seconds, whatever it says.
	maxLifetime = 60
	// skew is how far iat may lie ahead, in seconds, for clocks that differ. exp
	// has no such grace.
	skew = 30
)

// How a visitor was admitted.
const (
	ByIDToken = "id-token"
	ByRecord  = "record"
)

// Visitor is whom the gate admitted, as a checked assertion says.
type Visitor struct {
	Admitted string    // ByIDToken or ByRecord
	Issuer   string    // who vouches: the provider of the ID token, or the record's issuer
	Expiry   time.Time // when the ID token or record ends

	// Of an ID token.
	Subject string // identifies the person at Issuer: keep both together; empty only with Config.AllowNoSubject
	Email   string // only if the provider says that it is verified
	Claims  []byte // all claims, one JSON object; nil if they were too long to send

	// Of a redemption record.
	Site     string // the site that redeemed
	Via      string // "native" or "polyfill"
	KeyID    uint32 // the token key, the issuer's public metadata
	RecordID string // set where the issuer makes single-use records
}

// request is what an assertion must be about.
type request struct {
	gate, origin   string
	method, target string
	now            time.Time
	allowNoSubject bool
}

// judge reads an assertion and holds it to the request.
func judge(token string, keys *jws.KeySet, q request) (*Visitor, *Refused) {
	m, err := jws.Verify(token, keys, jws.Policy{Types: []string{typ}, Algorithms: []jws.Algorithm{jws.ES256}, MaxSize: maxSize})
	if err != nil {
		return nil, refusedFor(err)
	}
	// Claims have the depth of an ID token, one below the assertion's own.
	v, err := strictjson.Parse(m.Payload, strictjson.Limits{MaxSize: maxSize, MaxDepth: 17})
	if err != nil || v.Kind() != strictjson.Object {
		return nil, refuse(CodeClaimsInvalid)
	}
	r := reader{of: v}
	iss, aud, method, target := r.text("iss"), r.text("aud"), r.text("method"), r.text("target")
	iat, exp := r.number("iat"), r.number("exp")
	now := q.now.Unix()
	switch {
	case r.bad:
		return nil, refuse(CodeClaimsInvalid)
	case iss != q.gate:
		return nil, refuse(CodeGateMismatch)
	case aud != q.origin:
		return nil, refuse(CodeOriginMismatch)
	case exp <= iat || exp-iat > maxLifetime:
		return nil, refuse(CodeLifetime)
	case iat > now+skew:
		return nil, refuse(CodeNotYetValid)
	case exp <= now:
		return nil, refuse(CodeExpired)
	case method != q.method:
		return nil, refuse(CodeMethodMismatch)
	case target != q.target:
		return nil, refuse(CodeTargetMismatch)
	}
	visitor := r.visitor(q.allowNoSubject)
	if r.bad {
		return nil, refuse(CodeClaimsInvalid)
	}
	return visitor, nil
}

// reader takes members of a payload and remembers whether one was not as it must be.
type reader struct {
	of  strictjson.Value
	bad bool
}

func (r *reader) text(name string) string {
	s, ok := r.of.Get(name).Text()
	r.bad = r.bad || !ok || s == ""
	return s
}

func (r *reader) optional(name string) string {
	if !r.of.Get(name).Exists() {
		return ""
	}
	return r.text(name)
}

func (r *reader) number(name string) int64 {
	n, ok := r.of.Get(name).Int()
	r.bad = r.bad || !ok || n < 0
	return n
}

func (r *reader) visitor(allowNoSubject bool) *Visitor {
	v := &Visitor{Admitted: r.text("admitted"), Issuer: r.text("issuer"), Expiry: time.Unix(r.number("expires"), 0).UTC()}
	switch v.Admitted {
	case ByIDToken:
		if sub, ok := r.of.Get("sub").Text(); !ok || sub != "" || !allowNoSubject {
			v.Subject = r.text("sub")
		}
		v.Email = r.optional("email")
		if claims := r.of.Get("claims"); claims.Exists() {
			r.bad = r.bad || claims.Kind() != strictjson.Object
			v.Claims = []byte(claims.Raw())
		}
	case ByRecord:
		v.Site, v.Via, v.RecordID = r.text("site"), r.text("via"), r.optional("record_id")
		key := r.number("key")
		r.bad = r.bad || key > 1<<32-1
		v.KeyID = uint32(key)
	default:
		r.bad = true
	}
	return v
}
