package rpserver_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/idptest"
)

// A hint comes from whoever wrote the link. A pushed request would carry what no address
// holds to the provider, in this site's name.
func TestALoginHintThatIsNoAddressIsLeftOut(t *testing.T) {
	for _, pushed := range []bool{false, true} {
		idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{Endpoints: idptest.EndpointQuirks{PARRequired: pushed}}))
		a, seen := newAway(t, idp, nil), 0
		for hint, want := range map[string]bool{
			"ada@example.test": true, strings.Repeat("a", 1024): true, strings.Repeat("a", 1025): false, strings.Repeat("a", 500_000): false,
		} {
			for _, start := range []string{
				"/signin/start?login_hint=" + hint, "/signin/initiate?iss=" + url.QueryEscape(idp.Issuer) + "&login_hint=" + hint,
			} {
				if p := a.open(a.URL + start); p.at.Path != "/" {
					t.Fatalf("%.40s (%d): %d %s", start, len(hint), p.status, p.code)
				}
				got := ""
				for _, r := range idp.Requests()[seen:] {
					if r.Endpoint == idptest.Authorization || r.Endpoint == idptest.PAR {
						got = max(got, r.Form.Get("login_hint"))
					}
				}
				seen = len(idp.Requests())
				if (got == hint) != want || (got == "") != !want {
					t.Errorf("pushed %v, %.40s (%d): the provider got %d", pushed, start, len(hint), len(got))
				}
			}
		}
	}
}
