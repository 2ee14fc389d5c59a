package rpserver_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/rpserver"
)

func TestSignInMakesAUserOnceAndASessionEachTime(t *testing.T) {
	for _, c := range []struct {
		alg string
		key *jose.PrivateKey
	}{{"RS256", testKeys().rs256}, {"ES256", testKeys().es256}} {
		t.Run(c.alg, func(t *testing.T) {
			s := newSite(t, nil)
			b := s.browser(t)
			if who := b.whoami(); who != "nobody" {
				t.Fatalf("before: %s", who)
			}
			nonce := b.nonce()
			token := sign(t, c.key, s.idp.claims(nonce, s.clock.Now()))
			a := b.send(token)
			if a.status != 200 || !a.New || a.User.Name != "Ada Lovelace" || a.User.Email != "ada@example.test" {
				t.Fatalf("%d %s", a.status, a.body)
			}
			if who := b.whoami(); who != "ada" {
				t.Errorf("after: %s", who)
			}
			if cc := a.header.Values("Cache-Control"); len(cc) == 0 || cc[0] != "no-store" {
				t.Errorf("Cache-Control: %q", cc)
			}

			other := s.browser(t)
			again := other.send(other.token(other.nonce()))
			if again.status != 200 || again.New || again.User.ID != a.User.ID {
				t.Errorf("the second sign-in: %d %s", again.status, again.body)
			}
			if got := s.store.created(); got != [2]int{1, 2} {
				t.Errorf("users and sessions: %v", got)
			}
			s.noSecrets(t, nonce, token, b.cookie("rp-session"))
		})
	}
}

