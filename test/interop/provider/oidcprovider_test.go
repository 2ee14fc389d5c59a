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

// oidcProvider starts panva's oidc-provider in Node, from the packages at the root.
func oidcProvider(t *testing.T) func(a addresses) (issuer, id, secret string) {
	return func(a addresses) (issuer, id, secret string) {
		t.Helper()
		id, secret = "shop", "a secret of 32 characters at least"
		client, err := json.Marshal(map[string]any{
			"client_id": id, "client_secret": secret, "redirect_uris": []string{a.redirect},
			"grant_types": []string{"authorization_code", "refresh_token"}, "response_types": []string{"code"},
			"post_logout_redirect_uris": []string{a.signedOut},
			"backchannel_logout_uri":    a.backChannel, "backchannel_logout_session_required": true,
		})
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("node", "oidc-provider.mjs", string(client))
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
				return lines.Text(), id, secret
			}
		}
		t.Fatalf("oidc-provider did not start: %s", &errs)
		return "", "", ""
	}
}

// It gives a refresh token only where the person was asked.
func offlineAsked(p *rpserver.Provider) { p.Offline, p.Prompt = true, "consent" }

func TestAtOIDCProvider(t *testing.T) {
	var issuer string
	start := oidcProvider(t)
	s := newSite(t, func(a addresses) (string, string, string) {
		i, id, secret := start(a)
		issuer = i
		return i, id, secret
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
