package idpserver_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/idpserver/directory"
)

// tokenSet is an answer of the token endpoint.
type tokenSet struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
	Scope   string `json:"scope"`
	Expires int    `json:"expires_in"`
}

func (p *idp) tokens(res *http.Response) (set tokenSet) {
	p.t.Helper()
	wantStatus(p.t, res, http.StatusOK)
	decode(p.t, res, &set)
	for _, s := range []string{set.Access, set.Refresh, set.ID} {
		p.secret(s)
	}
	return set
}

// signedInWith signs ada in and gets tokens for the shop with these scopes.
func signedInWith(t testing.TB, scope string, change ...func(*idpserver.Config)) (*idp, *browser, *directory.Account, tokenSet) {
	t.Helper()
	p := newIdP(t, change...)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	return p, b, ada, b.tokensOf(ada, scope)
}

func (b *browser) tokensOf(a *directory.Account, scope string, change ...func(url.Values)) tokenSet {
	b.p.t.Helper()
	v, verifier := codeRequest(b.p.t)
	v.Set("scope", scope)
	for _, f := range change {
		f(v)
	}
	return b.p.tokens(b.p.token(exchange(b.code(v, a.ID), verifier)))
}

func refreshForm(token string, more ...string) url.Values {
	return values(append([]string{"grant_type", "refresh_token", "refresh_token", token, "client_id", shopID}, more...)...)
}

// server posts to an endpoint for clients' servers.
func (p *idp) server(path string, form url.Values, change ...func(*http.Request)) *http.Response {
	r := httptest.NewRequest(http.MethodPost, p.issuer+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w.Result()
}

func (p *idp) userinfo(token string) *http.Response {
	r := httptest.NewRequest(http.MethodGet, p.issuer+"/userinfo", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w.Result()
}

func basic(id, secret string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret)) }
}

// wantOver checks that nothing of a set of tokens works.
func (p *idp) wantOver(set tokenSet) {
	p.t.Helper()
	wantStatus(p.t, p.userinfo(set.Access), http.StatusUnauthorized)
	if set.Refresh != "" {
		wantTokenError(p.t, p.token(refreshForm(set.Refresh)), 400, "invalid_grant")
	}
}

const offline = "openid email offline_access"

func TestARefreshTokenGivesTheNextOne(t *testing.T) {
	p, _, ada, first := signedInWith(t, offline)
	if first.Refresh == "" || first.Scope != offline || first.Expires != 900 {
		t.Fatalf("tokens = %+v", first)
	}
	p.now = p.now.Add(24 * time.Hour)
	second := p.tokens(p.token(refreshForm(first.Refresh)))
	if second.Refresh == first.Refresh || second.Access == first.Access || second.Scope != offline {
		t.Errorf("tokens = %+v", second)
	}
	before, after := claims(t, first.ID), claims(t, second.ID)
	if after["sub"] != ada.ID || after["nonce"] != nil || after["iss"] != before["iss"] || after["aud"] != before["aud"] ||
		after["auth_time"] != before["auth_time"] || after["sid"] != before["sid"] || after["iat"] == before["iat"] {
		t.Errorf("ID token of the refresh %v\nof the code %v", after, before)
	}
	wantStatus(t, p.userinfo(second.Access), http.StatusOK)

	narrow := p.tokens(p.token(refreshForm(second.Refresh, "scope", "openid")))
	if narrow.Scope != "openid" || claims(t, narrow.ID)["email"] != nil {
		t.Errorf("scope %q, claims %v", narrow.Scope, claims(t, narrow.ID))
	}
	wide := p.tokens(p.token(refreshForm(narrow.Refresh))) // what was granted stays granted
	if wide.Scope != offline || claims(t, wide.ID)["email"] == nil {
		t.Errorf("scope %q", wide.Scope)
	}
	wantTokenError(t, p.token(refreshForm(wide.Refresh, "scope", "openid profile")), 400, "invalid_scope")
	wantStatus(t, p.token(refreshForm(wide.Refresh)), http.StatusOK) // and used up nothing
}

func TestARefreshTokenIsForItsClientAndItsTime(t *testing.T) {
	p, _, _, set := signedInWith(t, offline)
	form := refreshForm(set.Refresh)
	form.Set("client_id", "legacy")
	wantTokenError(t, p.token(form), 400, "invalid_grant")
	for _, bad := range []string{"x", set.Refresh + "A", set.Refresh[:len(set.Refresh)-1], set.Access, strings.ToUpper(set.Refresh),
		"r" + strings.Repeat("A", 112)} {
		wantTokenError(t, p.token(refreshForm(bad)), 400, "invalid_grant")
	}
	wantTokenError(t, p.token(values("grant_type", "refresh_token", "client_id", shopID)), 400, "invalid_request")
	p.now = p.now.Add(30 * 24 * time.Hour)
	next := p.tokens(p.token(refreshForm(set.Refresh)))
	p.now = p.now.Add(30*24*time.Hour + time.Second)
	wantTokenError(t, p.token(refreshForm(next.Refresh)), 400, "invalid_grant")
}

func TestAccessWhileThePersonIsAwayEndsSomeDay(t *testing.T) {
	p, _, _, set := signedInWith(t, offline, func(c *idpserver.Config) { c.OfflineLifetime = 20 * 24 * time.Hour })
	p.now = p.now.Add(19 * 24 * time.Hour)
	set = p.tokens(p.token(refreshForm(set.Refresh)))
	p.now = p.now.Add(24 * time.Hour)
	p.wantOver(set)
}