// A refused token: what is wrong with it, and the code that says so.
func TestRefusedTokens(t *testing.T) {
	s := newSite(t, nil)
	es256 := testKeys().es256
	now := s.clock.Now()
	stranger := func(t *testing.T, c claims) string { return sign(t, testKeys().stranger, c) }
	edit := func(changes claims) func(*testing.T, claims) string {
		return func(t *testing.T, c claims) string { return sign(t, es256, c.with(changes)) }
	}
	part := func(i int, f func(string) string) func(*testing.T, claims) string {
		return func(t *testing.T, c claims) string {
			parts := strings.Split(sign(t, es256, c), ".")
			parts[i] = f(parts[i])
			return strings.Join(parts, ".")
		}
	}
	for _, c := range []struct {
		name  string
		token func(*testing.T, claims) string
		code  string
	}{
		{"another audience", edit(claims{"aud": "other-client"}), "aud_mismatch"},
		{"an audience of one more party", edit(claims{"aud": []string{clientID, "other"}}), "aud_untrusted"},
		{"no audience", edit(claims{"aud": nil}), "aud_mismatch"},
		{"given to another client", edit(claims{"azp": "other"}), "azp_mismatch"},
		{"another issuer", edit(claims{"iss": "https://evil.example"}), "iss_mismatch"},
		{"no issuer", edit(claims{"iss": nil}), "iss_mismatch"},
		{"expired this very second", edit(claims{"exp": now.Unix()}), "expired"},
		{"no expiry", edit(claims{"exp": nil}), "exp_missing"},
		{"expiry as text", edit(claims{"exp": "9999999999"}), "claim_type"},
		{"issued in the future", edit(claims{"iat": now.Unix() + 61}), "iat_future"},
		{"no time of issue", edit(claims{"iat": nil}), "iat_missing"},
		{"no subject", edit(claims{"sub": nil}), "sub_invalid"},
		{"a subject of 256 characters", edit(claims{"sub": strings.Repeat("x", 256)}), "sub_invalid"},
		{"no nonce", edit(claims{"nonce": nil}), "nonce_missing"},
		{"an empty nonce", edit(claims{"nonce": ""}), "nonce_missing"},
		{"a nonce that nobody issued", edit(claims{"nonce": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}), "nonce_unknown"},
		{"a number for a nonce", edit(claims{"nonce": 7}), "claim_type"},
		{"signed by a key that is not the provider's", stranger, "key_unknown"},
		{"the kid of the provider's key over another signature", func(t *testing.T, c claims) string {
			good, bad := sign(t, es256, c), stranger(t, c)
			return good[:strings.LastIndexByte(good, '.')] + bad[strings.LastIndexByte(bad, '.'):]
		}, "signature_invalid"},
		{"claims changed after signing", part(1, func(p string) string {
			b, _ := base64.RawURLEncoding.DecodeString(p)
			return base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(b), `"ada"`, `"eve"`, 1)))
		}), "signature_invalid"},
		{"alg none", func(t *testing.T, c claims) string {
			payload := strings.Split(sign(t, es256, c), ".")[1]
			return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + payload + "."
		}, "alg_unsupported"},
		{"HMAC with the public key", part(0, func(string) string {
			return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT","kid":"` + es256.KeyID() + `"}`))
		}), "alg_unsupported"},
		{"a key inside the token", part(0, func(string) string {
			return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","typ":"JWT","jwk":{}}`))
		}), "header_forbidden"},
		{"an access token", func(t *testing.T, c claims) string {
			payload, _ := json.Marshal(c)
			token, err := jws.Sign(es256.Signer(), "at+jwt", payload)
			if err != nil {
				t.Fatal(err)
			}
			return token
		}, "typ_refused"},
		{"a nonce in two members", func(t *testing.T, c claims) string {
			payload, _ := json.Marshal(c)
			payload = append(payload[:len(payload)-1], `,"nonce":"x"}`...)
			token, err := jws.Sign(es256.Signer(), "JWT", payload)
			if err != nil {
				t.Fatal(err)
			}
			return token
		}, "claims_invalid"},
		{"cut short", func(t *testing.T, c claims) string { k := sign(t, es256, c); return k[:len(k)-1] }, "base64url"},
		{"padded", func(t *testing.T, c claims) string { return sign(t, es256, c) + "=" }, "base64url"},
		{"two parts", func(t *testing.T, c claims) string {
			k := sign(t, es256, c)
			return k[:strings.LastIndexByte(k, '.')]
		}, "token_malformed"},
		{"encrypted", func(*testing.T, claims) string { return "a.b.c.d.e" }, "token_encrypted"},
		{"not a token", func(*testing.T, claims) string { return "hello" }, "token_malformed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := s.browser(t)
			nonce := b.nonce()
			before := s.store.created()
			token := c.token(t, s.idp.claims(nonce, now))
			a := b.send(token)
			if a.status != http.StatusForbidden || a.code != c.code || len(a.detail) < 20 {
				t.Errorf("%d %s, want 403 %s", a.status, a.body, c.code)
			}
			if got := s.store.created(); got != before {
				t.Errorf("created: %v, before %v", got, before)
			}
			if b.cookie("rp-session") != "" || b.whoami() != "nobody" {
				t.Error("a session began")
			}
			if strings.Contains(a.body, nonce) || strings.Contains(a.body, token) {
				t.Errorf("the answer repeats what was sent: %s", a.body)
			}
			s.noSecrets(t, nonce, token)
			// The refused token did not use up the nonce of the sign-in under way.
			if a := b.send(b.token(nonce)); a.status != 200 {
				t.Errorf("the good token after it: %d %s", a.status, a.body)
			}
		})
	}
}

func TestOneTokenManyTimesAtOnceMakesOneSession(t *testing.T) {
	s := newSite(t, nil)
	b := s.browser(t)
	token := b.token(b.nonce())
	cookie := b.cookie("rp-browser")
	const n = 50
	codes := make(chan string, n)
	begin := make(chan struct{})
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			other := s.browser(t) // no cookies but the one that is added here
			r := other.request("POST", "/signin/fedcm", "application/json", `{"token":"`+token+`"}`)
			r.AddCookie(&http.Cookie{Name: s.named("rp-browser"), Value: cookie})
			<-begin
			a := other.do(r)
			if a.status == 200 {
				codes <- "ok"
				return
			}
			codes <- a.code
		})
	}
	close(begin)
	wg.Wait()
	close(codes)
	count := map[string]int{}
	for c := range codes {
		count[c]++
	}
	if count["ok"] != 1 || count["nonce_reused"] != n-1 {
		t.Errorf("answers: %v", count)
	}
	if got := s.store.created(); got != [2]int{1, 1} {
		t.Errorf("users and sessions: %v", got)
	}
}

