package rpserver_test

import (
	"testing"

	"github.com/bonafides-dev/bonafides/rpserver"
)

// Some providers put more into aud than the client: Zitadel its project and the
// project's other clients. Whom it trusts there is for the site to say.
func TestFurtherAudiencesAreTakenWhereTheSiteNamesThem(t *testing.T) {
	for name, c := range map[string]struct {
		trusted []string
		aud     []string
		azp     any
		code    string
	}{
		"nobody is trusted":         {nil, []string{clientID, "project"}, clientID, "aud_untrusted"},
		"the project is trusted":    {[]string{"project"}, []string{clientID, "project"}, clientID, ""},
		"another is not":            {[]string{"project"}, []string{clientID, "project", "stranger"}, clientID, "aud_untrusted"},
		"for the trusted one alone": {[]string{"project"}, []string{"project"}, "project", "aud_mismatch"},
		"given to nobody":           {[]string{"project"}, []string{clientID, "project"}, nil, "azp_mismatch"},
		"given to another":          {[]string{"project"}, []string{clientID, "project"}, "project", "azp_mismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, func(c2 *rpserver.Config) { c2.Providers[0].TrustedAudiences = c.trusted })
			b := s.browser(t)
			a := b.send(sign(t, testKeys().es256, s.idp.claims(b.nonce(), s.clock.Now()).with(claims{"aud": c.aud, "azp": c.azp})))
			if a.code != c.code || (a.status == 200) != (c.code == "") {
				t.Errorf("%d %q, want %q: %s", a.status, a.code, c.code, a.body)
			}
		})
	}
}
