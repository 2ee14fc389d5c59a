// Package jwks fetches issuers' key sets over HTTP and keeps them as long as
// HTTP says. jws.KeySetState decides what to do and when; this package does the
// fetching, one at a time for each issuer.
package jwks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/origin"
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
	// Locate says where a key set is. Required.
	Locate Locate
	// Rules are how long sets are kept and how often fetched.
	Rules jws.KeySetRules
	// InsecureHTTP allows http URLs of hosts other than localhost, *.localhost
	// and loopback addresses. Whoever sits on the path then chooses the keys. It
	// needs a Client.
	InsecureHTTP bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// OnError is told why a fetch failed; nil means that nobody is told. Callers of
	// KeySet only learn that the keys are unavailable.
	OnError func(issuer string, err error)
}

// Source fetches and keeps key sets. It is safe for concurrent use. It remembers
// every issuer that it is asked for, so ask only for issuers that you trust.
type Source struct {
	c Config

	mu      sync.Mutex
	issuers map[string]*entry
}

type entry struct {
	state  jws.KeySetState
	client *http.Client  // of this issuer, made by its first fetch
	done   chan struct{} // closed when the fetch under way has ended; nil if none
}

// New returns a Source.
func New(c Config) (*Source, error) {
	if c.Client == nil && c.InsecureHTTP {
		return nil, errors.New("jwks: Config.InsecureHTTP is set without Config.Client: the default client uses https only")
	}
	if c.Client != nil && len(c.PrivateAddresses) > 0 {
		return nil, errors.New("jwks: Config.PrivateAddresses are set with a Config.Client, which decides itself where it goes: set one of them")
	}
	if c.Locate == nil {
		return nil, errors.New("jwks: Config.Locate is missing: say where key sets are, for example jwks.At(jwks.RecordKeysPath)")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Source{c: c, issuers: map[string]*entry{}}, nil
}

// clientFor returns what fetches the keys of an issuer.
func (s *Source) clientFor(issuer string) (*http.Client, error) {
	client := s.c.Client
	if client == nil {
		var err error
		client, err = web.Outbound{From: issuer, Private: s.c.PrivateAddresses, Timeout: s.timeout()}.Client()
		if err != nil {
			return nil, err
		}
	}
	own := *client
	// A redirect would let the answer of one host come from another.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own, nil
}

func (s *Source) timeout() time.Duration {
	if s.c.Rules.Timeout > 0 {
		return s.c.Rules.Timeout
	}
	return defaultTimeout
}

// KeySet returns the issuer's keys, fetching them if there are none or they are too
// old. Errors are *jws.Error with code keys_unavailable, or the context's.
func (s *Source) KeySet(ctx context.Context, issuer string) (*jws.KeySet, error) {
	return s.ask(ctx, issuer, jws.Wanted{})
}

// Refresh is to be called after a token named a key that the set does not hold.
// It fetches at most once per cooldown, and otherwise returns the set it has.
func (s *Source) Refresh(ctx context.Context, issuer string) (*jws.KeySet, error) {
	return s.ask(ctx, issuer, jws.Missing{})
}

func (s *Source) ask(ctx context.Context, issuer string, event jws.KeySetEvent) (*jws.KeySet, error) {
	for {
		s.mu.Lock()
		e := s.issuers[issuer]
		if e == nil {
			e = &entry{}
			s.issuers[issuer] = e
		}
		var action jws.KeySetAction
		e.state, action = e.state.Next(event, s.c.Now(), s.c.Rules)
		if action.Do == jws.KeySetFetch {
			e.done = make(chan struct{})
			// The fetch serves everybody who waits, so it does not end with
			// the request that happened to begin it.
			go s.fetch(context.WithoutCancel(ctx), issuer, e, e.done, action.NoCache)
		}
		done := e.done
		s.mu.Unlock()
		switch action.Do {
		case jws.KeySetUse:
			return action.Keys, nil
		case jws.KeySetRefuse:
			return nil, action.Err
		}
		select {
		case <-done:
			// What was missing has been looked for: take what there is now.
			event = jws.Wanted{}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (s *Source) fetch(ctx context.Context, issuer string, e *entry, done chan struct{}, noCache bool) {
	var event jws.KeySetEvent = jws.FetchFailed{}
	defer func() {
		s.mu.Lock()
		e.state, _ = e.state.Next(event, s.c.Now(), s.c.Rules)
		if e.done == done {
			e.done = nil
		}
		s.mu.Unlock()
		close(done)
	}()
	fetched, err := s.get(ctx, issuer, e, noCache)
	if err == nil {
		event = fetched
		_, err = jws.ParseKeySet(fetched.Body)
	}
	if err != nil && s.c.OnError != nil {
		s.c.OnError(issuer, err)
	}
}

const (
	maxBody        = 512 << 10
	defaultTimeout = 10 * time.Second
)

func (s *Source) get(ctx context.Context, issuer string, e *entry, noCache bool) (jws.Fetched, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout())
	defer cancel()
	if e.client == nil { // one fetch of an issuer is under way at a time
		client, err := s.clientFor(issuer)
		if err != nil {
			return jws.Fetched{}, err
		}
		e.client = client
	}
	where, err := s.c.Locate(ctx, issuer)
	if err != nil {
		return jws.Fetched{}, err
	}
	if _, err := web.SecureURL(where); err != nil && !(s.c.InsecureHTTP && errors.Is(err, origin.ErrPlain)) {
		return jws.Fetched{}, fmt.Errorf("jwks: the address of the key set %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, where, nil)
	if err != nil {
		return jws.Fetched{}, err
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	if noCache {
		req.Header.Set("Cache-Control", "no-cache")
	}
	body, header, err := do(e.client, req)
	if err != nil {
		return jws.Fetched{}, err
	}
	return jws.Fetched{Body: body, CacheControl: joined(header, "Cache-Control"), Age: header.Get("Age")}, nil
}

// do sends a request and reads a bounded answer of status 200.
func do(client *http.Client, req *http.Request) ([]byte, http.Header, error) {
	res, err := client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("jwks: %s answered with status %d", req.URL.Host, res.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, nil, err
	case len(body) > maxBody:
		return nil, nil, errors.New("jwks: the answer is longer than 512 KiB")
	}
	return body, res.Header, nil
}

func joined(h http.Header, name string) string { return strings.Join(h.Values(name), ",") }
