package cli_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
)

// The demo's and the examples' issuers have such names, which few resolvers know.
func TestLocalClientFindsNamesBelowLocalhost(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	defer server.Close()
	for _, name := range []string{"127.0.0.1", "issuer.localhost"} {
		res, err := cli.LocalClient().Get(strings.Replace(server.URL, "127.0.0.1", name, 1))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		res.Body.Close()
		if res.StatusCode != http.StatusFound {
			t.Errorf("%s: a redirect was followed: %d", name, res.StatusCode)
		}
	}
}
