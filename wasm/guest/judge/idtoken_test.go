package judge

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/internal/refusal"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

const now = 1_800_000_000

func code(err error) string {
	var r *refusal.Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	return ""
}

var (
	private = ed25519.NewKeyFromSeed(make([]byte, 32))
	public  = private.Public().(ed25519.PublicKey)
	jwks    = []byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":"` + jws.EncodeBase64URL(public) + `"}]}`)
)

func sign(t *testing.T, change map[string]any) []byte {
	t.Helper()
	claims := map[string]any{"iss": "https://idp.example", "aud": "shop", "sub": "ada", "nonce": "n", "iat": now, "exp": now + 60, "email_verified": "true"}
	for name, v := range change {
		claims[name] = v
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.Sign(jws.NewEd25519Signer("k", private), "JWT", payload)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(token)
}

var options = []byte(`{"issuer":"https://idp.example","clientId":"shop","nonce":"n"}`)

func TestAnIDTokenIsJudgedAndConfirmed(t *testing.T) {
	alg, keys, input, signature, judged, err := JudgeIDToken(options, jwks, sign(t, nil), now, 0)
	if err != nil || alg != "EdDSA" {
		t.Fatal(alg, err)
	}
	set, err := jws.ParseKeySet([]byte(`{"keys":` + string(keys) + `}`))
	if err != nil || len(set.Keys()) != 1 || !set.Keys()[0].Fits(jws.EdDSA) || !ed25519.Verify(public, input, signature) {
		t.Fatalf("the key or what it checks is wrong: %v %s", err, keys)
	}
	claims, verified, err := ConfirmIDToken(judged, true)
	if err != nil || !verified || !strings.Contains(claims, `"sub":"ada"`) {
		t.Fatal(claims, verified, err)
	}
	if claims, _, err := ConfirmIDToken(judged, false); code(err) != jws.CodeSignature || claims != "" {
		t.Errorf("a bad signature: %v", err)
	}
	if _, _, err := ConfirmIDToken(judged[1:], true); code(err) != "" && code(err) != "judgement_invalid" {
		t.Errorf("a cut judgement: %v", err)
	}
	for _, b := range [][]byte{nil, []byte("x"), []byte("EdDSA.k"), []byte("EdDSA.a2.{"), []byte("EdDSA.!.{}")} {
		if _, _, err := ConfirmIDToken(b, true); code(err) != "judgement_invalid" {
			t.Errorf("%q: %v", b, err)
		}
	}
}

// exp may have a fraction, so the milliseconds of now decide.
func TestMillisecondsCount(t *testing.T) {
	token := sign(t, map[string]any{"exp": now + 0.5})
	if _, _, _, _, _, err := JudgeIDToken(options, jwks, token, now, 499); err != nil {
		t.Error(err)
	}
	if _, _, _, _, _, err := JudgeIDToken(options, jwks, token, now, 500); code(err) != "expired" {
		t.Error(err)
	}
}

func TestOptionsAreReadStrictly(t *testing.T) {
	const base = `"issuer":"https://idp.example","clientId":"shop"`
	for name, bad := range map[string]string{
		"no JSON":               `{`,
		"an array":              `[]`,
		"a name twice":          `{` + base + `,"nonce":"n","nonce":"n"}`,
		"a misspelt name":       `{` + base + `,"nonce":"n","hosted_domain":"x"}`,
		"no issuer":             `{"clientId":"shop","nonce":"n"}`,
		"no client":             `{"issuer":"https://idp.example","nonce":"n"}`,
		"no nonce":              `{` + base + `}`,
		"an empty nonce":        `{` + base + `,"nonce":""}`,
		"nonce null":            `{` + base + `,"nonce":null}`,
		"nonce, insecure false": `{` + base + `,"insecureNoNonce":false}`,
		"insecure as text":      `{` + base + `,"insecureNoNonce":"true"}`,
		"an empty domain":       `{` + base + `,"nonce":"n","hostedDomain":""}`,
		"no algorithms":         `{` + base + `,"nonce":"n","algorithms":[]}`,
		"one algorithm as text": `{` + base + `,"nonce":"n","algorithms":"RS256"}`,
		"aliases as text":       `{` + base + `,"nonce":"n","issuerAliases":"x"}`,
		"size zero":             `{` + base + `,"nonce":"n","maxSize":0}`,
		"no tenants":            `{` + base + `,"nonce":"n","tenants":[]}`,
		"tenants, no template":  `{` + base + `,"nonce":"n","tenants":["a"]}`,
		"skew too long":         `{` + base + `,"nonce":"n","skew":301}`,
		"skew below zero":       `{` + base + `,"nonce":"n","skew":-1}`,
		"skew of half a second": `{` + base + `,"nonce":"n","skew":0.5}`,
		"skew as text":          `{` + base + `,"nonce":"n","skew":"60"}`,
		"hints as text":         `{` + base + `,"nonce":"n","ignoreKeyHints":"yes"}`,
		"parties as text":       `{` + base + `,"nonce":"n","authorizedParties":"ios"}`,
		"match as a list":       `{` + base + `,"nonce":"n","match":["a"]}`,
		"match as text":         `{` + base + `,"nonce":"n","match":"a"}`,
		"match, one value":      `{` + base + `,"nonce":"n","match":{"a":"b"}}`,
		"match, no values":      `{` + base + `,"nonce":"n","match":{"a":[]}}`,
		"verify without match":  `{` + base + `,"verifyOnly":true}`,
		"verify, empty match":   `{` + base + `,"verifyOnly":true,"match":{}}`,
		"verify with a nonce":   `{` + base + `,"nonce":"n","verifyOnly":true,"match":{"a":["b"]}}`,
		"options too long":      `{` + base + `,"nonce":"` + strings.Repeat("n", 64<<10) + `"}`,
		"size too large":        `{` + base + `,"nonce":"n","maxSize":262144}`,
	} {
		if _, _, _, _, _, err := JudgeIDToken([]byte(bad), jwks, sign(t, nil), now, 0); code(err) != "config_invalid" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct{ options, code string }{
		"insecureNoNonce": {`{` + base + `,"insecureNoNonce":true}`, ""},
		"another nonce":   {`{` + base + `,"nonce":"m","insecureNoNonce":true}`, "nonce_mismatch"},
		"hosted domain":   {`{` + base + `,"nonce":"n","hostedDomain":"*"}`, "hd_mismatch"},
		"algorithms":      {`{` + base + `,"nonce":"n","algorithms":["ES256"]}`, "alg_not_allowed"},
		"size":            {`{` + base + `,"nonce":"n","maxSize":100}`, "token_too_large"},
		"alias":           {`{"issuer":"https://other.example","issuerAliases":["https://idp.example"],"clientId":"shop","nonce":"n"}`, ""},
		"verifyOnly":      {`{` + base + `,"verifyOnly":true,"match":{"sub":["eve","ada"]}}`, ""},
		"no match":        {`{` + base + `,"nonce":"n","match":{"sub":["eve"]}}`, "claim_mismatch"},
		"an empty match":  {`{` + base + `,"nonce":"n","match":{}}`, ""},
		"skew":            {`{` + base + `,"nonce":"n","skew":300,"ignoreKeyHints":true,"authorizedParties":["ios"]}`, ""},
		"tenants":         {`{"issuer":"https://{tenantid}/","tenants":["idp.example"],"clientId":"shop","nonce":"n"}`, "iss_mismatch"},
		"all of them":     {`{` + base + `,"nonce":"n","insecureNoNonce":false,"issuerAliases":[],"trustedAudiences":[],"algorithms":["EdDSA"],"maxSize":262143}`, ""},
	} {
		if _, _, _, _, _, err := JudgeIDToken([]byte(c.options), jwks, sign(t, nil), now, 0); code(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, _, _, _, err := JudgeIDToken(options, []byte("{}"), sign(t, nil), now, 0); code(err) != jws.CodeKeySet {
		t.Errorf("no key set: %v", err)
	}
}
