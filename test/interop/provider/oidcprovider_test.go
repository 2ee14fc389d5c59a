package provider

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/rpserver"
)

// client is a client as a provider registers it (OpenID Connect Dynamic Client
// Registration 1.0 section 2).
type client map[string]any

// client is ours.
func (a addresses) client() client {
	return client{
		"client_id": "shop", "client_secret": "a secret of 32 characters at least", "redirect_uris": []string{a.redirect},
		"grant_types": []string{"authorization_code", "refresh_token"}, "response_types": []string{"code"},
		"post_logout_redirect_uris": []string{a.signedOut},
		"backchannel_logout_uri":    a.backChannel, "backchannel_logout_session_required": true,
	}
}

// Whether all clients must push their requests (RFC 9126).
const pushed, noPushed = true, false

// oidcProvider starts panva's oidc-provider in Node, from the packages at the root, and
// returns its issuer.
func oidcProvider(t *testing.T, push bool, clients ...client) string {
	t.Helper()
	settings, err := json.Marshal(map[string]any{"clients": clients, "pushed": push})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "oidc-provider.mjs", string(settings))
	var errs bytes.Buffer
	cmd.Stderr = &errs
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("node, which make setup installs: %v", err)
	}
	t.Cleanup(func() {
		in.Close()
		err := cmd.Wait()
		if err != nil || t.Failed() {
			t.Logf("oidc-provider: %v\n%s", err, &errs)
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "http://127.0.0.1:") {
			return lines.Text()
		}
	}
	t.Fatalf("oidc-provider did not start: %s", &errs)
	return ""
}

// It gives a refresh token only where the person was asked.
func offlineAsked(p *rpserver.Provider) { p.Offline, p.Prompt = true, "consent" }

func TestAtOIDCProvider(t *testing.T) {
	var issuer string
	s := newSite(t, func(a addresses) (string, string, string) {
		c := a.client()
		issuer = oidcProvider(t, pushed, c)
		return issuer, c["client_id"].(string), c["client_secret"].(string)
	}, offlineAsked)
	ada := s.browser()
	ada.signIn()
	s.known()
	s.callsAPIs(issuer+"/me", 0)
	ada.signOut()

	// Signed out at the provider itself, which tells the site.
	ada.signIn()
	elsewhere := s.browser()
	elsewhere.signIn()
	ada.open(issuer + "/session/end")
	if who := ada.who(); who != "nobody" {
		t.Errorf("signed out at the provider, and here still %s\n%s", who, &s.log)
	}
	if who := elsewhere.who(); who != "ada" {
		t.Errorf("in a session that did not end: %s", who)
	}
}
