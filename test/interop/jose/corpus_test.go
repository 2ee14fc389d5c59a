package jose

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/lestrrat-go/jwx/v2/jwk"
	jwxjwt "github.com/lestrrat-go/jwx/v2/jwt"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

type corpus struct {
	Now     int64
	KeySets map[string]json.RawMessage
	Cases   []corpusCase
}

type corpusCase struct {
	Name, Class, Keys, Token, Expect string
	Config                           struct {
		Issuer, ClientID, Nonce, HD                 string
		IssuerAliases, TrustedAudiences, Algorithms []string
		Now                                         int64

		AuthorizedParties, Tenants []string
		IgnoreKeyHints, VerifyOnly bool
		Skew, MaxSize              int64
		Match                      map[string][]string
	}
}

// settings that only this project has; other verifiers cannot be asked.
func (c *corpusCase) ownOnly() bool {
	f := &c.Config
	return len(f.IssuerAliases)+len(f.TrustedAudiences)+len(f.AuthorizedParties)+len(f.Tenants)+len(f.Match) > 0 ||
		f.IgnoreKeyHints || f.VerifyOnly || f.Skew != 0 || f.MaxSize != 0
}

// TestCorpusAgainstOtherVerifiers runs the ID-token corpus through two widely
// used verifiers, set up as their documentation says, and logs how many answers
// deviate. It fails only where ours does; that the others accept what OpenID
// Connect or this project refuses is no fault of the test.
func TestCorpusAgainstOtherVerifiers(t *testing.T) {
	b, err := os.ReadFile("../../../protocol/oidc/testdata/idtoken-attacks.json")
	if err != nil {
		t.Fatal(err)
	}
	var c corpus
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(c.KeySets[strings.TrimPrefix(r.URL.Path, "/")])
	}))
	defer server.Close()
	remote := map[string]*gooidc.RemoteKeySet{}
	for name := range c.KeySets {
		remote[name] = gooidc.NewRemoteKeySet(context.Background(), server.URL+"/"+url.PathEscape(name))
	}
	verifiers := []struct {
		name   string
		verify func(*corpusCase, time.Time) error
	}{
		{"this project", func(k *corpusCase, now time.Time) error { return ours(&c, k, now) }},
		{"go-oidc", func(k *corpusCase, now time.Time) error { return byGoOIDC(remote[k.Keys], k, now) }},
		{"jwx/v2", func(k *corpusCase, now time.Time) error { return byJWX(c.KeySets[k.Keys], k, now) }},
	}
	for _, v := range verifiers {
		cases, accepted, refused, panics := 0, 0, 0, 0
		classes := map[string]int{}
		for i := range c.Cases {
			k := &c.Cases[i]
			if k.ownOnly() {
				continue
			}
			cases++
			now := c.Now
			if k.Config.Now != 0 {
				now = k.Config.Now
			}
			err := guarded(func() error { return v.verify(k, time.Unix(now, 0)) })
			switch {
			case err != nil && strings.HasPrefix(err.Error(), "panic: "):
				panics++
			case err == nil && k.Expect != "ok":
				accepted++
			case err != nil && k.Expect == "ok":
				refused++
			default:
				continue
			}
			classes[k.Class]++
			if v.name == "this project" {
				t.Errorf("%s: %v, want %s", k.Name, err, k.Expect)
			}
		}
		t.Logf("%-12s %d cases: %d accepted that must be refused, %d refused that must be accepted, %d panics; by class %v", v.name, cases, accepted, refused, panics, classes)
	}
}

func guarded(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return f()
}

func ours(c *corpus, k *corpusCase, now time.Time) error {
	keys, err := jws.ParseKeySet(c.KeySets[k.Keys])
	if err != nil {
		return err
	}
	config := oidc.Config{Issuer: k.Config.Issuer, ClientID: k.Config.ClientID, Keys: keys, Nonce: k.Config.Nonce, InsecureNoNonce: k.Config.Nonce == "", HostedDomain: k.Config.HD}
	for _, a := range k.Config.Algorithms {
		config.Algorithms = append(config.Algorithms, jws.Algorithm(a))
	}
	_, err = oidc.Verify(k.Token, config, now)
	return err
}

func byGoOIDC(keys *gooidc.RemoteKeySet, k *corpusCase, now time.Time) error {
	algs := k.Config.Algorithms
	if len(algs) == 0 {
		algs = []string{gooidc.RS256, gooidc.PS256, gooidc.ES256, gooidc.ES384, gooidc.EdDSA}
	}
	v := gooidc.NewVerifier(k.Config.Issuer, keys, &gooidc.Config{ClientID: k.Config.ClientID, SupportedSigningAlgs: algs, Now: func() time.Time { return now }})
	id, err := v.Verify(context.Background(), k.Token)
	if err != nil {
		return err
	}
	var claims struct {
		HD string `json:"hd"`
	}
	if err := id.Claims(&claims); err != nil {
		return err
	}
	return leftToTheCaller(k, id.Nonce, claims.HD)
}

func byJWX(set json.RawMessage, k *corpusCase, now time.Time) error {
	keys, err := jwk.Parse(set)
	if err != nil {
		return err
	}
	tok, err := jwxjwt.ParseString(k.Token, jwxjwt.WithKeySet(keys), jwxjwt.WithValidate(true), jwxjwt.WithIssuer(k.Config.Issuer), jwxjwt.WithAudience(k.Config.ClientID),
		jwxjwt.WithRequiredClaim("exp"), jwxjwt.WithRequiredClaim("iat"), jwxjwt.WithRequiredClaim("sub"), jwxjwt.WithClock(jwxjwt.ClockFunc(func() time.Time { return now })))
	if err != nil {
		return err
	}
	text := func(name string) string {
		v, _ := tok.Get(name)
		s, _ := v.(string)
		return s
	}
	return leftToTheCaller(k, text("nonce"), text("hd"))
}

// leftToTheCaller is what the documentation of both libraries leaves to the
// caller.
func leftToTheCaller(k *corpusCase, nonce, hd string) error {
	if k.Config.Nonce != "" && nonce != k.Config.Nonce {
		return fmt.Errorf("nonce %s", strconv.Quote(nonce))
	}
	if k.Config.HD != "" && (hd == "" || !slices.Contains([]string{hd, "*"}, k.Config.HD)) {
		return fmt.Errorf("hd %s", strconv.Quote(hd))
	}
	return nil
}
