package stack

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"

	"github.com/bonafides-dev/bonafides/demo/ads"
	"github.com/bonafides-dev/bonafides/demo/guide"
	"github.com/bonafides-dev/bonafides/demo/home"
	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/issuersite"
	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/news"
	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/rpserver/record"
	"github.com/bonafides-dev/bonafides/store/spentstore"
)

// issuer is the library: the token issuer inside a site that knows its members.
func (s *Stack) issuer(c Config, k *keys) (http.Handler, error) {
	kept, err := openSpent(filepath.Join(c.DataDir, fileSpent))
	store, err := opened(s, kept, err)
	if err != nil {
		return nil, err
	}
	site, err := issuersite.New(issuersite.Config{
		Origins: instrument.Origins(s.Origins), Hub: s.Hub, Ledger: store, Client: s.attacker(), Now: c.Now,
		Issuer: issuer.Config{
			Origin:       s.Origins.Issuer,
			Keys:         k.token,
			RecordSigner: issuer.NewRecordSigner(k.record.key), RecordKeys: issuer.RecordKeySet(k.record.public...), Record: c.Record,
			Policy: c.Policy, Spent: store, Counter: store, Polyfill: true,
			Now: c.Now, Log: c.Log,
		},
	})
	if err != nil {
		return nil, err
	}
	s.commitment = site.Commitment()
	return site, nil
}

// openSpent brings a file of an earlier demo up to date; it is never large.
func openSpent(path string) (*spentstore.Store, error) {
	s, err := spentstore.OpenSQLite(path)
	if !errors.Is(err, spentstore.ErrOldFile) {
		return s, err
	}
	if _, err := spentstore.Migrate(context.Background(), path, nil); err != nil {
		return nil, err
	}
	return spentstore.OpenSQLite(path)
}

// attacker is the client of the attack buttons. What they send is drawn from
// the browser: an attack comes from outside, not from the server it is aimed at.
func (s *Stack) attacker() *http.Client { return s.Client(look.Browser) }

// checker reads redemption records of the issuer for party, which fetches the
// issuer's record keys itself. Only the site that redeemed may send its record,
// and the frames of party that stand on the embedders' pages.
func (s *Stack) checker(c Config, party look.Party, frames, embedders []string) (*record.Checker, error) {
	keys, err := jwks.New(jwks.Config{Client: s.Client(party), Locate: jwks.At(jwks.RecordKeysPath), Now: c.Now})
	if err != nil {
		return nil, err
	}
	return record.New(record.Config{
		Issuers: map[string]jwks.KeySource{s.Origins.Issuer: keys},
		Now:     c.Now,

		AllowedFrames: frames, Embedders: embedders,
	})
}

// news is the newspaper.
func (s *Stack) news(c Config) (http.Handler, error) {
	checker, err := s.checker(c, look.Publisher, nil, nil)
	if err != nil {
		return nil, err
	}
	return news.New(news.Config{
		Origins: instrument.Origins(s.Origins), Hub: s.Hub, Records: checker, Client: s.attacker(), Now: c.Now,
	})
}

// ads takes records from the newspaper's pages: the fetch that they make, and
// the frame that they load.
func (s *Stack) ads(c Config) (http.Handler, error) {
	checker, err := s.checker(c, look.AdNetwork, []string{s.Origins.Ads}, []string{s.Origins.News})
	if err != nil {
		return nil, err
	}
	return ads.New(ads.Config{
		Origins: instrument.Origins(s.Origins), Hub: s.Hub, Records: checker, Client: s.attacker(), Now: c.Now,
	})
}

func (s *Stack) home(c Config, walk *guide.Guide) (http.Handler, error) {
	config := home.Config{Hub: s.Hub, Mailbox: s.Mailbox, Guide: walk, Origin: s.Origins.Home, Keeper: s.Origins.Keeper, Started: c.StartsChrome}
	names := ""
	for _, site := range s.Origins.Sites() {
		config.Parties = append(config.Parties, home.Party{Party: site.Party, Origin: site.Origin})
		names += " " + hostname(site.Origin)
	}
	config.HostsLine = "127.0.0.1" + names + " " + hostname(s.Origins.Keeper)
	config.ChromeCommand = CommandLine("chromium", s.ChromeArgs("/tmp/bonafides-profile"))
	return home.New(config)
}
