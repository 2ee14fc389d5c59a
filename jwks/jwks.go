// Package jwks fetches issuers' key sets and discovery documents over HTTP and keeps
// them as long as HTTP says. freshness.State decides what to do and when; this package
// does the fetching, one at a time for each issuer.
//
//	keys, err := jwks.New(jwks.Config{Locate: jwks.At(jwks.RecordKeysPath)}) // a path below the issuer
//	keys, err := jwks.Discovered(jwks.Config{})                             // OpenID Connect Discovery
package jwks

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// RecordKeysPath is where an issuer of Private State Tokens publishes the keys
// of its redemption records, below its origin.
const RecordKeysPath = "/.well-known/redemption-record-keys"

// Locate returns the URL of an issuer's key set.
type Locate func(ctx context.Context, issuer string) (string, error)

// At locates the key set at a path below the issuer: At(RecordKeysPath).
func At(path string) Locate {
	return func(_ context.Context, issuer string) (string, error) {
		return strings.TrimSuffix(issuer, "/") + path, nil
	}
}

// URL locates every key set at one URL, for a source of one issuer.
func URL(u string) Locate {
	return func(context.Context, string) (string, error) { return u, nil }
}

// Config of a Source.
type Config struct {
	// Client makes the requests; its redirects are not followed. Nil means one for
	// each issuer that goes to public addresses by https and uses no proxy. It
	// judges the address of each connection, after the name was resolved. If an
	// issuer is on this machine itself, all of this machine may be reached, by http
	// if the issuer is http.
	Client *http.Client
	// PrivateAddresses may be reached besides the public ones, for issuers in a
	// private network. They do not go with a Client.
	PrivateAddresses []netip.Prefix
	// Locate says where a key set is. It keeps to its context. Required, or Discovery.
	Locate Locate
	// Discovery finds key sets instead of Locate. Where Client is nil its clients make
	// the requests: a key set is reached as its issuer's document is.
	Discovery *Discovery
	// Rules are how long sets are kept and how often fetched. Rules.StaleIfError keeps
	// them alive while an issuer cannot be reached.
	Rules jws.KeySetRules
	// InsecureHTTP allows http URLs of hosts other than localhost, *.localhost
	// and loopback addresses. Whoever sits on the path then chooses the keys. It
	// needs a Client.
	InsecureHTTP bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// OnError is told why a fetch failed, once for each, with an *Error; nil means that
	// nobody is told. Until the next fetch callers of KeySet get the same reason.
	OnError func(issuer string, err error)
	// OnRejected is told once for each document, when it comes, which of its keys
	// cannot be used and why; nil means that nobody is told. Their KeyID is for a log:
	// escaped, at most 64 bytes and dots.
	OnRejected func(issuer string, keys []jws.RejectedKey)
}

// Source fetches and keeps key sets. It is safe for concurrent use. It remembers
// every issuer that it is asked for, so ask only for issuers that you trust.
type Source struct {
	c     Config
	reach reach

	mu      sync.Mutex
	issuers map[string]*entry
}

type entry struct {
	set      kept[*jws.KeySet]
	client   *http.Client
	lost     atomic.Bool // the address that discovery named has failed
	mu       sync.Mutex
	reported [sha256.Size]byte // the document of whose keys OnRejected was told last
}

