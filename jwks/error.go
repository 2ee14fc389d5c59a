package jwks

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// Codes of an Error.
const (
	// CodeUnavailable: an issuer's keys cannot be had now.
	CodeUnavailable = jws.CodeKeysUnavailable
	// CodeDiscovery: an issuer's discovery document cannot be had now, or lacks what
	// is needed of it.
	CodeDiscovery = "discovery_unavailable"
)

// Reasons of an Error.
const (
	ReasonStatus      = "status"           // it answered with another status than 200
	ReasonRedirect    = "redirect"         // it redirects, and redirects are not followed
	ReasonHTML        = "html"             // a page came where JSON belongs
	ReasonTLS         = "tls"              // no TLS, or a certificate that does not hold
	ReasonTimeout     = "timeout"          // it accepted and did not answer in time
	ReasonUnreachable = "unreachable"      // no connection, no such name, or one that broke
	ReasonAddress     = "address"          // not asked: this server does not go there
	ReasonSize        = "too_large"        // the answer is too long
	ReasonDuplicate   = "duplicate_member" // a name appears twice where that decides
	ReasonDocument    = "document"         // JSON, but not this document, or no JSON
	ReasonIssuer      = "issuer"           // a discovery document of another issuer
	ReasonMember      = "member"           // a discovery document without what is needed of it
	ReasonLocate      = "locate"           // Config.Locate gave no address
)

// Error is why a key set or a discovery document cannot be had. Its text is for a log:
// of addresses it has the origin alone, of the answer nothing. An Error of
// CodeUnavailable is a *jws.Error of that code for errors.Is and errors.As.
type Error struct {
	Code   string
	Reason string
	At     string // the origin that was asked, empty if none was
	Status int    // of the answer, 0 if there was none
	// RetryAfter is how long the server is left alone: until then nothing is fetched,
	// and everybody gets this error at once. 0 says nothing.
	RetryAfter time.Duration
	Err        error // the cause, if there is more to say; of keys that were looked for by discovery an *Error of CodeDiscovery
}

// Error returns "code: sentence".
func (e *Error) Error() string { return e.Code + ": " + e.sentence() }

func (e *Error) sentence() string {
	at := e.At
	if at == "" {
		at = "it"
	}
	cause := ""
	if e.Err != nil {
		cause = escaped(e.Err.Error(), mostCause)
	}
	var discovery *Error
	if errors.As(e.Err, &discovery) { // it says it all
		return cause
	}
	switch e.Reason {
	case ReasonStatus:
		return at + " answered with status " + strconv.Itoa(e.Status)
	case ReasonRedirect:
		return at + " " + cause
	case ReasonHTML:
		return at + " answered with a page (HTML) where JSON belongs"
	case ReasonTLS:
		return "there is no trusted TLS connection to " + at + ": " + cause
	case ReasonTimeout:
		return at + " did not answer in time: " + cause
	case ReasonUnreachable:
		return at + " cannot be reached: " + cause
	case ReasonSize, ReasonDuplicate, ReasonDocument, ReasonIssuer:
		return "what " + at + " answered with is refused: " + cause
	}
	return cause
}

// Unwrap returns the *jws.Error and the cause.
func (e *Error) Unwrap() []error {
	var out []error
	if e.Code == CodeUnavailable {
		out = append(out, &jws.Error{Code: e.Code, Message: e.sentence()})
	}
	if e.Err != nil {
		out = append(out, e.Err)
	}
	return out
}

// notAnswered says why a request had no whole answer. The error of net/http names the
// whole URL; what it wraps does not.
func notAnswered(err error) *Error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var (
		timeout  net.Error
		verify   *tls.CertificateVerificationError
		record   tls.RecordHeaderError
		alert    tls.AlertError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
	)
	reason := ReasonUnreachable
	switch {
	case strings.HasPrefix(err.Error(), "failed to parse Location header"): // that of net/http has no type, and repeats it
		return redirectTo("an address that cannot be read", 0)
	case errors.Is(err, web.ErrAnswerTooLong):
		reason = ReasonSize
	case errors.Is(err, web.ErrNotPublic), errors.Is(err, web.ErrNotHTTPS):
		reason = ReasonAddress
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout(), u != nil && u.Timeout():
		reason = ReasonTimeout
	case errors.As(err, &verify), errors.As(err, &record), errors.As(err, &alert), errors.As(err, &unknown), errors.As(err, &hostname), errors.As(err, &invalid),
		errors.Is(err, http.ErrSchemeMismatch):
		reason = ReasonTLS
	}
	return &Error{Reason: reason, Err: err}
}

// redirected says where a redirect leads, as an origin: a path or query could be
// anything.
func redirected(res *http.Response) *Error {
	to := "nowhere"
	if u, err := res.Location(); err == nil {
		to = escaped(web.OriginOf(u), mostOrigin)
	}
	return redirectTo(to, res.StatusCode)
}

func redirectTo(where string, status int) *Error {
	return &Error{Reason: ReasonRedirect, Status: status,
		Err: errors.New("redirects to " + where + ", and redirects are not followed: set the address that answers")}
}

const (
	mostOrigin = 256 // bytes of an origin in an error
	mostCause  = 512 // bytes of a cause: net/http repeats of an answer what it cannot read
	mostKeyID  = 64  // bytes of a kid in a report
)

// escaped is somebody else's text for a log: printable ASCII, at most so many bytes.
func escaped(s string, most int) string {
	out := ""
	for _, c := range s {
		q := `"`
		if c != '"' {
			q = strings.Trim(strconv.QuoteToASCII(string(c)), `"`)
		}
		if len(out)+len(q) > most {
			return out + "..."
		}
		out += q
	}
	return out
}
