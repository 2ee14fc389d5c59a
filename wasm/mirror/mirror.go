package mirror

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/origin"
)

// Config configures a Mirror. Issuers is required.
type Config struct {
	// Issuers are the origins of the issuers that this keeper knows. Nobody else
	// is ever asked. One on this machine ("http://issuer.localhost:8080") is
	// reached too, by http if it says so, for trying things out.
	Issuers []string
	// Folder keeps the state and every version of the document, so that a restart
	// does not make every issuer a newcomer. nil: in memory.
	Folder *Folder
	// Every is how often issuers are asked, an hour if 0. They are asked by the
	// clock and never because somebody came, so an issuer learns nothing about
	// visitors. While one on the list has never answered, all are asked sooner: 5
	// seconds later, 10, 20, and so on up to Every.
	Every time.Duration
	// PrivateAddresses may be reached though they are not public: issuers in a
	// private network.
	PrivateAddresses []netip.Prefix
	// Client fetches instead of a client of the mirror's own, which goes to public
	// addresses by https alone and follows no redirect.
	Client *http.Client

	Now func() time.Time // time.Now if nil
	Log *slog.Logger     // slog.Default() if nil
}

// A Mirror asks the issuers of its list and serves the document. It is an
// http.Handler for [Path], safe for concurrent use.
type Mirror struct {
	c       Config
	client  *http.Client
	refresh chan struct{} // holds one value: who takes it may refresh
	again   time.Time     // when a visitor may have the issuers asked, after a failure; of whoever has the turn

	mu    sync.RWMutex
	state State
	doc   []byte
	etag  string
}

// New returns a Mirror that has asked nobody yet, with what its folder knows.
// [Mirror.Run] keeps it fresh.
func New(c Config) (*Mirror, error) {
	if len(c.Issuers) == 0 || len(c.Issuers) > MaxIssuers {
		return nil, fmt.Errorf("mirror: Config.Issuers has %d origins; give at least one and at most %d", len(c.Issuers), MaxIssuers)
	}
	var loopback []string
	for _, origin := range c.Issuers {
		local, err := CheckIssuer(origin)
		if err != nil {
			return nil, fmt.Errorf("mirror: %w", err)
		}
		if local {
			loopback = append(loopback, origin)
		}
	}
	if c.Every <= 0 {
		c.Every = time.Hour
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	m := &Mirror{c: c, client: c.Client, refresh: make(chan struct{}, 1)}
	m.refresh <- struct{}{}
	if m.client == nil {
		var err error
		if m.client, err = (web.Outbound{Loopback: loopback, Private: c.PrivateAddresses, MaxBody: maxCommitment}).Client(); err != nil {
			return nil, err
		}
	}
	if c.Folder != nil {
		state, known, err := c.Folder.state()
		if err != nil {
			return nil, err
		}
		if known {
			m.set(state)
		}
	}
	return m, nil
}

// CheckIssuer refuses what is not the origin of an issuer that may be asked:
// https, or anything on this machine.
func CheckIssuer(issuer string) (local bool, err error) {
	switch origin.CheckSecure(issuer) {
	case nil:
		return origin.IsLoopback(origin.Host(issuer)), nil
	case origin.ErrPlain:
		return false, fmt.Errorf("%q is not https, and whoever is on the way could give this keeper any keys", issuer)
	}
	return false, fmt.Errorf("%q is not an origin as browsers write it: https://issuer.example, in lower case, without a path or a slash at the end", issuer)
}

const (
	maxCommitment = 64 << 10         // as much as a commitment may have
	together      = 8                // issuers that are asked at a time
	answersIn     = 12 * time.Second // of one issuer, whatever the client allows

	// soon is the first wait while an issuer of the list was never heard: one that
	// starts together with its keeper.
	soon = 5 * time.Second
)

// Run asks all issuers immediately, and again after each Config.Every, until ctx
// ends; it returns nil then. A failure to write is logged, and the write tried
// again.
func (m *Mirror) Run(ctx context.Context) error {
	for sooner := soon; ; {
		if _, err := m.Refresh(ctx); err != nil && ctx.Err() == nil {
			m.c.Log.Error("the key commitments could not be kept", "error", err)
		}
		wait := m.c.Every
		if sooner < wait && m.neverHeard() {
			wait, sooner = sooner, 2*sooner
		}
		tick := time.NewTimer(wait)
		select {
		case <-tick.C:
		case <-ctx.Done():
			tick.Stop()
			return nil
		}
	}
}

// neverHeard says whether an issuer of the list has given no key yet.
func (m *Mirror) neverHeard() bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return slices.ContainsFunc(m.c.Issuers, func(origin string) bool { return len(m.state.issuers[origin].Keys) == 0 })
}

