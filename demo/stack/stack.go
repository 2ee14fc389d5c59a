// Package stack is the whole demo as one value: six sites behind one listener,
// their keys, their stores, and the trace of every message. The command runs
// it, and the tests run the same.
package stack

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/bonafides-dev/bonafides/demo/guide"
	"github.com/bonafides-dev/bonafides/demo/home"
	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/wasm/mirror"
)

// Config is what a demo may be told. The zero value is the demo as it is.
type Config struct {
	Addr    string // "localhost:8080" if empty; a loopback address; port 0 takes a free one
	DataDir string // DefaultDataDir() if empty
	Fresh   bool   // forget keys and databases first

	// Policy decides who gets how many tokens; nil is the library's own: 30 for a
	// member of a year or more, 7 for a new one, none for strangers.
	Policy issuer.Policy
	// Record is the kind of redemption record; the zero value is shared.
	Record issuer.RecordMode
	// Clients are sites of the user's own that sign people in at the provider.
	Clients []Client
	// Hub records the messages; nil makes one.
	Hub *trace.Hub

	StartsChrome bool             // the home page then does not explain how to
	Now          func() time.Time // time.Now if nil
	Log          *slog.Logger     // silent if nil
}

// A Stack is a demo that listens. Serve answers requests.
type Stack struct {
	Origins Origins
	DataDir string
	Hub     *trace.Hub
	Mailbox *home.Mailbox
	Mirror  *mirror.Mirror // the keeper's key commitments; Serve keeps them fresh

	listeners  []net.Listener
	handler    http.Handler
	commitment []byte
	closers    []io.Closer
}

// New makes the keys and stores that are missing, opens the listeners and wires
// the sites. Close must be called in the end, Serve or not.
func New(c Config) (_ *Stack, err error) {
	if c.Addr == "" {
		c.Addr = "localhost:8080"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Hub == nil {
		c.Hub = trace.NewHub()
	}
	if c.DataDir == "" {
		if c.DataDir, err = DefaultDataDir(); err != nil {
			return nil, err
		}
	}
	s := &Stack{DataDir: c.DataDir, Hub: c.Hub, Mailbox: &home.Mailbox{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	// The port first: whoever has it may be using the same folder.
	if s.listeners, err = listen(c.Addr); err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(s.listeners[0].Addr().String())
	if err != nil {
		return nil, err
	}
	s.Origins = originsAt(port)
	if err := prepareData(c.DataDir, c.Fresh); err != nil {
		return nil, err
	}
	k, err := loadKeys(c.DataDir, c.Now())
	if err != nil {
		return nil, err
	}
	if err := s.wire(c, k); err != nil {
		return nil, err
	}
	return s, nil
}

// wire makes every party and puts each behind its host name. It is the one
// place where they meet: they do not import each other.
func (s *Stack) wire(c Config, k *keys) error {
	issuerSite, err := s.issuer(c, k)
	if err != nil {
		return fmt.Errorf("the issuer: %w", err)
	}
	newsSite, err := s.news(c)
	if err != nil {
		return fmt.Errorf("the newspaper: %w", err)
	}
	adsSite, err := s.ads(c)
	if err != nil {
		return fmt.Errorf("the ad network: %w", err)
	}
	idpSite, err := s.idp(c, k)
	if err != nil {
		return fmt.Errorf("the identity provider: %w", err)
	}
	shopSite, err := s.shop(c)
	if err != nil {
		return fmt.Errorf("the shop: %w", err)
	}
	walk, err := guide.New(s.Hub, guide.Origins{Home: s.Origins.Home, Issuer: s.Origins.Issuer, News: s.Origins.News, IdP: s.Origins.IdP, Shop: s.Origins.Shop})
	if err != nil {
		return fmt.Errorf("the guide: %w", err)
	}
	homeSite, err := s.home(c, walk)
	if err != nil {
		return fmt.Errorf("the home page: %w", err)
	}
	hosts := &byHost{origins: s.Origins, home: homeSite, guide: walk, sites: map[string]http.Handler{}}
	for party, site := range map[look.Party]http.Handler{
		look.Issuer: issuerSite, look.Publisher: newsSite, look.AdNetwork: adsSite, look.IdP: idpSite, look.Shop: shopSite,
	} {
		hosts.sites[hostname(s.Origins.of(party))] = instrument.Verdicts(s.Hub.Wrap(party, site))
	}
	keeper, err := s.keeper(c)
	if err != nil {
		return fmt.Errorf("the keeper: %w", err)
	}
	hosts.sites[hostname(s.Origins.Keeper)] = keeper
	s.handler = hosts
	return nil
}

// Handler answers for all sites, by the Host of the request.
func (s *Stack) Handler() http.Handler { return s.handler }

// Client returns an HTTP client that reaches the sites by name, as party.
func (s *Stack) Client(party look.Party) *http.Client {
	return client(s.Hub, party, s.listeners[0].Addr())
}

// Close closes the listeners and the stores.
func (s *Stack) Close() error {
	var errs []error
	for _, l := range s.listeners {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i].Close())
	}
	s.listeners, s.closers = nil, nil
	return errors.Join(errs...)
}

// opened remembers what must be closed.
func opened[C io.Closer](s *Stack, c C, err error) (C, error) {
	if err == nil {
		s.closers = append(s.closers, c)
	}
	return c, err
}
