package oidc

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// What is read of an answer is what another JSON reader finds there, can go into a
// header, and is of a bounded size in a log.
func FuzzParseTokenAnswer(f *testing.F) {
	for _, seed := range []string{`{}`, `{"access_token":"a","token_type":"Bearer","expires_in":"3600","scope":["a","b"],"id_token":"a.b.c"}`,
		`{"error":"invalid_grant","error_description":"\n\u202e"}`, `{"error":{"code":"x","message":"y"}}`, `{"access_token":"a\n"}`, `{"id_token":"a","id_token":"b"}`, "{\"x\":\"\xff\",\"scope\":\"\"}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := ParseTokenAnswer(body, 4<<10)
		var refused *Error
		var said *ProviderError
		switch {
		case err == nil:
		case errors.As(err, &said):
			if said.Code == "" || len(said.Said()) > 64+2+256 || strings.ContainsFunc(said.Said(), func(c rune) bool { return c < 0x20 || c > 0x7e }) {
				t.Fatalf("%q: %q", body, said.Said())
			}
			return
		case errors.As(err, &refused):
			return
		default:
			t.Fatalf("%q: %v", body, err)
		}
		var other map[string]any
		if err := json.Unmarshal(body, &other); err != nil {
			t.Fatalf("accepted what is no JSON: %q", body)
		}
		for name, got := range map[string]string{"id_token": a.IDToken, "access_token": a.AccessToken, "refresh_token": a.RefreshToken} {
			if want, _ := other[name].(string); got != want || !isPrintable(got) {
				t.Fatalf("%q: %s is %q", body, name, got)
			}
		}
		if a.ExpiresIn < 0 || a.ExpiresIn > 1<<31 {
			t.Fatalf("%q: %d", body, a.ExpiresIn)
		}
	})
}

func FuzzParseUserinfo(f *testing.F) {
	for _, seed := range []string{`{"sub":"u"}`, `{"sub":"u","name":"\ud83d","email":"a@b","email_verified":"true"}`, `{"sub":"u","sub":"v"}`, `{"\u0073ub":"u","sub":"v"}`, `{"sub":"v"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		u, err := ParseUserinfo(body, "u", 4<<10)
		if err != nil {
			var refused *Error
			if !errors.As(err, &refused) || u != nil {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		var other map[string]any
		if err := json.Unmarshal(body, &other); err != nil || other["sub"] != "u" {
			t.Fatalf("%q is about %v", body, other["sub"])
		}
		merged := MergeUserinfo(&IDToken{Subject: "u"}, u)
		if merged.Subject != "u" || merged.HostedDomain != "" || merged.EmailVerified && merged.Email == "" {
			t.Fatalf("%q: %+v", body, merged)
		}
	})
}

// The claims vary under a good signature: what is accepted holds the event, has no nonce
// and names whom it is about.
func FuzzLogoutToken(f *testing.F) {
	for _, seed := range []string{logout(), logout("sub", "-"), logout("exp", "-"), logout("nonce", "null"), claims(), logout("sid", `"\ud83d"`), "{}"} {
		f.Add([]byte(seed))
	}
	c := good(f)
	f.Fuzz(func(t *testing.T, payload []byte) {
		l, err := VerifyLogoutToken(signLogout(t, "logout+jwt", string(payload)), c, testNow)
		if err != nil {
			if codeOf(err) == err.Error() || l != nil {
				t.Fatalf("not an *Error: %v", err)
			}
			return
		}
		var got map[string]any
		if err := json.Unmarshal(payload, &got); err != nil {
			t.Fatalf("accepted what is no JSON: %s", payload)
		}
		events, _ := got["events"].(map[string]any)
		if _, ok := events[LogoutEvent].(map[string]any); !ok || got["nonce"] != nil || l.ID == "" || l.Subject == "" && l.SessionID == "" || l.Issuer != theIssuer || l.Expiry < corpusNow {
			t.Fatalf("%s: %+v", payload, l)
		}
	})
}

func FuzzParsePushed(f *testing.F) {
	f.Add([]byte(`{"request_uri":"urn:a","expires_in":60}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		uri, err := ParsePushed(body, 4<<10)
		if (err == nil) != (uri != "") {
			t.Fatalf("%q: %q %v", body, uri, err)
		}
	})
}
