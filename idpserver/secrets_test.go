package idpserver_test

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/idpserver"
)

var secretA, secretB = bytes.Repeat([]byte("a"), 32), bytes.Repeat([]byte("b"), 32)

// pictureFor is the picture that an ID token names to a relying party.
func (b *browser) pictureFor(t *testing.T, client, account string) string {
	t.Helper()
	form := assertionForm(account)
	form.Set("client_id", client)
	r := b.assertionRequest(form)
	if client == "wiki" {
		r.Header.Set("Origin", "https://wiki.example")
	}
	b.p.secret(testNonce)
	res := b.send(r, true)
	wantStatus(t, res, http.StatusOK)
	var answer struct{ Token string }
	decode(t, res, &answer)
	b.p.secret(answer.Token)
	url, _ := claims(t, answer.Token)["picture"].(string)
	return url
}

// A picture's address, and what is drawn there, is all that a page needs to know
// somebody again by.
func TestEachRelyingPartyHasAPictureOfItsOwn(t *testing.T) {
	p := newIdP(t, func(c *idpserver.Config) { c.Secrets = [][]byte{secretA} })
	ada, grace := p.create("ada@corp.example"), p.create("grace@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	b.signIn("grace@corp.example")
	seen := map[string]string{}
	for _, one := range []struct{ client, account string }{
		{shopID, ada.ID}, {"wiki", ada.ID}, {shopID, grace.ID}, {"wiki", grace.ID},
	} {
		url := b.pictureFor(t, one.client, one.account)
		path, ours := strings.CutPrefix(url, loopback)
		if !ours || strings.Contains(url, ada.ID) || strings.Contains(url, grace.ID) {
			t.Errorf("picture = %q", url)
		}
		if again := b.pictureFor(t, one.client, one.account); again != url {
			t.Errorf("the same site is told %q and %q", url, again)
		}
		res := p.browser().get(path)
		wantStatus(t, res, http.StatusOK)
		image := body(t, res)
		if seen[url] != "" || seen[image] != "" {
			t.Errorf("%v has the picture of %s%s", one, seen[url], seen[image])
		}
		seen[url], seen[image] = one.client, one.client
	}
	// What sites were told before goes on working.
	wantStatus(t, p.browser().get("/picture/"+ada.ID+".png"), http.StatusOK)

	// Another process with these secrets tells the same; one with others does not.
	first := b.pictureFor(t, shopID, ada.ID)
	for _, c := range []struct {
		secrets [][]byte
		same    bool
	}{{[][]byte{secretA, secretB}, true}, {[][]byte{secretB, secretA}, false}, {nil, false}} {
		q := newIdP(t, func(conf *idpserver.Config) { conf.Secrets, conf.Store = c.secrets, p.store })
		other := q.browser()
		other.signIn("ada@corp.example")
		if got := other.pictureFor(t, shopID, ada.ID); (got == first) != c.same {
			t.Errorf("%d secrets: %q, before %q", len(c.secrets), got, first)
		}
	}
}

// Somebody guesses, and Ada is let in at once in the browser in which she signed in
// before, also after the provider was started again.
func TestABrowserIsKnownByTheSecretsOfBefore(t *testing.T) {
	for _, c := range []struct {
		name    string
		secrets [][]byte
		known   bool
	}{
		{"the same", [][]byte{secretA}, true},
		{"a new one in front", [][]byte{secretB, secretA}, true},
		{"another", [][]byte{secretB}, false},
		{"none", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := newIdP(t, func(conf *idpserver.Config) { conf.Secrets = [][]byte{secretA} })
			before.create("ada@corp.example")
			b := before.browser()
			b.signIn("ada@corp.example")
			after := newIdP(t, func(conf *idpserver.Config) { conf.Secrets, conf.Store = c.secrets, before.store })
			for i := range 30 { // from many networks: the account itself then waits
				thief := after.browser()
				thief.addr = "203.0.113." + strconv.Itoa(i) + ":1"
				thief.post("/signin", "email", "ada@corp.example", "password", "a guess that is wrong")
			}
			wantStatus(t, after.browser().post("/signin", "email", "ada@corp.example", "password", password), 429)
			b.p = after
			res := b.post("/signin", "email", "ada@corp.example", "password", password)
			if known := res.StatusCode == http.StatusSeeOther; known != c.known {
				t.Errorf("status %d", res.StatusCode)
			}
		})
	}
}

// Two people use one browser. Who guesses the other's password there waits, whatever
// they sign in to in between.
func TestAnAccountOfOnesOwnBringsNoNewGuessesAtAnothers(t *testing.T) {
	p := newIdP(t)
	p.create("ada@corp.example")
	p.create("eve@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	b.signIn("eve@corp.example")
	guesses := 0
	for range 10 {
		for b.post("/signin", "email", "ada@corp.example", "password", "a guess that is wrong").StatusCode == http.StatusForbidden {
			guesses++
		}
		b.signIn("eve@corp.example")
	}
	if guesses > 20 { // ten as a known browser, ten as any other
		t.Errorf("%d guesses at once", guesses)
	}
	// Elsewhere Ada does not wait for it.
	other := p.browser()
	other.addr = "198.51.100.7:1"
	other.signIn("ada@corp.example")
}
