package stack

import (
	"net/http"
	"path/filepath"
	"time"

	"github.com/bonafides-dev/bonafides/demo/ads"
	"github.com/bonafides-dev/bonafides/demo/home"
	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/issuersite"
	"github.com/bonafides-dev/bonafides/demo/news"
	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/rpserver/jwks"
	"github.com/bonafides-dev/bonafides/rpserver/record"
	"github.com/bonafides-dev/bonafides/store/spent"
)

// keyLife is how long browsers use the token key.
const keyLife = 90 * 24 * time.Hour

// issuer is the library: the token issuer inside a site that knows its members.
func (s *Stack) issuer(c Config, k *keys) (http.Handler, error) {
	kept, err := spent.OpenSQLite(filepath.Join(c.DataDir, fileSpent))
	store, err := opened(s, kept, err)
	if err != nil {
		return nil, err
	}
	set, err := pst.NewKeySet(k.token)
	if err != nil {
		return nil, err
	}
	recordKeys, err := jose.PublicSet(k.record)
	if err != nil {
		return nil, err
	}
	site, err := issuersite.New(issuersite.Config{
		Origins: instrument.Origins(s.Origins), Hub: s.Hub, Ledger: store, Client: s.attacker(), Now: c.Now,
		Issuer: issuer.Config{
			Origin: s.Origins.Issuer,
			// The day is cut off so that a restart does not change what browsers were told.
			Keys: set, KeyExpiry: map[uint32]time.Time{tokenKeyID: c.Now().UTC().Truncate(24 * time.Hour).Add(keyLife)},
			RecordSigner: k.record.Signer(), RecordKeys: recordKeys, Record: c.Record,
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
		Issuers: map[string]record.KeySource{s.Origins.Issuer: keys},
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

func (s *Stack) home(c Config) (http.Handler, error) {
	config := home.Config{Hub: s.Hub, Mailbox: s.Mailbox, Origin: s.Origins.Home, Keeper: s.Origins.Keeper, Started: c.StartsChrome}
	names := ""
	for _, site := range s.Origins.Sites() {
		config.Parties = append(config.Parties, home.Party{Party: site.Party, Origin: site.Origin})
		names += " " + hostname(site.Origin)
	}
	config.HostsLine = "127.0.0.1" + names + " " + hostname(s.Origins.Keeper)
	config.ChromeCommand = CommandLine("chromium", s.ChromeArgs("/tmp/bonafides-profile"))
	return home.New(config)
}
