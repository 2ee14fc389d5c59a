package oidc

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// A provider reads what a relying party wrote.
func TestARequestIsReadAsItWasWritten(t *testing.T) {
	sent := testRequest()
	sent.Prompt, sent.MaxAge, sent.LoginHint, sent.HostedDomain = "login consent", "60", "ada lovelace@example", "example.org"
	sent.Display, sent.ACRValues, sent.Extra = "popup", "1 2", []Param{{"signed_in_since", "7"}, {"empty", ""}}
	raw, err := sent.URL("https://idp.example/authorize")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	got := ParseAuthRequest(u.Query(), "signed_in_since", "display", "another")
	if err := got.Judge(AuthRules{}); err != nil {
		t.Fatal(err)
	}
	if got.ClientID != sent.ClientID || got.RedirectURI != sent.RedirectURI || got.State != sent.State || got.Nonce != sent.Nonce ||
		got.Challenge != sent.Challenge || got.LoginHint != sent.LoginHint || got.HostedDomain != sent.HostedDomain ||
		got.Display != "popup" || !slices.Equal(got.Scopes, sent.Scopes) || !slices.Equal(got.Extra, sent.Extra[:1]) {
		t.Errorf("%+v", got)
	}
	if got.ACRValues != "" {
		t.Error("a hint was read that the provider did not name")
	}
	if !got.HasPrompt(PromptLogin) || !got.HasPrompt(PromptConsent) || got.HasPrompt(PromptNone) || got.HasPrompt("login consent") {
		t.Errorf("prompt %q", got.Prompt)
	}
	now := time.Unix(1_800_000_000, 0)
	if since := got.SignedInSince(now); !since.Equal(now.Add(-time.Minute)) {
		t.Errorf("since %v", since)
	}
	if r := testRequest(); !r.SignedInSince(now).IsZero() {
		t.Error("a request without max_age asks for a sign-in")
	}
	// What is carried on is what came, neither more nor less.
	carried := url.Values{}
	for _, p := range got.Params() {
		carried.Set(p.Name, p.Value)
	}
	want := u.Query()
	want.Del("acr_values")
	if carried.Encode() != want.Encode() {
		t.Errorf("%s\nwant\n%s", carried.Encode(), want.Encode())
	}
}

// goodQuery is a request that is accepted.
func goodQuery() url.Values {
	return url.Values{"client_id": {theClient}, "redirect_uri": {"https://rp.example/cb"}, "response_type": {"code"}, "scope": {"openid"},
		"state": {"s"}, "nonce": {"n"}, "code_challenge": {testRequest().Challenge}, "code_challenge_method": {"S256"}}
}

