package check

import (
	"errors"
	"flag"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// tokenSettings are the flags of token check that stand for settings of oidc.Config; a
// refusal that one of them would change names it as Config does.
type tokenSettings struct {
	config     oidc.Config
	algorithms list
	match      matches
}

func settingFlags(f *flag.FlagSet) *tokenSettings {
	s := &tokenSettings{}
	c := &s.config
	f.Var((*list)(&c.IssuerAliases), "issuer-aliases", "a further `ISSUER` that means the same provider; may be given several times, as those below that name one")
	f.Var((*list)(&c.Tenants), "tenants", "a `TENANT` whose people may sign in; -issuer then holds {tenantid}")
	f.Var((*list)(&c.TrustedAudiences), "trusted-audiences", "an `AUDIENCE` that may stand in aud beside the client")
	f.Var((*list)(&c.AuthorizedParties), "authorized-parties", "a `CLIENT` that may be the azp of a token beside the client")
	f.Var(&s.match, "match", "a claim that every token must have, as `NAME=VALUE`; several of one name: one of the values")
	f.BoolVar(&c.VerifyOnly, "verify-only", false, "take tokens of machines, which may have no subject; needs -match")
	f.BoolVar(&c.IgnoreKeyHints, "ignore-key-hints", false, "read past jku, x5u and x5c in a token's header")
	f.Var(&s.algorithms, "algorithms", "a signature `ALGORITHM` to accept; without it all of them")
	f.DurationVar(&c.Skew, "skew", 0, "how far the provider's clock may differ, at most 5m; 0: exp gets none, iat and nbf 60s")
	f.IntVar(&c.MaxSize, "max-size", 0, "the longest token in bytes; 0: 16384")
	return s
}

// complete returns the settings with what token check always has, and says whether they
// can judge anything.
func (s *tokenSettings) complete(issuer, client, nonce, hd string, keys *jws.KeySet, now time.Time) (oidc.Config, error) {
	c := s.config
	c.Issuer, c.ClientID, c.Keys, c.Nonce, c.HostedDomain = issuer, client, keys, nonce, hd
	c.InsecureNoNonce = nonce == "" && !c.VerifyOnly
	c.Match = s.match
	for _, a := range s.algorithms {
		c.Algorithms = append(c.Algorithms, jws.Algorithm(a))
	}
	if c.MaxSize < 0 || c.MaxSize > maxLine {
		return c, errors.New("-max-size is below 0 or above 4 MiB")
	}
	if _, err := oidc.Judge("", c, now); errors.Is(err, &oidc.Error{Code: oidc.CodeConfig}) {
		return c, err
	}
	return c, nil
}

// list is a flag that may be given several times.
type list []string

func (l *list) String() string { return strings.Join(*l, " ") }

func (l *list) Set(s string) error {
	if s == "" {
		return errors.New("it is empty")
	}
	*l = append(*l, s)
	return nil
}

// matches is a flag with the name of a claim and a value.
type matches []oidc.ClaimMatch

func (m *matches) String() string { return "" }

func (m *matches) Set(s string) error {
	name, value, ok := strings.Cut(s, "=")
	if !ok || name == "" || value == "" {
		return errors.New("it is not NAME=VALUE")
	}
	for i := range *m {
		if e := &(*m)[i]; e.Name == name {
			e.Values = append(e.Values, value)
			return nil
		}
	}
	*m = append(*m, oidc.ClaimMatch{Name: name, Values: []string{value}})
	return nil
}
