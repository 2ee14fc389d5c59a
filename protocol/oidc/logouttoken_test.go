package oidc

import (
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// logout are the claims of a logout token as the specification shows it, changed.
func logout(changes ...string) string {
	all := []string{"nonce", "-", "email", "-", "email_verified", "-", "exp", "1700000110", "iat", "1699999990",
		"jti", `"bWJq"`, "sid", `"08a5019c-17e1-4977-8f42-65a12843ea02"`, "events", `{"` + LogoutEvent + `":{}}`}
	return claims(append(all, changes...)...)
}

func signLogout(t testing.TB, typ, claims string) string {
	t.Helper()
	token, err := jws.Sign(jws.NewEd25519Signer("k", testKey), typ, []byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestALogoutToken(t *testing.T) {
	const sid = "08a5019c-17e1-4977-8f42-65a12843ea02"
	full := LogoutToken{ID: "bWJq", Issuer: theIssuer, Subject: "user-1", SessionID: sid, IssuedAt: 1699999990, Expiry: 1700000110}
	for name, c := range map[string]struct {
		typ, claims string
		change      func(*LogoutToken)
	}{
		"as the specification shows it":               {"logout+jwt", logout(), func(*LogoutToken) {}},
		"its type as a media type":                    {"application/LOGOUT+JWT", logout(), func(*LogoutToken) {}},
		"of an older specification":                   {"JWT", logout(), func(*LogoutToken) {}},
		"without a type":                              {"", logout(), func(*LogoutToken) {}},
		"about a session":                             {"logout+jwt", logout("sub", "-"), func(l *LogoutToken) { l.Subject = "" }},
		"about a person":                              {"logout+jwt", logout("sid", "-"), func(l *LogoutToken) { l.SessionID = "" }},
		"with members in the event":                   {"logout+jwt", logout("events", `{"`+LogoutEvent+`":{"x":1},"urn:other":{}}`), func(*LogoutToken) {}},
		"without exp, as Hydra and LemonLDAP send it": {"logout+jwt", logout("exp", "-"), func(*LogoutToken) {}},
		"for several audiences":                       {"logout+jwt", logout("aud", `["client-1"]`), func(*LogoutToken) {}},
		"with a name that was cut":                    {"logout+jwt", logout("name", `"Ada \ud83d"`), func(*LogoutToken) {}},
	} {
		want := full
		c.change(&want)
		got, err := VerifyLogoutToken(signLogout(t, c.typ, c.claims), Config{Issuer: theIssuer, ClientID: theClient, Keys: testKeys(t)}, testNow)
		if err != nil || *got != want {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}

func TestLogoutTokensThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ typ, claims, code string }{
		"an ID token":                     {"JWT", claims(), CodeLogoutEvent},
		"an ID token without a nonce":     {"JWT", claims("nonce", "-"), CodeLogoutEvent},
		"an access token":                 {"at+jwt", logout(), jws.CodeType},
		"a nonce beside the event":        {"logout+jwt", logout("nonce", `"n"`), CodeLogoutNonce},
		"an empty nonce":                  {"logout+jwt", logout("nonce", `""`), CodeLogoutNonce},
		"no events":                       {"logout+jwt", logout("events", "-"), CodeLogoutEvent},
		"events null":                     {"logout+jwt", logout("events", "null"), CodeLogoutEvent},
		"another event":                   {"logout+jwt", logout("events", `{"http://schemas.openid.net/event/other":{}}`), CodeLogoutEvent},
		"an event that is text":           {"logout+jwt", logout("events", `{"`+LogoutEvent+`":"{}"}`), CodeLogoutEvent},
		"an event that is null":           {"logout+jwt", logout("events", `{"`+LogoutEvent+`":null}`), CodeLogoutEvent},
		"a list of events":                {"logout+jwt", logout("events", `["`+LogoutEvent+`"]`), CodeLogoutEvent},
		"nobody":                          {"logout+jwt", logout("sub", "-", "sid", "-"), CodeLogoutWho},
		"nobody, in words":                {"logout+jwt", logout("sub", `""`, "sid", `""`), CodeLogoutWho},
		"a subject that is null":          {"logout+jwt", logout("sub", "null"), CodeSubject},
		"a subject that no ID token has":  {"logout+jwt", logout("sub", `"\u0000"`), CodeSubject},
		"a session that is a number":      {"logout+jwt", logout("sid", "1"), CodeClaimType},
		"no jti":                          {"logout+jwt", logout("jti", "-"), CodeLogoutID},
		"an empty jti":                    {"logout+jwt", logout("jti", `""`), CodeLogoutID},
		"a jti that is a number":          {"logout+jwt", logout("jti", "1"), CodeLogoutID},
		"another issuer":                  {"logout+jwt", logout("iss", `"https://other.example"`), CodeIssuer},
		"another client":                  {"logout+jwt", logout("aud", `"client-2"`), CodeAudience},
		"another client as well":          {"logout+jwt", logout("aud", `["client-1","client-2"]`), CodeAudienceExtra},
		"expired":                         {"logout+jwt", logout("exp", "1700000000"), CodeExpired},
		"of the future":                   {"logout+jwt", logout("iat", "1700000061"), CodeIssuedLater},
		"not valid yet":                   {"logout+jwt", logout("nbf", "1700000061"), CodeNotYet},
		"without iat":                     {"logout+jwt", logout("iat", "-"), CodeIatMissing},
		"without both times":              {"logout+jwt", logout("iat", "-", "exp", "-"), CodeIatMissing},
		"without exp, two minutes old":    {"logout+jwt", logout("exp", "-", "iat", "1699999880"), CodeExpired},
		"without exp, of the future":      {"logout+jwt", logout("exp", "-", "iat", "1700000061"), CodeIssuedLater},
		"no object":                       {"logout+jwt", `[]`, CodeClaims},
		"a claim twice":                   {"logout+jwt", strings.Replace(logout(), `"jti"`, `"sub":"user-2","jti"`, 1), CodeClaims},
		"half a character in the session": {"logout+jwt", logout("sid", `"\ud83d"`), CodeClaims},
	} {
		got, err := VerifyLogoutToken(signLogout(t, c.typ, c.claims), Config{Issuer: theIssuer, ClientID: theClient, Keys: testKeys(t)}, testNow)
		if codeOf(err) != c.code || got != nil {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	// One second before, the one without exp is young enough.
	if _, err := VerifyLogoutToken(signLogout(t, "logout+jwt", logout("exp", "-", "iat", "1699999881")), good(t), testNow); err != nil {
		t.Error(err)
	}
	if got, err := VerifyLogoutToken(badSignature(signLogout(t, "logout+jwt", logout())), good(t), testNow); codeOf(err) != jws.CodeSignature || got != nil {
		t.Errorf("a signature of nobody: %+v %v", got, err)
	}
	if _, err := VerifyLogoutToken(signLogout(t, "logout+jwt", logout()), Config{}, testNow); codeOf(err) != CodeConfig {
		t.Errorf("no configuration: %v", err)
	}
	// And a logout token is no ID token, whatever else it has.
	if _, err := Verify(signLogout(t, "logout+jwt", claims("events", `{"`+LogoutEvent+`":{}}`)), good(t), testNow); codeOf(err) != jws.CodeType {
		t.Errorf("taken as an ID token: %v", err)
	}
}

// What a Config says of issuers, audiences, headers, clocks and sizes is about logout
// tokens as well; what it says of nonces is not.
func TestSettingsForLogoutTokens(t *testing.T) {
	header := `{"alg":"EdDSA","kid":"k","typ":"logout+jwt","jku":"https://idp.example/keys"}`
	input := jws.EncodeBase64URL([]byte(header)) + "." + jws.EncodeBase64URL([]byte(logout()))
	sig, err := jws.NewEd25519Signer("k", testKey).Sign([]byte(input))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		token  string
		code   string // without the setting
		change func(*Config)
	}{
		"a hint where the keys are": {jws.Assemble(input, sig), jws.CodeHeaderForbidden, func(c *Config) { c.IgnoreKeyHints = true }},
		"an alias":                  {signLogout(t, "", logout("iss", `"idp.example"`)), CodeIssuer, func(c *Config) { c.IssuerAliases = []string{"idp.example"} }},
		"another audience":          {signLogout(t, "", logout("aud", `["client-1","p"]`, "azp", `"client-1"`)), CodeAudienceExtra, func(c *Config) { c.TrustedAudiences = []string{"p"} }},
		"a clock that is behind":    {signLogout(t, "", logout("exp", "1699999999")), CodeExpired, func(c *Config) { c.Skew = time.Minute }},
		"a long one":                {signLogout(t, "", logout("x", `"`+strings.Repeat("x", 16<<10)+`"`)), jws.CodeTooLarge, func(c *Config) { c.MaxSize = 32 << 10 }},
		"a tenant": {signLogout(t, "", logout("iss", `"https://t.example/"`, "tid", `"t.example"`)), CodeIssuer, func(c *Config) {
			c.Issuer, c.Tenants = "https://{tenantid}/", []string{"t.example"}
		}},
	} {
		strict := good(t)
		if _, err := VerifyLogoutToken(c.token, strict, testNow); codeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
		c.change(&strict)
		strict.Nonce, strict.CheckNonce = "", func(string) error { t.Errorf("%s: a nonce was looked for", name); return nil }
		if _, err := VerifyLogoutToken(c.token, strict, testNow); err != nil {
			t.Errorf("%s, with its setting: %v", name, err)
		}
	}
	only := good(t)
	only.Algorithms = []jws.Algorithm{jws.RS256}
	if _, err := VerifyLogoutToken(signLogout(t, "", logout()), only, testNow); codeOf(err) != jws.CodeAlgNotAllowed {
		t.Errorf("another algorithm: %v", err)
	}
}

// A refreshed ID token is judged like the first, without a nonce, and is about the same
// person (OpenID Connect Core section 12.2).
func TestRefreshedIDTokens(t *testing.T) {
	tenants := func(c *Config) { c.Issuer, c.Tenants = "https://{tenantid}/", []string{"a.example", "b.example"} }
	for name, c := range map[string]struct {
		claims, issuer, code string
		change               func(*Config)
	}{
		"without a nonce":     {claims("nonce", "-"), theIssuer, "", nil},
		"with its first one":  {claims(), theIssuer, "", nil},
		"another person":      {claims("nonce", "-", "sub", `"user-2"`), theIssuer, CodeRefreshedSubject, nil},
		"nobody":              {claims("nonce", "-", "sub", "-"), theIssuer, CodeSubject, nil},
		"another client":      {claims("nonce", "-", "aud", `"client-2"`), theIssuer, CodeAudience, nil},
		"another issuer":      {claims("nonce", "-", "iss", `"https://other.example"`), theIssuer, CodeIssuer, nil},
		"expired":             {claims("nonce", "-", "exp", "1700000000"), theIssuer, CodeExpired, nil},
		"given to another":    {claims("nonce", "-", "azp", `"client-2"`), theIssuer, CodeAzp, nil},
		"the other alias":     {claims("nonce", "-", "iss", `"idp.example"`), theIssuer, "", func(c *Config) { c.IssuerAliases = []string{"idp.example"} }},
		"the same tenant":     {claims("nonce", "-", "iss", `"https://a.example/"`, "tid", `"a.example"`), "https://a.example/", "", tenants},
		"of another tenant":   {claims("nonce", "-", "iss", `"https://b.example/"`, "tid", `"b.example"`), "https://a.example/", CodeRefreshedSubject, tenants},
		"without a tenant id": {claims("nonce", "-", "iss", `"https://a.example/"`), "https://a.example/", CodeTenant, tenants},
	} {
		conf := good(t)
		conf.Nonce, conf.CheckNonce = "", func(string) error { t.Errorf("%s: the nonce was taken", name); return nil }
		if c.change != nil {
			c.change(&conf)
		}
		got, err := VerifyRefreshed(testToken(t, c.claims), conf, c.issuer, "user-1", testNow)
		if codeOf(err) != c.code || (err == nil) != (got != nil) {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	if _, err := VerifyRefreshed(signLogout(t, "logout+jwt", claims()), good(t), theIssuer, "user-1", testNow); codeOf(err) != jws.CodeType {
		t.Errorf("a logout token: %v", err)
	}
}
