package rpserver_test

import (
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
)

// One sign-in without the network: nonce, intake, judgement, session, in memory.
// Signing the token is the provider's part and not measured.
func BenchmarkSignIn(b *testing.B) {
	for name, key := range map[string]*jose.PrivateKey{"RS256": testKeys().rs256, "ES256": testKeys().es256} {
		b.Run(name, func(b *testing.B) {
			set, err := jose.PublicSet(key)
			if err != nil {
				b.Fatal(err)
			}
			keys, err := jws.ParseKeySet(set)
			if err != nil {
				b.Fatal(err)
			}
			store := &rpmem.Store{}
			c := goodConfig()
			c.Users, c.Nonces, c.SessionStore = store, store, store
			c.Providers[0].Keys = fixedKeys{keys}
			rp, err := rpserver.New(c)
			if err != nil {
				b.Fatal(err)
			}
			post := func(path, contentType, body, cookie string) *httptest.ResponseRecorder {
				r := httptest.NewRequest("POST", path, strings.NewReader(body))
				r.Header.Set("Origin", c.Origin)
				r.Header.Set("Content-Type", contentType)
				r.Header.Set("Cookie", cookie)
				w := httptest.NewRecorder()
				rp.ServeHTTP(w, r)
				if w.Code != 200 {
					msg, _ := io.ReadAll(w.Body)
					b.Fatalf("%d %s", w.Code, msg)
				}
				return w
			}
			provider := &idp{}
			for b.Loop() {
				w := post("/signin/nonce", "", "", "")
				_, rest, _ := strings.Cut(w.Body.String(), `"nonce":"`)
				nonce, _, _ := strings.Cut(rest, `"`)
				cookie, _, _ := strings.Cut(w.Header().Get("Set-Cookie"), ";")
				b.StopTimer()
				token := sign(b, key, provider.claims(nonce, time.Now()).with(claims{"iss": c.Providers[0].Issuer}))
				b.StartTimer()
				post("/signin/fedcm", "application/json", `{"token":"`+token+`"}`, cookie)
			}
		})
	}
}

// What a stranger may cause as often as they like.
func BenchmarkNonce(b *testing.B) {
	c := goodConfig()
	rp, err := rpserver.New(c)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("POST", "/signin/nonce", nil)
		r.Header.Set("Origin", c.Origin)
		w := httptest.NewRecorder()
		rp.ServeHTTP(w, r)
		if w.Code != 200 {
			b.Fatal(w.Code)
		}
	}
}
