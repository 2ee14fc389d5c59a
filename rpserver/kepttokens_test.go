package rpserver

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

var someTokens = keptTokens{IDToken: "e.y.j", Access: "access", Expires: 1790003600, Refresh: "refresh", Scope: "openid email"}

func sealedTokens(t *testing.T, rp *RP, signIn string, k keptTokens) []byte {
	t.Helper()
	b, err := rp.sealTokens(signIn, k)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestKeptTokensOpenAsTheyWere(t *testing.T) {
	rp := sealer(t, "https://shop.example", "a")
	large := someTokens
	large.IDToken = strings.Repeat("x", 256<<10) // the largest that MaxIDToken allows
	odd := keptTokens{Access: "a\"b\\c<&>/+~ \u2028"}
	for _, k := range []keptTokens{someTokens, large, odd, {}} {
		b := sealedTokens(t, rp, "one", k)
		if got := rp.openTokens("one", b); got != k {
			t.Errorf("%.100v came back as %.100v", k, got)
		}
		for _, secret := range []string{k.Access, k.Refresh} {
			if secret != "" && bytes.Contains(b, []byte(secret)) {
				t.Error("a row has a token in the clear")
			}
		}
	}
	if bytes.Equal(sealedTokens(t, rp, "one", someTokens), sealedTokens(t, rp, "one", someTokens)) {
		t.Error("the same bytes twice: random numbers repeat")
	}
}

// Whoever may write into the store cannot give one person's tokens to another, at this
// site or at another one that shares its secrets.
func TestTokensOfAnotherRowAreNothing(t *testing.T) {
	rp := sealer(t, "https://shop.example", "a")
	b := sealedTokens(t, rp, "one", someTokens)
	for name, got := range map[string]keptTokens{
		"another sign-in":   rp.openTokens("two", b),
		"no sign-in":        rp.openTokens("", b),
		"another site":      sealer(t, "https://other.example", "a").openTokens("one", b),
		"another secret":    sealer(t, "https://shop.example", "b").openTokens("one", b),
		"a moved border":    sealer(t, "https://shop.exampleo", "a").openTokens("ne", b),
		"the secret of old": sealer(t, "https://shop.example", "b", "c").openTokens("one", b),
	} {
		if got != (keptTokens{}) {
			t.Errorf("%s: opened", name)
		}
	}
}

func TestChangedTokensAreNothing(t *testing.T) {
	rp := sealer(t, "https://shop.example", "a")
	b := sealedTokens(t, rp, "one", someTokens)
	for i := range b {
		changed := bytes.Clone(b)
		changed[i] ^= 1
		if got := rp.openTokens("one", changed); got != (keptTokens{}) {
			t.Errorf("byte %d changed: opened", i)
		}
		if got := rp.openTokens("one", b[:i]); got != (keptTokens{}) {
			t.Errorf("cut to %d bytes: opened", i)
		}
	}
	for name, row := range map[string][]byte{
		"longer":               append(bytes.Clone(b), 0),
		"nothing":              nil,
		"another form":         append([]byte{2}, b[1:]...),
		"the text, not sealed": []byte(`{"access_token":"access"}`),
	} {
		if got := rp.openTokens("one", row); got != (keptTokens{}) {
			t.Errorf("%s: opened", name)
		}
	}
}

// A new secret in front leaves the rows of the old one readable, and what is written
// from then on is the new one's.
func TestTokensOutliveANewSecret(t *testing.T) {
	old, both := sealer(t, "https://shop.example", "a"), sealer(t, "https://shop.example", "b", "a")
	if got := both.openTokens("one", sealedTokens(t, old, "one", someTokens)); got != someTokens {
		t.Errorf("a row of the old secret: %v", got)
	}
	b := sealedTokens(t, both, "one", someTokens)
	if got := sealer(t, "https://shop.example", "b").openTokens("one", b); got != someTokens {
		t.Errorf("a row of the new secret: %v", got)
	}
	if got := old.openTokens("one", b); got != (keptTokens{}) {
		t.Error("the old secret still seals")
	}
}

// The key that encrypts tokens is none of those that seal nonces and states.
func TestTokensHaveAKeyOfTheirOwn(t *testing.T) {
	keys := sealer(t, "https://shop.example", "a").keys[0]
	for _, l := range []label{labelNonce, labelCodeNonce, labelState, labelLink, labelConfirm, labelSignOut, labelBrowser} {
		if bytes.Equal(keys[l], keys[labelTokens]) {
			t.Errorf("the key of %q", l)
		}
	}
	if len(keys[labelTokens]) != 32 {
		t.Errorf("%d bytes: not AES-256", len(keys[labelTokens]))
	}
}

// What a new answer lacks stays as it was, except how long the access token lasts.
func TestANewAnswerOverTheTokensThatAreKept(t *testing.T) {
	now := time.Unix(1790000000, 0)
	for _, c := range []struct {
		name   string
		answer oidc.TokenAnswer
		want   keptTokens
	}{
		{"an access token alone", oidc.TokenAnswer{AccessToken: "new"},
			keptTokens{IDToken: "e.y.j", Access: "new", Refresh: "refresh", Scope: "openid email"}},
		{"with its time", oidc.TokenAnswer{AccessToken: "new", ExpiresIn: 60},
			keptTokens{IDToken: "e.y.j", Access: "new", Expires: 1790000060, Refresh: "refresh", Scope: "openid email"}},
		{"everything", oidc.TokenAnswer{AccessToken: "new", ExpiresIn: 60, IDToken: "n.e.w", RefreshToken: "next", Scope: "openid"},
			keptTokens{IDToken: "n.e.w", Access: "new", Expires: 1790000060, Refresh: "next", Scope: "openid"}},
	} {
		if got := someTokens.with(&c.answer, now); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// A token that is about to expire is over, and one without a time is good until the
// provider refuses it.
func TestWhenAnAccessTokenIsGood(t *testing.T) {
	now := time.Unix(1790000000, 0)
	margin := int64(tokenMargin / time.Second)
	for _, c := range []struct {
		name string
		k    keptTokens
		good bool
	}{
		{"none", keptTokens{}, false},
		{"a time and no token", keptTokens{Expires: now.Unix() + 3600}, false},
		{"no time", keptTokens{Access: "a"}, true},
		{"over", keptTokens{Access: "a", Expires: now.Unix() - 1}, false},
		{"about to be over", keptTokens{Access: "a", Expires: now.Unix() + margin}, false},
		{"good", keptTokens{Access: "a", Expires: now.Unix() + margin + 1}, true},
	} {
		if got := c.k.good(now); got != c.good {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