// Of several faults the first in this list is named, so each case has those below it too.
func TestARequestIsRefusedForItsFirstFault(t *testing.T) {
	faults := []struct{ name, value, code, text string }{
		{"login_hint", "\xff", ErrorInvalidRequest, "a parameter is not UTF-8"},
		{"login_hint", strings.Repeat("ä", 400) + strings.Repeat(" ", 800), ErrorInvalidRequest, "the parameters are longer than 3 KiB"},
		{"request", "x", ErrorRequestNotSupported, "request objects are not supported"},
		{"request_uri", "x", ErrorRequestURINotSupported, "request_uri is not supported"},
		{"registration", "x", ErrorRegistrationNotSupported, "registration is not supported"},
		{"response_type", "", ErrorInvalidRequest, "response_type is missing"},
		{"response_type", "code id_token", ErrorUnsupportedResponseType, "response_type must be code"},
		{"response_mode", "fragment", ErrorInvalidRequest, "response_mode must be query"},
		{"scope", "openid2 profile", ErrorInvalidScope, "scope must hold openid"},
		{"nonce", strings.Repeat("n", MaxNonce+1), ErrorInvalidRequest, "nonce is longer than 512 bytes"},
		{"code_challenge_method", "plain", ErrorInvalidRequest, "code_challenge_method must be S256 (RFC 7636)"},
		{"code_challenge", "short", ErrorInvalidRequest, "code_challenge is missing or is not an S256 challenge (RFC 7636)"},
		{"prompt", "none login", ErrorInvalidRequest, "prompt none must stand alone"},
		{"prompt", "create", ErrorInvalidRequest, "prompt has an unknown value"},
		{"max_age", "-1", ErrorInvalidRequest, "max_age is not a number of seconds"},
	}
	q := goodQuery()
	if err := ParseAuthRequest(q).Judge(AuthRules{}); err != nil {
		t.Fatal(err)
	}
	for i := len(faults) - 1; i >= 0; i-- {
		f := faults[i]
		q.Set(f.name, f.value)
		r := ParseAuthRequest(q)
		err, ok := r.Judge(AuthRules{}).(*ProviderError)
		if !ok || err.Code != f.code || err.Description != f.text {
			t.Errorf("%s=%.20q: %+v, want %s: %s", f.name, f.value, err, f.code, f.text)
		}
		if long := strings.Contains(f.text, "3 KiB"); long != (r.State == "") {
			t.Errorf("%s: state %q", f.text, r.State)
		}
	}
	q = goodQuery()
	q.Del("nonce")
	if err := ParseAuthRequest(q).Judge(AuthRules{}); err != nil {
		t.Errorf("without a nonce: %v", err)
	}
	if err, ok := ParseAuthRequest(q).Judge(AuthRules{RequireNonce: true}).(*ProviderError); !ok || err.Description != "nonce is missing" {
		t.Errorf("without a nonce that is required: %v", err)
	}
	bare := goodQuery()
	bare.Del("code_challenge")
	if err := ParseAuthRequest(bare).Judge(AuthRules{AllowNoPKCE: true}); err == nil {
		t.Error("a method without a challenge was taken")
	}
	bare.Del("code_challenge_method")
	if err := ParseAuthRequest(bare).Judge(AuthRules{AllowNoPKCE: true}); err != nil {
		t.Errorf("without PKCE: %v", err)
	}
	if err, ok := ParseAuthRequest(bare).Judge(AuthRules{}).(*ProviderError); !ok || !strings.Contains(err.Description, "wants PKCE") {
		t.Errorf("without PKCE that is required: %v", err)
	}
	q["state"], q["scope"] = []string{"s", "s"}, []string{"openid", "openid"}
	r := ParseAuthRequest(q)
	if err, ok := r.Judge(AuthRules{}).(*ProviderError); !ok || err.Description != "state appears more than once" || r.Repeated() != "state" || r.State != "" {
		t.Errorf("state twice: %+v, %q", err, r.State)
	}
}

// The bound is on the query as net/url writes it.
func TestTheSizeOfARequestIsThatOfItsQuery(t *testing.T) {
	q := goodQuery()
	q.Set("login_hint", " ä&~")
	room := MaxAuthRequest - len(q.Encode())
	for extra, good := range map[int]bool{room: true, room + 1: false} {
		q.Set("login_hint", " ä&~"+strings.Repeat("x", extra))
		if err := ParseAuthRequest(q).Judge(AuthRules{}); (err == nil) != good {
			t.Errorf("%d bytes: %v", len(q.Encode()), err)
		}
	}
}

func FuzzParseAuthRequest(f *testing.F) {
	f.Add(goodQuery().Encode())
	f.Add("client_id=a&client_id=b&prompt=none+login&max_age=9")
	f.Add("own=1&display=%ff&scope=openid+openid")
	f.Add(strings.Replace(goodQuery().Encode(), "nonce=", "none=", 1))
	rules := AuthRules{RequireNonce: true}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		r := ParseAuthRequest(q, "own", "display")
		err = r.Judge(rules)
		if _, ok := err.(*ProviderError); err != nil && !ok {
			t.Fatalf("not a *ProviderError: %v", err)
		}
		carried := url.Values{}
		for _, p := range r.Params() {
			carried.Set(p.Name, p.Value)
			if len(q[p.Name]) != 1 || q.Get(p.Name) != p.Value {
				t.Fatalf("%s is not as it came", p.Name)
			}
		}
		if err != nil {
			return
		}
		if len(carried.Encode()) > MaxAuthRequest || r.Nonce == "" || !slices.Contains(r.Scopes, "openid") || CheckChallenge(r.Challenge) != nil {
			t.Fatalf("accepted: %s", raw)
		}
		// What is carried on is accepted again.
		if err := ParseAuthRequest(carried, "own", "display").Judge(rules); err != nil {
			t.Fatalf("%s: %v", carried.Encode(), err)
		}
	})
}
