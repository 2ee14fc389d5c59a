package idpserver_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// told is a client's door for logout tokens.
type told struct {
	mu     sync.Mutex
	tokens []string
	status []int // of the next answers; 200 afterwards
	came   chan struct{}
}

func (d *told) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	d.tokens = append(d.tokens, r.PostFormValue("logout_token"))
	status := http.StatusOK
	if len(d.status) > 0 {
		status, d.status = d.status[0], d.status[1:]
	}
	d.mu.Unlock()
	w.WriteHeader(status)
	d.came <- struct{}{}
}

// telling makes a provider that tells the shop, and the wiki, of sign-outs.
func telling(t *testing.T, status ...int) (*idp, *told) {
	t.Helper()
	d := &told{status: status, came: make(chan struct{}, 10)}
	s := httptest.NewServer(d)
	t.Cleanup(s.Close)
	p := newIdP(t, func(c *idpserver.Config) {
		shop := clients[0]
		shop.BackChannelLogoutURI = s.URL + "/logout"
		static, err := directory.StaticClients(shop, clients[1])
		if err != nil {
			t.Fatal(err)
		}
		c.Clients = static
	})
	return p, d
}

func TestASignOutIsToldToTheClientsOfTheSignIn(t *testing.T) {
	p, d := telling(t)
	ada := p.create("ada@corp.example")
	b, elsewhere := p.browser(), p.browser()
	for _, one := range []*browser{b, elsewhere} {
		one.signIn("ada@corp.example")
	}
	set, again, offlineToo := b.tokensOf(ada, "openid"), b.tokensOf(ada, "openid email"), b.tokensOf(ada, offline)
	elsewhere.tokensOf(ada, "openid")
	b.post("/signout", "account", ada.ID)
	<-d.came
	keys, err := jws.ParseKeySet(p.jwks())
	if err != nil {
		t.Fatal(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.tokens) != 1 {
		t.Fatalf("told %d times", len(d.tokens))
	}
	p.secret(d.tokens[0])
	l, err := oidc.VerifyLogoutToken(d.tokens[0], oidc.Config{Issuer: loopback, ClientID: shopID, Keys: keys}, p.now)
	if err != nil {
		t.Fatal(err)
	}
	if sid := claims(t, set.ID)["sid"]; l.Subject != ada.ID || l.SessionID != sid || claims(t, again.ID)["sid"] != sid || claims(t, offlineToo.ID)["sid"] != sid ||
		l.Expiry != p.now.Unix()+120 || l.ID == "" {
		t.Errorf("logout token = %+v, sid %v", l, sid)
	}
	if c := claims(t, d.tokens[0]); c["nonce"] != nil {
		t.Error("a logout token with a nonce")
	}
}

func TestAClientThatRefusesALogoutTokenIsLeftAlone(t *testing.T) {
	p, d := telling(t, http.StatusBadRequest)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	b.tokensOf(ada, "openid")
	b.post("/signout", "account", ada.ID)
	<-d.came
	for range 500 {
		if p.logged("was not told to a site") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the log does not say so")
}
