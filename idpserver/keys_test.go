package idpserver_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/internal/keyring"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// turn is a ring of ES256 keys after some rotations. Another algorithm than RS256
// makes it cheap; the RS256 key stands beside it.
type turn struct {
	ring keyring.Ring
	keys []idpserver.Key
}

func (r *turn) rotate(t *testing.T, now time.Time) {
	t.Helper()
	var err error
	r.ring, err = keyring.Rotate(r.ring, now.Truncate(time.Second), keyring.Rules{Ahead: true, Keep: time.Hour})
	if err == nil {
		err = jose.MakeRing(&r.ring, jws.ES256)
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := r.ring.Text()
	if err != nil {
		t.Fatal(err)
	}
	es, err := idpserver.ParseKeys(text)
	if err != nil {
		t.Fatal(err)
	}
	r.keys = append([]idpserver.Key{rsKey}, es...)
}

func kidOf(t *testing.T, k idpserver.Key) string {
	t.Helper()
	key, err := jws.ParseKey(k.PublicJWK)
	if err != nil {
		t.Fatal(err)
	}
	kid, _ := key.KeyID()
	return kid
}

// A ring turns while the server runs: what was signed before stays good until its key
// has gone, and nobody is sent a token of a key that is not published.
func TestARingTurnsWhileTheServerRuns(t *testing.T) {
	r := &turn{ring: keyring.Ring{Kind: keyring.Provider}}
	now := time.Now()
	r.rotate(t, now)
	if len(r.keys) != 3 || r.keys[1].Signer == nil || r.keys[2].Signer != nil {
		t.Fatalf("%d keys; want the RS256 key, one that signs and one that comes next", len(r.keys))
	}
	p := newIdP(t, func(c *idpserver.Config) { c.Keys = r.keys })
	fetch := func() (etag string) {
		t.Helper()
		return p.browser().get("/jwks.json").Header.Get("ETag")
	}
	published := func(want int) *jws.KeySet {
		t.Helper()
		set, err := jws.ParseKeySet(p.jwks())
		if err != nil || len(set.Keys()) != want {
			t.Fatalf("%d keys are published, want %d: %v", len(set.Keys()), want, err)
		}
		return set
	}
	first, next := kidOf(t, r.keys[1]), kidOf(t, r.keys[2])
	tag := fetch()
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	token := func() string {
		t.Helper()
		form := assertionForm(ada.ID)
		form.Set("client_id", "wiki") // registered for ES256
		q := b.assertionRequest(form)
		q.Header.Set("Origin", "https://wiki.example")
		res := b.send(q, true)
		wantStatus(t, res, http.StatusOK)
		var answer struct{ Token string }
		decode(t, res, &answer)
		return answer.Token
	}
	old := token()
	policy := jws.Policy{Algorithms: []jws.Algorithm{jws.ES256}, Types: []string{"JWT"}}
	kid := func(token string, keys *jws.KeySet) string {
		t.Helper()
		m, err := jws.Verify(token, keys, policy)
		if err != nil {
			t.Fatal(err)
		}
		id, _ := m.Key.KeyID()
		return id
	}
	if got := kid(old, published(3)); got != first {
		t.Errorf("key %s signed, want %s", got, first)
	}
	if err := p.SetKeys(r.keys); err != nil || fetch() != tag {
		t.Errorf("the same keys again: %v, ETag %s, was %s", err, fetch(), tag)
	}

	r.rotate(t, now.Add(time.Minute))
	if err := p.SetKeys(r.keys); err != nil {
		t.Fatal(err)
	}
	if again := fetch(); again == tag {
		t.Error("the ETag stayed, and nobody would fetch the new keys")
	}
	set := published(4) // RS256, current, next, retired
	if got := kid(old, set); got != first {
		t.Errorf("the retired key: %s", got)
	}
	if got := kid(token(), set); got != next {
		t.Errorf("key %s signs after the rotation, want %s", got, next)
	}

	// An hour later the first key has gone, and what it signed with it.
	r.rotate(t, now.Add(2*time.Hour))
	if err := p.SetKeys(r.keys); err != nil {
		t.Fatal(err)
	}
	if _, err := jws.Verify(old, published(4), policy); err == nil {
		t.Error("the first key is still published")
	}

	// What is wrong changes nothing.
	tag = fetch()
	for name, keys := range map[string][]idpserver.Key{
		"no key": nil, "none that signs RS256": r.keys[1:], "a key twice": append(r.keys[:len(r.keys):len(r.keys)], r.keys[1]),
	} {
		if err := p.SetKeys(keys); err == nil || fetch() != tag {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDiscoverySaysWhatSigns(t *testing.T) {
	p := newIdP(t, func(c *idpserver.Config) { c.Keys = c.Keys[:1] })
	says := func(want bool) {
		t.Helper()
		if got := strings.Contains(body(t, p.browser().get("/.well-known/openid-configuration")), `"ES256"`); got != want {
			t.Errorf("the discovery document names ES256: %v, want %v", got, want)
		}
	}
	says(false)
	if err := p.SetKeys([]idpserver.Key{rsKey, {PublicJWK: esKey.PublicJWK}}); err != nil {
		t.Fatal(err)
	}
	says(false) // published alone
	if err := p.SetKeys([]idpserver.Key{rsKey, esKey}); err != nil {
		t.Fatal(err)
	}
	says(true)
}

// Every document and every token is of one ring or of the other.
func TestKeysChangeUnderRequests(t *testing.T) {
	p := newIdP(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				if res := p.browser().get("/jwks.json"); res.StatusCode != http.StatusOK {
					t.Errorf("status %d", res.StatusCode)
				}
			}
		})
	}
	wg.Go(func() {
		for n := range 10 {
			if err := p.SetKeys([]idpserver.Key{rsKey, esKey}[:1+n%2]); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
}

func TestParseKeys(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	text, err := idpserver.GenerateKeys(jws.ES256, now)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(text, "bonafides-keyring=1 kind=provider\nid=1 state=current published=2026-11-30T12:00:00Z key={") {
		t.Errorf("the text begins with %.80q", text)
	}
	key, err := jose.GenerateES256()
	if err != nil {
		t.Fatal(err)
	}
	private, err := key.PrivateJWK()
	if err != nil {
		t.Fatal(err)
	}
	if keys, err := idpserver.ParseKeys(string(private) + "\n"); err != nil || len(keys) != 1 || keys[0].Signer.Algorithm() != jws.ES256 {
		t.Errorf("one private JWK: %d keys, %v", len(keys), err)
	}
	for name, text := range map[string]string{"nothing": "", "a word": "sesame", "a token's": strings.Replace(text, "provider", "token", 1)} {
		if keys, err := idpserver.ParseKeys(text); err == nil || keys != nil || !strings.HasPrefix(err.Error(), "idpserver: keys: ") || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := idpserver.GenerateKeys(jws.EdDSA, now); err == nil {
		t.Error("a ring was made that New refuses")
	}
}