// An answer that was lost on its way can be had again at once, by who has the token.
func TestAReplacedRefreshTokenGivesTheSameAnswerForTenSeconds(t *testing.T) {
	p, _, _, first := signedInWith(t, offline)
	second := p.tokens(p.token(refreshForm(first.Refresh)))
	p.now = p.now.Add(10 * time.Second)
	if again := p.tokens(p.token(refreshForm(first.Refresh))); again != second {
		t.Errorf("again = %+v\nwant    %+v", again, second)
	}
	third := p.tokens(p.token(refreshForm(second.Refresh)))
	// One that is older than the last one was stolen, or its client was robbed.
	wantTokenError(t, p.token(refreshForm(first.Refresh)), 400, "invalid_grant")
	p.wantOver(third)
	if !p.logged("shown again") {
		t.Error("the log says nothing")
	}
}

func TestAReplacedRefreshTokenThatComesLateEndsAll(t *testing.T) {
	p, _, _, first := signedInWith(t, offline)
	second := p.tokens(p.token(refreshForm(first.Refresh)))
	p.now = p.now.Add(10*time.Second + time.Millisecond)
	wantTokenError(t, p.token(refreshForm(first.Refresh)), 400, "invalid_grant")
	p.wantOver(second)
}

func TestFiftyRefreshesAtOnceGiveOneAnswer(t *testing.T) {
	p, _, _, first := signedInWith(t, offline)
	var wg sync.WaitGroup
	sets := make([]tokenSet, 50)
	for i := range sets {
		wg.Go(func() {
			res := p.token(refreshForm(first.Refresh))
			if res.StatusCode != http.StatusOK {
				t.Errorf("status %d", res.StatusCode)
				return
			}
			decode(t, res, &sets[i])
		})
	}
	wg.Wait()
	for _, s := range sets {
		if s != sets[0] {
			t.Fatal("two answers")
		}
	}
	wantStatus(t, p.token(refreshForm(sets[0].Refresh)), http.StatusOK)
}

// RFC 9700 section 4.5: a code that comes again was stolen, by the first or the second.
func TestACodeThatComesAgainEndsWhatItGave(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	v, verifier := codeRequest(t)
	v.Set("scope", offline)
	code := b.code(v, ada.ID)
	set := p.tokens(p.token(exchange(code, verifier)))
	other := b.tokensOf(ada, offline)
	p.now = p.now.Add(time.Hour) // long after the code's own time
	set = p.tokens(p.token(refreshForm(set.Refresh)))
	wantTokenError(t, p.token(exchange(code, "wrong")), 400, "invalid_grant")
	p.wantOver(set)
	wantStatus(t, p.token(refreshForm(other.Refresh)), http.StatusOK)
}

func TestWhatEndsAnAuthorizationEndsItsTokens(t *testing.T) {
	for name, end := range map[string]func(p *idp, b *browser, a *directory.Account, set tokenSet){
		"the refresh token is revoked": func(p *idp, _ *browser, _ *directory.Account, set tokenSet) {
			wantStatus(p.t, p.server("/revoke", values("token", set.Refresh, "client_id", shopID, "token_type_hint", "refresh_token")), 200)
		},
		"the access token is revoked": func(p *idp, _ *browser, _ *directory.Account, set tokenSet) {
			wantStatus(p.t, p.server("/revoke", values("token", set.Access, "client_id", shopID)), 200)
		},
		"the site is disconnected": func(_ *idp, b *browser, a *directory.Account, _ tokenSet) {
			b.post("/account", "do", "disconnect", "client", shopID, "account", a.ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, b, ada, set := signedInWith(t, offline)
			wantStatus(t, p.userinfo(set.Access), http.StatusOK)
			end(p, b, ada, set)
			p.wantOver(set)
		})
	}
}

func TestWithoutOfflineAccessThereIsNoRefreshToken(t *testing.T) {
	_, b, ada, set := signedInWith(t, "openid email")
	if set.Refresh != "" {
		t.Error("a refresh token nobody asked for")
	}
	byGoogle := b.tokensOf(ada, "openid email", func(v url.Values) { v.Set("access_type", "offline") })
	if byGoogle.Refresh == "" || byGoogle.Scope != offline {
		t.Errorf("access_type=offline: %+v", byGoogle)
	}
}

// A sign-out ends what belongs to the sign-in, and not what outlives it.
func TestASignOutEndsWhatIsNotOffline(t *testing.T) {
	p, b, ada, kept := signedInWith(t, offline)
	ended := b.tokensOf(ada, "openid email")
	wantStatus(t, p.userinfo(ended.Access), http.StatusOK)
	b.post("/signout", "account", ada.ID)
	wantStatus(t, p.userinfo(ended.Access), http.StatusUnauthorized)
	wantStatus(t, p.userinfo(kept.Access), http.StatusOK)
	wantStatus(t, p.token(refreshForm(kept.Refresh)), http.StatusOK)
}

func TestTheSidIsThatOfTheSignInAndTheClient(t *testing.T) {
	p, b, ada, first := signedInWith(t, "openid")
	sid := func(set tokenSet) string { s, _ := claims(t, set.ID)["sid"].(string); return s }
	if again := b.tokensOf(ada, "openid"); sid(first) == "" || sid(again) != sid(first) {
		t.Errorf("sid %q, then %q", sid(first), sid(again))
	}
	b.signIn("ada@corp.example") // afresh: the cookies are new, the session is not
	if again := b.tokensOf(ada, "openid"); sid(again) != sid(first) {
		t.Errorf("sid %q after signing in afresh, %q before", sid(again), sid(first))
	}
	other := p.browser()
	other.signIn("ada@corp.example")
	if there := other.tokensOf(ada, "openid"); sid(there) == sid(first) {
		t.Error("two browsers have one sid")
	}
}