func TestAPersonIsKnownByIssuerAndSubjectAlone(t *testing.T) {
	s := newSite(t, nil)
	signIn := func(changes claims) answer {
		b := s.browser(t)
		a := b.send(sign(t, testKeys().es256, s.idp.claims(b.nonce(), s.clock.Now()).with(changes)))
		if a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		return a
	}
	ada := signIn(nil)
	if a := signIn(claims{"sub": "ADA"}); !a.New || a.User.ID == ada.User.ID {
		t.Error("a subject in another case, with the same address, took over the account")
	}
	if a := signIn(claims{"email": "new@example.test"}); a.New || a.User.ID != ada.User.ID || a.User.Email != "new@example.test" {
		t.Errorf("a new address made a new person: %s", a.body)
	}
	if a := signIn(claims{"email": nil, "name": nil}); a.User.Email != "new@example.test" || a.User.Name != "Ada Lovelace" {
		t.Errorf("a token without claims emptied the record: %s", a.body)
	}
}

func TestAnAliasOfTheIssuerIsNoSecondPerson(t *testing.T) {
	s := newSite(t, func(c *rpserver.Config) { c.Providers[0].IssuerAliases = []string{"idp.example"} })
	b := s.browser(t)
	first := b.send(b.token(b.nonce()))
	second := b.send(sign(t, testKeys().es256, s.idp.claims(b.nonce(), s.clock.Now()).with(claims{"iss": "idp.example"})))
	if first.status != 200 || second.status != 200 || second.New || second.User.ID != first.User.ID {
		t.Errorf("%s then %s", first.body, second.body)
	}
}

func TestAHostedDomainIsDemanded(t *testing.T) {
	s := newSite(t, func(c *rpserver.Config) { c.Providers[0].HostedDomain = "example.test" })
	for hd, status := range map[any]int{nil: 403, "other.test": 403, "example.test": 200} {
		b := s.browser(t)
		a := b.send(sign(t, testKeys().es256, s.idp.claims(b.nonce(), s.clock.Now()).with(claims{"hd": hd})))
		if a.status != status || (status == 403 && a.code != "hd_mismatch") {
			t.Errorf("hd %v: %d %s", hd, a.status, a.body)
		}
	}
}

func TestATokenOfOneProviderIsNotJudgedByAnother(t *testing.T) {
	second := newIdP(t)
	s := newSite(t, func(c *rpserver.Config) { c.Providers = append(c.Providers, second.provider()) })
	b := s.browser(t)
	post := func(token, configURL string) answer {
		body, _ := json.Marshal(map[string]string{"token": token, "config_url": configURL})
		return b.do(b.request("POST", "/signin/fedcm", "application/json", string(body)))
	}
	nonce := b.nonce()
	token := b.token(nonce)
	// Both providers of this test have the same keys: the issuer alone tells.
	if a := post(token, second.provider().ConfigURL); a.status != 403 || a.code != "iss_mismatch" {
		t.Errorf("the other provider: %d %s", a.status, a.body)
	}
	if a := post(token, ""); a.status != 400 || a.code != "provider_missing" {
		t.Errorf("no provider: %d %s", a.status, a.body)
	}
	if a := post(token, "https://evil.example/fedcm.json"); a.status != 400 || a.code != "provider_unknown" {
		t.Errorf("an unknown provider: %d %s", a.status, a.body)
	}
	if a := post(token, s.idp.provider().ConfigURL); a.status != 200 || !a.New {
		t.Errorf("its own provider: %d %s", a.status, a.body)
	}
	a := post(sign(t, testKeys().es256, second.claims(b.nonce(), s.clock.Now())), second.provider().ConfigURL)
	if a.status != 200 || !a.New {
		t.Errorf("ada of the second provider is another person: %d %s", a.status, a.body)
	}
}

func TestTheApplicationMayTurnAPersonAway(t *testing.T) {
	s := newSite(t, nil)
	s.store.setFail(failures{users: rpserver.Refuse("not_invited", "This shop is open to invited people. Ask for an invitation.")})
	b := s.browser(t)
	if a := b.send(b.token(b.nonce())); a.status != 403 || a.code != "not_invited" || b.whoami() != "nobody" {
		t.Errorf("%d %s", a.status, a.body)
	}
}
