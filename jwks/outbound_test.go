package jwks

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// Without a client of the caller's the source goes where the issuer may lead, and
// nowhere else. The listeners are real and count who connects.
func TestASourceOfItsOwnGoesToPublicAddressesAndToAnIssuersOwnMachine(t *testing.T) {
	var connections atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(setOf("k1"))) }))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	for name, c := range map[string]struct {
		issuer, at string
		private    []netip.Prefix
		good       bool
		dialled    bool
		why        string
	}{
		"an issuer on this machine":               {"http://127.0.0.1:" + port, s.URL, nil, true, true, ""},
		"another name on the issuer's machine":    {"http://idp.localhost:1", "http://keys.localhost:" + port, nil, true, true, ""},
		"http here, of an issuer elsewhere":       {"https://idp.example", s.URL, nil, false, false, "not https"},
		"http here, of an https issuer here":      {"https://localhost:1", s.URL, nil, false, false, "not https"},
		"https here, of an issuer elsewhere":      {"https://idp.example", "https://127.0.0.1:" + port, nil, false, false, "not a public address"},
		"a private address":                       {"https://idp.example", "https://10.0.0.1:" + port, nil, false, false, "not a public address"},
		"the link's own address":                  {"https://idp.example", "https://169.254.169.254:" + port, nil, false, false, "not a public address"},
		"an address that is named, without https": {"https://idp.example", s.URL, loopback, false, false, "not https"},
		"an address that is named":                {"https://idp.example", "https://127.0.0.1:" + port, loopback, false, true, "HTTP response to HTTPS client"},
	} {
		t.Run(name, func(t *testing.T) {
			before := connections.Load()
			var why error
			source, err := New(Config{Locate: URL(c.at + "/k"), PrivateAddresses: c.private, OnError: func(_ string, err error) { why = err }})
			if err != nil {
				t.Fatal(err)
			}
			keys, err := source.KeySet(t.Context(), c.issuer)
			if c.good && (err != nil || len(keys.Keys()) != 1) || !c.good && (err == nil || !strings.Contains(err.Error(), jws.CodeKeysUnavailable) || !strings.Contains(why.Error(), c.why)) {
				t.Errorf("%v: %v", err, why)
			}
			if dialled := connections.Load() != before; dialled != c.dialled {
				t.Errorf("connected: %v", dialled)
			}
		})
	}
}
