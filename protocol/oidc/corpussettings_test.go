package oidc

import (
	"strconv"
	"strings"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// settings adds what each setting admits and what it must still refuse.
func (m *maker) settings() {
	m.class = "setting"
	m.partiesAndHints()
	m.clocks()
	m.tenants()
	m.verifyOnly()
	m.matches()
}

func (m *maker) partiesAndHints() {
	parties := func(c *corpusConfig) { c.AuthorizedParties = []string{"android-1", "ios-1"} }
	m.payload("authorizedParties: azp an app's client", claims("azp", `"ios-1"`), "ok", parties)
	m.payload("authorizedParties: azp ours", claims("azp", `"client-1"`), "ok", parties)
	m.payload("authorizedParties: azp another", claims("azp", `"client-2"`), CodeAzp, parties)
	m.payload("authorizedParties: azp a beginning of one", claims("azp", `"ios-"`), CodeAzp, parties)
	m.payload("authorizedParties: azp empty", claims("azp", `""`), CodeAzp, parties)
	m.payload("authorizedParties: azp a list", claims("azp", `["ios-1"]`), CodeClaimType, parties)
	m.payload("authorizedParties: aud the app's client", claims("aud", `"ios-1"`, "azp", `"ios-1"`), CodeAudience, parties)
	m.payload("authorizedParties: aud ours and the app's", claims("aud", `["client-1","ios-1"]`, "azp", `"ios-1"`), CodeAudienceExtra, parties)
	m.payload("authorizedParties: aud ours and a trusted one, azp missing", claims("aud", `["client-1","api"]`), CodeAzp, parties,
		func(c *corpusConfig) { c.TrustedAudiences = []string{"api"} })
	m.payload("authorizedParties: another nonce", claims("azp", `"ios-1"`, "nonce", `"other"`), CodeNonce, parties)

	hints := func(c *corpusConfig) { c.IgnoreKeyHints = true }
	const es = `{"alg":"ES256","kid":"es",`
	m.head("ignoreKeyHints: jku", es+`"jku":"https://evil.example/keys"}`, "ok", hints)
	m.head("ignoreKeyHints: x5u and x5c", es+`"x5u":"https://evil.example/cert","x5c":["AA=="]}`, "ok", hints)
	m.head("ignoreKeyHints: jwk", es+`"jwk":`+m.ecJWK(m.ecKey, "")+`}`, jws.CodeHeaderForbidden, hints)
	m.head("ignoreKeyHints: jku and crit", es+`"jku":"https://evil.example/keys","crit":["jku"]}`, jws.CodeHeaderForbidden, hints)
	m.head("ignoreKeyHints: b64", es+`"b64":false}`, jws.CodeHeaderForbidden, hints)
	m.head("ignoreKeyHints: zip", es+`"zip":"DEF"}`, jws.CodeHeaderForbidden, hints)
	m.head("ignoreKeyHints: jku twice", es+`"jku":"x","jku":"y"}`, jws.CodeHeader, hints)
	m.head("ignoreKeyHints: jku, and a kid that is not in the set", `{"alg":"ES256","kid":"evil","jku":"https://evil.example/keys"}`, jws.CodeKeyUnknown, hints)
	bent := m.token("ES512", `{"alg":"ES256","kid":"es","jku":"https://evil.example/keys"}`, claims())
	m.add("ignoreKeyHints: jku, signed with another key", "all", bent[:strings.LastIndexByte(bent, '.')+1]+b64(make([]byte, 64)), jws.CodeSignature, hints)
}

func (m *maker) clocks() {
	skew := func(c *corpusConfig) { c.Skew = 120 }
	at := func(n int) string { return strconv.Itoa(corpusNow + n) }
	m.payload("skew: exp 119 s ago", claims("exp", at(-119)), "ok", skew)
	m.payload("skew: exp 120 s ago", claims("exp", at(-120)), CodeExpired, skew)
	m.payload("skew: exp 119.5 s ago", claims("exp", at(-120)+".5"), "ok", skew)
	m.payload("skew: iat 120 s ahead", claims("iat", at(120)), "ok", skew)
	m.payload("skew: iat 121 s ahead", claims("iat", at(121)), CodeIssuedLater, skew)
	m.payload("skew: nbf 120 s ahead", claims("nbf", at(120)), "ok", skew)
	m.payload("skew: nbf 121 s ahead", claims("nbf", at(121)), CodeNotYet, skew)
	m.payload("skew: iat 31 s ahead of a skew of 30", claims("iat", at(31)), CodeIssuedLater, func(c *corpusConfig) { c.Skew = 30 })
	m.payload("skew: exp missing", claims("exp", "-"), CodeExpMissing, skew)
	m.payload("skew: above 5 minutes", claims(), CodeConfig, func(c *corpusConfig) { c.Skew = 301 })
	m.payload("skew: below 0", claims(), CodeConfig, func(c *corpusConfig) { c.Skew = -1 })
	long := func(c *corpusConfig) { c.MaxSize = 40000 }
	m.payload("maxSize: 20 KB of groups", claims("groups", `["`+strings.Repeat("g", 20000)+`"]`), "ok", long)
	m.payload("maxSize: 40 KB of groups", claims("groups", `["`+strings.Repeat("g", 40000)+`"]`), jws.CodeTooLarge, long)
}

func (m *maker) tenants() {
	const one, two = "6babcaad-604b-40ac-a9d7-9fd97c0b779f", "contoso.example"
	tenants := func(c *corpusConfig) {
		c.Issuer, c.Tenants = "https://login.example/{tenantid}/v2.0", []string{one, two}
	}
	of := func(iss, tid string) string {
		return claims("iss", `"https://login.example/`+iss+`/v2.0"`, "tid", tid)
	}
	m.payload("tenants: one", of(one, `"`+one+`"`), "ok", tenants)
	m.payload("tenants: the other", of(two, `"`+two+`"`), "ok", tenants)
	m.payload("tenants: tid missing", of(one, "-"), CodeTenant, tenants)
	m.payload("tenants: tid the other", of(one, `"`+two+`"`), CodeTenant, tenants)
	m.payload("tenants: tid of a stranger", of(one, `"evil.example"`), CodeTenant, tenants)
	m.payload("tenants: tid in a list", of(one, `["`+one+`"]`), CodeTenant, tenants)
	m.payload("tenants: tid in another case", of(one, `"`+strings.ToUpper(one)+`"`), CodeTenant, tenants)
	m.payload("tenants: one that is not listed", of("evil.example", `"evil.example"`), CodeIssuer, tenants)
	m.payload("tenants: iss of one that is not listed, tid of one that is", of("evil.example", `"`+one+`"`), CodeIssuer, tenants)
	m.payload("tenants: none", of("", `""`), CodeIssuer, tenants)
	m.payload("tenants: the template itself", of("{tenantid}", `"{tenantid}"`), CodeIssuer, tenants)
	m.payload("tenants: a path more", of(one+"/"+one, `"`+one+`"`), CodeIssuer, tenants)
	m.payload("tenants: another host", claims("iss", `"https://evil.example/`+one+`/v2.0"`, "tid", `"`+one+`"`), CodeIssuer, tenants)
	m.payload("tenants: another end", claims("iss", `"https://login.example/`+one+`/v1.0"`, "tid", `"`+one+`"`), CodeIssuer, tenants)
	m.payload("tenants: the tenant and the end alone", claims("iss", `"`+one+`/v2.0"`, "tid", `"`+one+`"`), CodeIssuer, tenants)
	m.payload("tenants: the beginning and the tenant alone", claims("iss", `"https://login.example/`+one+`"`, "tid", `"`+one+`"`), CodeIssuer, tenants)
	m.payload("tenants: the tenant alone", claims("iss", `"`+one+`"`, "tid", `"`+one+`"`), CodeIssuer, tenants)
	m.payload("tenants: shorter than the template", claims("iss", `"https://login.example/v2.0"`, "tid", `"`+one+`"`), CodeIssuer, tenants)
	for name, change := range sorted(map[string]func(*corpusConfig){
		"template without tenants":  func(c *corpusConfig) { c.Tenants = nil },
		"no template":               func(c *corpusConfig) { c.Issuer = "https://login.example/" + one + "/v2.0" },
		"template twice":            func(c *corpusConfig) { c.Issuer = "https://{tenantid}.example/{tenantid}/v2.0" },
		"aliases":                   func(c *corpusConfig) { c.IssuerAliases = []string{"https://login.example/common/v2.0"} },
		"tenant with a slash":       func(c *corpusConfig) { c.Tenants = []string{one, "a/b"} },
		"tenant empty":              func(c *corpusConfig) { c.Tenants = []string{""} },
		"tenant with two dots":      func(c *corpusConfig) { c.Tenants = []string{"a..b"} },
		"tenant that is a template": func(c *corpusConfig) { c.Tenants = []string{"{tenantid}"} },
		"tenant that is too long":   func(c *corpusConfig) { c.Tenants = []string{strings.Repeat("a", 254)} },
	}) {
		m.payload("tenants: "+name, of(one, `"`+one+`"`), CodeConfig, tenants, change)
	}
}

func (m *maker) verifyOnly() {
	only := func(c *corpusConfig) {
		c.VerifyOnly, c.Nonce, c.Match = true, "", map[string][]string{"common_name": {"ci.access"}}
	}
	machine := func(changes ...string) string {
		return claims(append([]string{"nonce", "-", "email", "-", "common_name", `"ci.access"`}, changes...)...)
	}
	m.payload("verifyOnly: a machine", machine(), "ok", only)
	m.anybody("verifyOnly: sub empty", machine("sub", `""`), only)
	m.anybody("verifyOnly: sub missing", machine("sub", "-"), only)
	m.payload("verifyOnly: azp another", machine("azp", `"client-2"`), "ok", only)
	m.payload("verifyOnly: a nonce", machine("nonce", `"n"`), "ok", only)
	m.payload("verifyOnly: sub a number", machine("sub", "1"), CodeSubject, only)
	m.payload("verifyOnly: sub too long", machine("sub", `"`+strings.Repeat("a", 256)+`"`), CodeSubject, only)
	m.payload("verifyOnly: sub not ASCII", machine("sub", `"ä"`), CodeSubject, only)
	m.payload("verifyOnly: another machine", machine("common_name", `"other.access"`), CodeMatch, only)
	m.payload("verifyOnly: aud another", machine("aud", `"client-2"`), CodeAudience, only)
	m.payload("verifyOnly: aud ours and a stranger", machine("aud", `["client-1","client-2"]`), CodeAudienceExtra, only)
	m.payload("verifyOnly: iss another", machine("iss", `"https://evil.example"`), CodeIssuer, only)
	m.payload("verifyOnly: expired", machine("exp", strconv.Itoa(corpusNow)), CodeExpired, only)
	m.head("verifyOnly: an access token", `{"alg":"ES256","kid":"es","typ":"at+jwt"}`, jws.CodeType, only)
	m.payload("verifyOnly: no match", machine(), CodeConfig, func(c *corpusConfig) { c.VerifyOnly, c.Nonce = true, "" })
	m.payload("verifyOnly: with a nonce", claims("common_name", `"ci.access"`), CodeConfig, only, func(c *corpusConfig) { c.Nonce = theNonce })
}

// anybody is payload for a token of nobody: its subject is empty.
func (m *maker) anybody(name, payload string, configure ...func(*corpusConfig)) {
	m.payload(name, payload, "ok", configure...)
	m.c.Cases[len(m.c.Cases)-1].Sub = ""
}

func (m *maker) matches() {
	match := func(name string, values ...string) func(*corpusConfig) {
		return func(c *corpusConfig) { c.Match = map[string][]string{name: values} }
	}
	repository := match("repository", "org/app", "org/site")
	m.payload("match: a value", claims("repository", `"org/site"`), "ok", repository)
	m.payload("match: a value, escaped", claims("repository", `"org\/app"`), "ok", repository)
	m.payload("match: a list that holds one", claims("repository", `["x","org/app"]`), "ok", repository)
	m.payload("match: another value", claims("repository", `"org/app2"`), CodeMatch, repository)
	m.payload("match: another case", claims("repository", `"Org/App"`), CodeMatch, repository)
	m.payload("match: with a space", claims("repository", `"org/app "`), CodeMatch, repository)
	m.payload("match: missing", claims(), CodeMatch, repository)
	m.payload("match: null", claims("repository", "null"), CodeMatch, repository)
	m.payload("match: a list of others", claims("repository", `["x"]`), CodeMatch, repository)
	m.payload("match: an empty list", claims("repository", `[]`), CodeMatch, repository)
	m.payload("match: a list with a number", claims("repository", `["org/app",1]`), CodeMatch, repository)
	m.payload("match: a list in a list", claims("repository", `[["org/app"]]`), CodeMatch, repository)
	m.payload("match: an object", claims("repository", `{"org/app":true}`), CodeMatch, repository)
	m.payload("match: a number", claims("repository", "1"), CodeMatch, match("repository", "1"))
	m.payload("match: true", claims("repository", "true"), CodeMatch, match("repository", "true"))
	m.payload("match: inside an object", claims("x", `{"repository":"org/app"}`), CodeMatch, repository)
	m.payload("match: one of two", claims("repository", `"org/app"`, "ref", `"refs/heads/x"`), CodeMatch,
		func(c *corpusConfig) {
			c.Match = map[string][]string{"repository": {"org/app"}, "ref": {"refs/heads/main"}}
		})
	m.payload("match: a name that was left out", claims("name", `"Ada\ud83d"`), CodeMatch, match("name", "Ada", "Ada\ufffd"))
	m.payload("match: good, nonce another", claims("repository", `"org/app"`, "nonce", `"other"`), CodeNonce, repository)
	m.payload("match: a claim without a name", claims(), CodeConfig, match("", "x"))
	m.payload("match: no values", claims(), CodeConfig, match("repository"))
	m.payload("match: an empty value", claims("repository", `""`), CodeConfig, match("repository", "x", ""))
}