// Refresh asks all issuers once and returns the events. Trouble with an issuer is
// an event; an error means that the folder could not be written, and then the old
// document stays. Calls wait for each other.
func (m *Mirror) Refresh(ctx context.Context) ([]Event, error) {
	select {
	case <-m.refresh:
		defer func() { m.refresh <- struct{}{} }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return m.update(ctx)
}

// update is Refresh for whoever has the turn.
func (m *Mirror) update(ctx context.Context) ([]Event, error) {
	answers := m.ask(ctx)
	if err := ctx.Err(); err != nil {
		return nil, err // nobody is at fault
	}
	m.mu.RLock()
	old := m.state
	m.mu.RUnlock()
	now := m.c.Now()
	next, events := Update(old, answers, now)
	for _, e := range events {
		level := slog.LevelInfo
		if e.Trouble {
			level = slog.LevelWarn
		}
		if !e.Again {
			m.c.Log.Log(ctx, level, "key commitment: "+e.Message, "issuer", e.Issuer, "code", e.Code)
		}
	}
	if m.c.Folder != nil {
		if err := m.c.Folder.write(next, next.Document(m.c.Issuers), events, now); err != nil {
			return events, err
		}
	}
	m.set(next)
	return events, nil
}

func (m *Mirror) set(s State) {
	doc := s.Document(m.c.Issuers)
	sum := sha256.Sum256(doc)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state, m.doc, m.etag = s, doc, `"`+hex.EncodeToString(sum[:])+`"`
}

// ServeHTTP serves the document, the same bytes to everybody. A request that
// comes before the first update waits for it.
func (m *Mirror) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p := web.CheckMethod(w, r, http.MethodGet); p != nil {
		p.Write(w)
		return
	}
	doc, etag := m.current(r.Context())
	if doc == nil {
		web.NewProblem(http.StatusServiceUnavailable, "unavailable", "The keeper has not heard from its issuers yet. Try again in a moment.").Write(w)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", etag)
	h.Set("X-Content-Type-Options", "nosniff")
	if web.NoneMatch(r.Header.Values("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(doc)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(doc)
	}
}

func (m *Mirror) current(ctx context.Context) (doc []byte, etag string) {
	read := func() ([]byte, string) {
		m.mu.RLock()
		defer m.mu.RUnlock()
		return m.doc, m.etag
	}
	if doc, etag = read(); doc != nil {
		return doc, etag
	}
	select {
	case <-m.refresh:
		defer func() { m.refresh <- struct{}{} }()
	case <-ctx.Done():
		return nil, ""
	}
	// Somebody else may have had the turn meanwhile.
	if doc, etag = read(); doc != nil {
		return doc, etag
	}
	// Whoever comes after a failure does not have everybody asked once more.
	if m.c.Now().Before(m.again) {
		return nil, ""
	}
	// It serves everybody who waits, so it does not end with this request.
	rounds := time.Duration((len(m.c.Issuers) + together - 1) / together)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rounds*answersIn+3*time.Second)
	defer cancel()
	if _, err := m.update(ctx); err != nil {
		m.again = m.c.Now().Add(time.Minute)
		m.c.Log.Error("the key commitments could not be read or kept", "error", err)
	}
	return read()
}

// Document returns the document as it is now, nil before the first update.
func (m *Mirror) Document() []byte {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return append([]byte(nil), m.doc...)
}
