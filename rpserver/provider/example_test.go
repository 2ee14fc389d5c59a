package provider_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/rpserver/provider"
)

// A server that workflows of one repository deploy to, from its main branch alone.
func ExampleVerifier() {
	verifier, err := provider.NewVerifier(provider.GitHubActions("https://deploy.example", "octo-org/octo-repo",
		oidc.ClaimMatch{Name: "ref", Values: []string{"refs/heads/main"}}))
	if err != nil {
		slog.Error("verifier", "error", err)
		return
	}
	deploy := verifier.RequireToken(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := provider.TokenOf(r.Context())
		fmt.Fprintf(w, "deploying for %s\n", token.Subject)
	}))

	w := httptest.NewRecorder()
	deploy.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/deploy", nil))
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	// Output: 401 Bearer
}