// New returns a Source.
func New(c Config) (*Source, error) {
	if c.Client == nil && c.InsecureHTTP {
		return nil, errors.New("jwks: Config.InsecureHTTP is set without Config.Client: the default client uses https only")
	}
	if c.Client != nil && len(c.PrivateAddresses) > 0 {
		return nil, errors.New("jwks: Config.PrivateAddresses are set with a Config.Client, which decides itself where it goes: set one of them")
	}
	if (c.Locate == nil) == (c.Discovery == nil) {
		return nil, errors.New("jwks: set one of Config.Locate and Config.Discovery: say where key sets are, for example jwks.At(jwks.RecordKeysPath)")
	}
	if c.Discovery != nil && len(c.PrivateAddresses) > 0 {
		return nil, errors.New("jwks: Config.PrivateAddresses are set with a Config.Discovery: set those of its DiscoveryConfig")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Source{c: c, reach: reach{c.Client, c.PrivateAddresses, c.InsecureHTTP, c.Rules.WaitAtMost()}, issuers: map[string]*entry{}}, nil
}

// KeySet returns the issuer's keys, fetching them if there are none or they are too
// old. Errors are *Error of CodeUnavailable, or the context's.
func (s *Source) KeySet(ctx context.Context, issuer string) (*jws.KeySet, error) {
	return s.ask(ctx, issuer, false)
}

// Refresh is to be called after a token named a key that the set does not hold.
// It fetches at most once per cooldown, and otherwise returns the set it has.
func (s *Source) Refresh(ctx context.Context, issuer string) (*jws.KeySet, error) {
	return s.ask(ctx, issuer, true)
}

func (s *Source) ask(ctx context.Context, issuer string, missing bool) (*jws.KeySet, error) {
	e, err := s.of(issuer)
	if err != nil {
		return nil, &Error{Code: CodeUnavailable, Reason: ReasonAddress, Err: err}
	}
	return e.set.ask(ctx, missing)
}

func (s *Source) of(issuer string) (*entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.issuers[issuer]; e != nil {
		return e, nil
	}
	client, err := s.clientFor(issuer)
	if err != nil {
		return nil, err
	}
	e := &entry{client: client}
	e.set.code, e.set.now, e.set.rules = CodeUnavailable, s.c.Now, s.c.Rules
	e.set.get = func(ctx context.Context, noCache bool) (got[*jws.KeySet], *Error) {
		return s.fetch(ctx, issuer, e, noCache)
	}
	e.set.failed = func(why *Error) {
		if s.c.OnError != nil {
			s.c.OnError(issuer, why)
		}
	}
	s.issuers[issuer] = e
	return e, nil
}

func (s *Source) clientFor(issuer string) (*http.Client, error) {
	if s.c.Client != nil || s.c.Discovery == nil {
		return s.reach.clientFor(issuer)
	}
	d, err := s.c.Discovery.of(issuer)
	if err != nil {
		return nil, err
	}
	return d.client, nil
}

const maxBody = 512 << 10 // bytes of a key set, as in package jws

func (s *Source) fetch(ctx context.Context, issuer string, e *entry, noCache bool) (none got[*jws.KeySet], _ *Error) {
	where, err := s.locate(ctx, issuer, e)
	if err != nil {
		why := &Error{Reason: ReasonLocate, Err: err}
		var of *Error
		if errors.As(err, &of) {
			why.Reason, why.At, why.Status = of.Reason, of.At, of.Status
		} else if errors.Is(err, context.DeadlineExceeded) {
			why.Reason = ReasonTimeout
		}
		return none, why
	}
	a, why := s.reach.get(ctx, e.client, request{"the key set", where, "application/jwk-set+json, application/json", maxBody, noCache})
	var keys *jws.KeySet
	if why == nil {
		if keys, err = jws.ParseKeySet(a.body); err != nil {
			why = unread(a.body, maxBody, err)
			why.At = originOf(where)
		}
	}
	e.lost.Store(why != nil)
	if why != nil {
		return none, why
	}
	s.report(issuer, e, a.body, keys.Rejected())
	return got[*jws.KeySet]{keys, a.cacheControl, a.age}, nil
}

func (s *Source) locate(ctx context.Context, issuer string, e *entry) (string, error) {
	if s.c.Discovery == nil {
		return s.c.Locate(ctx, issuer)
	}
	return s.c.Discovery.keysURL(ctx, issuer, e.lost.Load())
}

// report tells of keys that were left out, once for each document.
func (s *Source) report(issuer string, e *entry, body []byte, rejected []jws.RejectedKey) {
	if s.c.OnRejected == nil || len(rejected) == 0 {
		return
	}
	hash := sha256.Sum256(body)
	e.mu.Lock()
	told := e.reported == hash
	e.reported = hash
	e.mu.Unlock()
	if told {
		return
	}
	for i := range rejected {
		rejected[i].KeyID = escaped(rejected[i].KeyID, mostKeyID)
	}
	s.c.OnRejected(issuer, rejected)
}
