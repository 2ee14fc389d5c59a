package oidc

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

func codeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

var testKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32))

func testKeys(t testing.TB) *jws.KeySet {
	t.Helper()
	k, err := jws.ParseKey([]byte(`{"kty":"OKP","crv":"Ed25519","kid":"k","x":"` + jws.EncodeBase64URL(testKey.Public().(ed25519.PublicKey)) + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	return jws.NewKeySet(k)
}

func testToken(t testing.TB, claims string) string {
	t.Helper()
	token, err := jws.Sign(jws.NewEd25519Signer("k", testKey), "JWT", []byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func good(t testing.TB) Config {
	return Config{Issuer: theIssuer, ClientID: theClient, Keys: testKeys(t), Nonce: theNonce}
}

var testNow = time.Unix(corpusNow, 0)

func TestConfigMustBeComplete(t *testing.T) {
	token := testToken(t, claims())
	for name, change := range map[string]func(*Config){
		"zero":       func(c *Config) { *c = Config{} },
		"no issuer":  func(c *Config) { c.Issuer = "" },
		"no client":  func(c *Config) { c.ClientID = "" },
		"no nonce":   func(c *Config) { c.Nonce = "" },
		"zero nonce": func(c *Config) { c.Nonce, c.CheckNonce = "", nil },
	} {
		c := good(t)
		change(&c)
		if _, err := Verify(token, c, testNow); codeOf(err) != CodeConfig {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Judge(token, c, testNow); codeOf(err) != CodeConfig {
			t.Errorf("Judge, %s: %v", name, err)
		}
	}
	c := good(t)
	c.Keys = nil
	if _, err := Verify(token, c, testNow); codeOf(err) != jws.CodeKeyUnknown {
		t.Errorf("no keys: %v", err)
	}
	c = good(t)
	c.Nonce, c.InsecureNoNonce = "", true
	if _, err := Verify(token, c, testNow); err != nil {
		t.Errorf("InsecureNoNonce: %v", err)
	}
	c.Nonce = "another"
	if _, err := Verify(token, c, testNow); codeOf(err) != CodeNonce {
		t.Errorf("a nonce is given and not looked at: %v", err)
	}
}

func TestEmptyAliasIsNoIssuer(t *testing.T) {
	c := good(t)
	c.IssuerAliases = []string{""}
	if _, err := Verify(testToken(t, claims("iss", `""`)), c, testNow); codeOf(err) != CodeIssuer {
		t.Errorf("%v", err)
	}
}

func TestClaimsOfAnAcceptedToken(t *testing.T) {
	c := good(t)
	c.TrustedAudiences = []string{"api"}
	id, err := Verify(testToken(t, claims("aud", `["client-1","api"]`, "azp", `"client-1"`, "name", `"Ada"`, "given_name", `"A"`, "family_name", `"L"`,
		"picture", `"https://idp.example/a.png"`, "locale", `"en"`, "hd", `"example.com"`, "at_hash", `"xyz"`, "sid", `"s"`, "auth_time", "1699999000.9", "nbf", "1699999990", "x", `{"y": [1]}`)), c, testNow)
	if err != nil {
		t.Fatal(err)
	}
	id2 := *id
	id2.claims = ""
	id2.Audience = nil
	want := IDToken{Issuer: theIssuer, Subject: "user-1", AuthorizedParty: "client-1", Nonce: theNonce, IssuedAt: 1699999990, Expiry: 1700003600, NotBefore: 1699999990, AuthTime: 1699999000,
		Email: "ada@example.com", EmailVerified: true, Name: "Ada", GivenName: "A", FamilyName: "L", Picture: "https://idp.example/a.png", Locale: "en", HostedDomain: "example.com",
		AccessTokenHash: "xyz", SessionID: "s", Algorithm: jws.EdDSA, KeyID: "k"}
	if got, wanted := fmtToken(id2), fmtToken(want); got != wanted {
		t.Errorf("%s\nwant\n%s", got, wanted)
	}
	if strings.Join(id.Audience, ",") != "client-1,api" || id.Claim("x") != `{"y": [1]}` || id.Claim("y") != "" || id.Value("x").Len() != 1 {
		t.Error("audience or raw claims")
	}
}

func fmtToken(t IDToken) string {
	var b strings.Builder
	for _, s := range []string{t.Issuer, t.Subject, t.AuthorizedParty, t.Nonce, t.Email, t.Name, t.GivenName, t.FamilyName, t.Picture, t.Locale, t.HostedDomain, t.AccessTokenHash, t.SessionID, string(t.Algorithm), t.KeyID} {
		b.WriteString(s + "|")
	}
	for _, n := range []int64{t.IssuedAt, t.Expiry, t.NotBefore, t.AuthTime} {
		b.WriteString(time.Unix(n, 0).UTC().String() + "|")
	}
	if t.EmailVerified {
		b.WriteString("verified")
	}
	return b.String()
}

func TestEmailIsVerifiedOnlyByTrue(t *testing.T) {
	for value, want := range map[string]bool{"true": true, `"true"`: true, "false": false, `"false"`: false, "1": false, `"1"`: false, `"True"`: false, `"TRUE"`: false, "null": false, "{}": false, `["true"]`: false} {
		id, err := Verify(testToken(t, claims("email_verified", value)), good(t), testNow)
		if err != nil || id.EmailVerified != want {
			t.Errorf("%s: %v %v", value, id, err)
		}
	}
	id, err := Verify(testToken(t, claims("email", `{"a":1}`, "email_verified", "-")), good(t), testNow)
	if err != nil || id.Email != "" || id.EmailVerified {
		t.Errorf("%+v %v", id, err)
	}
}

func TestExpiryToTheFraction(t *testing.T) {
	token := testToken(t, claims("exp", "1700000000.5"))
	for _, test := range []struct {
		nanos int64
		code  string
	}{{0, ""}, {499_999_999, ""}, {500_000_000, CodeExpired}, {999_999_999, CodeExpired}} {
		if _, err := Verify(token, good(t), time.Unix(corpusNow, test.nanos)); codeOf(err) != test.code {
			t.Errorf("%d ns: %v", test.nanos, err)
		}
	}
}

func TestNonceIsUsedUpOnlyByAGoodToken(t *testing.T) {
	own := errors.New("nonce_reused")
	for name, test := range map[string]struct {
		token string
		code  string
		calls int
		err   error
	}{
		"good":             {testToken(t, claims()), "", 1, nil},
		"used before":      {testToken(t, claims()), "nonce_reused", 1, own},
		"expired":          {testToken(t, claims("exp", "1")), CodeExpired, 0, nil},
		"nonce missing":    {testToken(t, claims("nonce", "-")), CodeNonceMissing, 0, nil},
		"nonce empty":      {testToken(t, claims("nonce", `""`)), CodeNonceMissing, 0, nil},
		"bad signature":    {badSignature(testToken(t, claims())), jws.CodeSignature, 0, nil},
		"not even a token": {"x", jws.CodeMalformed, 0, nil},
	} {
		c, calls := good(t), 0
		c.Nonce = ""
		c.CheckNonce = func(nonce string) error {
			calls++
			if nonce != theNonce {
				t.Errorf("%s: nonce %q", name, nonce)
			}
			return test.err
		}
		id, err := Verify(test.token, c, testNow)
		if codeOf(err) != test.code || calls != test.calls || (err == nil) != (id != nil) {
			t.Errorf("%s: %v after %d calls, want %q after %d", name, err, calls, test.code, test.calls)
		}
		if test.err != nil && err != test.err {
			t.Errorf("%s: the callback's error was changed: %v", name, err)
		}
	}
}

func badSignature(token string) string {
	dot := strings.LastIndexByte(token, '.')
	return token[:dot+1] + strings.Repeat("A", len(token)-dot-1)
}

func TestConfirmTakesTheOutcomeOfThePlatform(t *testing.T) {
	u, err := Judge(testToken(t, claims()), good(t), testNow)
	if err != nil {
		t.Fatal(err)
	}
	if !ed25519.Verify(testKey.Public().(ed25519.PublicKey), u.JWS().SigningInput(), u.JWS().Signature()) {
		t.Error("what is to be checked does not verify")
	}
	if id, err := u.Confirm(false); codeOf(err) != jws.CodeSignature || id != nil {
		t.Errorf("%v", err)
	}
	if id, err := u.Confirm(true); err != nil || id.Subject != "user-1" {
		t.Errorf("%v", err)
	}
}

func TestErrors(t *testing.T) {
	err := error(refuse(CodeNonce, "a sentence"))
	if err.Error() != "nonce_mismatch: a sentence" || !errors.Is(err, &Error{Code: CodeNonce}) || errors.Is(err, &Error{Code: CodeExpired}) || errors.Is(err, errors.New("x")) {
		t.Error(err)
	}
	if other := errors.New("x"); fromJWS(other) != other {
		t.Error("a foreign error was changed")
	}
	if e := (&ProviderError{Code: "access_denied", Description: "secret"}).Error(); e != "provider_error: access_denied" {
		t.Error(e)
	}
}

func TestRefusalsRepeatNothingOfTheToken(t *testing.T) {
	c, sets := readCorpus(t)
	for _, test := range c.Cases {
		_, err := Verify(test.Token, test.Config.config(sets[test.Keys]), time.Unix(corpusNow, 0))
		if err == nil {
			continue
		}
		for _, secret := range []string{"user-1", "user-2", "n-0S6", "ada@", "evil", "client-2"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v", test.Name, err)
			}
		}
	}
}

func TestAccessTokenHash(t *testing.T) {
	const token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
	if got := AccessTokenHash(jws.RS256, token); got != "77QmUPtjPfzWtF2AnpK9RQ" { // OpenID Connect Core appendix A.3
		t.Errorf("RS256: %s", got)
	}
	for alg, size := range map[jws.Algorithm]int{jws.RS256: 16, jws.PS256: 16, jws.ES256: 16, jws.ES384: 24, jws.EdDSA: 32,
		jws.RS384: 24, jws.PS384: 24, jws.RS512: 32, jws.PS512: 32, jws.ES512: 32} {
		hash := AccessTokenHash(alg, token)
		if b, ok := jws.DecodeBase64URL(hash); !ok || len(b) != size {
			t.Errorf("%s: %s", alg, hash)
		}
		id := &IDToken{Algorithm: alg, AccessTokenHash: hash}
		if err := id.CheckAccessToken(token); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
		if err := id.CheckAccessToken(token + "x"); codeOf(err) != CodeAtHash {
			t.Errorf("%s: %v", alg, err)
		}
	}
	if err := (&IDToken{Algorithm: jws.RS256}).CheckAccessToken(token); codeOf(err) != CodeAtHashMissing {
		t.Errorf("%v", err)
	}
}

// RFC 7636 appendix B.
func TestPKCE(t *testing.T) {
	const verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	if got, err := Challenge(verifier); err != nil || got != challenge {
		t.Errorf("%s %v", got, err)
	}
	if err := CheckVerifier(verifier, challenge); err != nil {
		t.Error(err)
	}
	if err := CheckVerifier(verifier, verifier); codeOf(err) != CodePKCE {
		t.Errorf("the plain method passes: %v", err)
	}
	for name, v := range map[string]string{"empty": "", "42 characters": verifier[:42], "129 characters": strings.Repeat("a", 129), "a space": verifier[:42] + " ", "a plus": verifier[:42] + "+", "not ASCII": verifier[:41] + "é"} {
		if _, err := Challenge(v); codeOf(err) != CodePKCE {
			t.Errorf("%s: %v", name, err)
		}
		if err := CheckVerifier(v, challenge); codeOf(err) != CodePKCE {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]string{"empty": "", "short": challenge[:42], "padded": challenge + "=", "long": challenge + "AAAA", "unused bits": challenge[:42] + "N"} {
		if err := CheckChallenge(c); codeOf(err) != CodePKCE {
			t.Errorf("challenge, %s: %v", name, err)
		}
	}
	if err := CheckChallenge(challenge); err != nil {
		t.Error(err)
	}
	if _, err := Challenge(strings.Repeat("aA0-._~", 18)); err != nil {
		t.Error(err)
	}
	a, b := NewVerifier(), NewRandom()
	if a == b || len(a) != 43 || len(b) != 43 || !isVerifier(a) {
		t.Errorf("%s %s", a, b)
	}
}

func testRequest() AuthRequest {
	return AuthRequest{ClientID: theClient, RedirectURI: "https://rp.example/cb?a=1", State: "s/1+2", Nonce: "n", Challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", Scopes: []string{"openid", "email"}}
}

func TestAuthRequest(t *testing.T) {
	r := testRequest()
	r.Prompt, r.HostedDomain, r.Extra = "select_account", "*", []Param{{"x y", "ä"}, {"ui_locales", "de"}}
	got, err := r.URL("https://idp.example/authorize?tenant=1")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{"tenant": {"1"}, "response_type": {"code"}, "client_id": {theClient}, "redirect_uri": {"https://rp.example/cb?a=1"}, "scope": {"openid email"}, "state": {"s/1+2"}, "nonce": {"n"},
		"code_challenge": {r.Challenge}, "code_challenge_method": {"S256"}, "prompt": {"select_account"}, "hd": {"*"}, "x y": {"ä"}, "ui_locales": {"de"}}
	if u.Query().Encode() != want.Encode() {
		t.Errorf("%s\nwant\n%s", u.Query().Encode(), want.Encode())
	}
	if plain, err := testRequest().URL("https://idp.example/authorize"); err != nil || !strings.HasPrefix(plain, "https://idp.example/authorize?response_type=code&") {
		t.Errorf("%s %v", plain, err)
	}
	for name, change := range map[string]func(*AuthRequest){
		"no client": func(r *AuthRequest) { r.ClientID = "" }, "no redirect": func(r *AuthRequest) { r.RedirectURI = "" }, "no state": func(r *AuthRequest) { r.State = "" }, "no nonce": func(r *AuthRequest) { r.Nonce = "" },
		"empty scope": func(r *AuthRequest) { r.Scopes = []string{""} }, "scope with a space": func(r *AuthRequest) { r.Scopes = []string{"a b"} },
		"extra of the same name":                  func(r *AuthRequest) { r.Extra = []Param{{"prompt", "none"}} },
		"extra wish that the request has as well": func(r *AuthRequest) { r.Display, r.Extra = "page", []Param{{"display", "touch"}} },
	} {
		r := testRequest()
		change(&r)
		if _, err := r.URL("https://idp.example/authorize"); codeOf(err) != CodeRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
	r = testRequest()
	r.Challenge = "verifier"
	if _, err := r.URL("https://idp.example/authorize"); codeOf(err) != CodePKCE {
		t.Errorf("%v", err)
	}
	for _, endpoint := range []string{"", "https://idp.example/#x", "https://idp.example/ x"} {
		if _, err := testRequest().URL(endpoint); codeOf(err) != CodeRequest {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
}

func TestAuthAnswer(t *testing.T) {
	for _, test := range []struct{ name, query, state, code string }{
		{"good", "state=s&code=c&scope=openid&iss=https://idp.example&unknown=1", "s", ""},
		{"state of another", "state=t&code=c&iss=https://idp.example", "s", CodeState},
		{"state missing", "code=c&iss=https://idp.example", "s", CodeState},
		{"this browser began nothing", "state=&code=c&iss=https://idp.example", "", CodeState},
		{"issuer of another", "state=s&code=c&iss=https://evil.example", "s", CodeResponseIss},
		{"issuer missing", "state=s&code=c", "s", CodeResponseIss},
		{"code twice", "state=s&code=c&code=d&iss=https://idp.example", "s", CodeResponse},
		{"state twice", "state=s&state=s&code=c&iss=https://idp.example", "s", CodeResponse},
		{"code and error", "state=s&code=c&error=x&iss=https://idp.example", "s", CodeResponse},
		{"nothing", "state=s&iss=https://idp.example", "s", CodeResponse},
		{"error", "state=s&error=access_denied&error_description=No&error_uri=u&iss=https://idp.example", "s", "provider_error: access_denied"},
		{"error with another state", "state=t&error=access_denied&iss=https://idp.example", "s", CodeState},
	} {
		q, err := url.ParseQuery(test.query)
		if err != nil {
			t.Fatal(err)
		}
		a, err := JudgeAnswer(q, test.state, theIssuer, true)
		if codeOf(err) != test.code {
			t.Errorf("%s: %v", test.name, err)
		}
		if err == nil && (a.Code != "c" || a.Scope != "openid") {
			t.Errorf("%s: %+v", test.name, a)
		}
	}
	if _, err := JudgeAnswer(map[string][]string{"state": {"s"}, "code": {"c"}}, "s", theIssuer, false); err != nil {
		t.Errorf("a provider without iss parameter: %v", err)
	}
}

// A judgement that was kept as bytes ends as the one that was not.
func TestAJudgementIsTakenUpAgain(t *testing.T) {
	c, sets := readCorpus(t)
	for _, test := range c.Cases {
		now := c.Now
		if test.Config.Now != 0 {
			now = test.Config.Now
		}
		u, err := Judge(test.Token, test.Config.config(sets[test.Keys]), time.Unix(now, 0))
		if err != nil {
			continue
		}
		again, err := ParseUnverified(u.Bytes())
		if err != nil {
			t.Fatalf("%s: %v", test.Name, err)
		}
		a, err1 := u.Confirm(u.JWS().Check())
		b, err2 := again.Confirm(u.JWS().Check())
		if (err1 == nil) != (err2 == nil) || err1 != nil && err1.Error() != err2.Error() {
			t.Errorf("%s: %v, and again %v", test.Name, err1, err2)
		} else if err1 == nil && (a.Claims() != b.Claims() || a.Subject != b.Subject || a.Expiry != b.Expiry || a.KeyID != b.KeyID ||
			a.Algorithm != b.Algorithm || a.EmailVerified != b.EmailVerified) {
			t.Errorf("%s: %+v, and again %+v", test.Name, a, b)
		}
	}
	for _, bad := range []string{"", "RS256", "RS256.aw", "RS256.aw.", "RS256.!.{}", "RS256.a2.{}", `RS256.aw.{"iss":1}`, "RS256.aw.[]"} {
		if _, err := ParseUnverified([]byte(bad)); !errors.Is(err, &Error{Code: CodeJudgement}) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
