package stack

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bonafides-dev/bonafides/demo/trace"
	"github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/issuer"
)

func TestEverySiteAnswers(t *testing.T) {
	s := start(t, Config{})
	b := newBrowser(t, s)
	for _, origin := range []string{s.Origins.Home, s.Origins.Issuer, s.Origins.News, s.Origins.Ads, s.Origins.IdP, s.Origins.Shop} {
		a := b.send(http.MethodGet, origin, "/", true, nil, "")
		if a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") || a.header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: %d %v", origin, a.status, a.header)
		}
		if a := b.send(http.MethodGet, origin, "/healthz", false, map[string]string{"Origin": s.Origins.Home}, ""); a.status != 200 || a.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s/healthz: %d", origin, a.status)
		}
		for _, path := range []string{"/_guide/strip", "/_guide/guide.js", "/favicon.ico"} {
			if a := b.send(http.MethodGet, origin, path, false, nil, ""); a.status != 200 {
				t.Errorf("%s%s: %d", origin, path, a.status)
			}
		}
	}
	for _, x := range s.Hub.All() {
		if strings.HasSuffix(x.URL, "/healthz") || strings.Contains(x.URL, "/_guide/") || strings.HasSuffix(x.URL, "/favicon.ico") {
			t.Errorf("a request of the demo's own is recorded as a party's message: %s", x.URL)
		}
	}
	if a := b.send(http.MethodGet, strings.Replace(s.Origins.Shop, "shop.", "nosuch.", 1), "/", false, nil, ""); a.status != http.StatusNotFound || !strings.Contains(string(a.body), s.Origins.Shop) {
		t.Errorf("an unknown host is answered %d", a.status)
	}
}

func TestKeysAreTheOwnersAlone(t *testing.T) {
	s, err := New(Config{Addr: "localhost:0", DataDir: filepath.Join(t.TempDir(), "new")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	files, err := os.ReadDir(s.DataDir)
	if err != nil || len(files) < 7 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", f.Name(), info.Mode())
		}
	}
}

func TestStateSurvivesAndFreshForgets(t *testing.T) {
	dir := t.TempDir()
	keysOf := func(fresh bool) string {
		s, err := New(Config{Addr: "localhost:0", DataDir: dir, Fresh: fresh})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		var c map[string]map[string]any
		if err := json.Unmarshal(s.commitment, &c); err != nil {
			t.Fatal(err)
		}
		b, _ := json.Marshal(c["PrivateStateTokenV1VOPRF"]["keys"])
		return string(b)
	}
	first := keysOf(false)
	mine := filepath.Join(dir, "mine.txt")
	if err := os.WriteFile(mine, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if again := keysOf(false); again != first {
		t.Error("the keys changed between two starts")
	}
	if fresh := keysOf(true); fresh == first {
		t.Error("a fresh start kept the keys")
	}
	if _, err := os.Stat(mine); err != nil {
		t.Error("a fresh start removed a file that the demo did not make")
	}
	if err := os.WriteFile(filepath.Join(dir, fileRecordKey), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := New(Config{Addr: "localhost:0", DataDir: dir}); err == nil || !strings.Contains(err.Error(), "-fresh") {
		if s != nil {
			_ = s.Close()
		}
		t.Errorf("a damaged key: %v", err)
	}
}

// The token flow over HTTP, with the protocol's own client for a browser: the
// member gets 30 tokens, one of them buys a record, the ad network's server
// reads it and changes its answer, and everything works once.
func TestTokenLoop(t *testing.T) {
	s := start(t, Config{})
	b := newBrowser(t, s)
	tokens, _ := b.tokens("ada")
	if len(tokens) != 30 {
		t.Fatalf("%d tokens, want 30", len(tokens))
	}
	ad := func(header map[string]string) string {
		h := map[string]string{"Origin": s.Origins.News, "Sec-Fetch-Site": "cross-site", "Accept": "application/json"}
		for k, v := range header {
			h[k] = v
		}
		return b.send(http.MethodGet, s.Origins.Ads, "/ad", false, h, "").json(t, "ad")
	}
	if got := ad(nil); got != "plain" {
		t.Errorf("without a record the ad is %q", got)
	}
	record, a := b.redeem(tokens[0])
	if record == "" {
		t.Fatalf("redemption: %d %s", a.status, a.body)
	}
	if got := ad(b.recordHeader(record)); got != "vouched" {
		t.Errorf("with a record the ad is %q", got)
	}
	vote := url.Values{"option": {"yes"}}
	if a := b.form(s.Origins.News, "/vote", vote, nil); a.status != http.StatusForbidden {
		t.Errorf("a vote without a record: %d %s", a.status, a.body)
	}
	comment := b.form(s.Origins.News, "/comments", url.Values{"comment": {"The ferry should wait nine minutes."}, "name": {"A reader"}}, b.recordHeader(record))
	if comment.status != http.StatusOK {
		t.Errorf("a letter with a record: %d %s", comment.status, comment.body)
	}
	if again, a := b.redeem(tokens[0]); again != "" || a.status != http.StatusConflict || a.json(t, "code") != "already_spent" {
		t.Errorf("the same token again: %d %s", a.status, a.body)
	}

	// 200 at once: one record.
	var mu sync.Mutex
	var wait sync.WaitGroup
	records, refused := 0, 0
	for range 200 {
		wait.Go(func() {
			record, a := b.redeem(tokens[1])
			mu.Lock()
			defer mu.Unlock()
			switch {
			case record != "":
				records++
			case a.status == http.StatusConflict:
				refused++
			}
		})
	}
	wait.Wait()
	if records != 1 || refused != 199 {
		t.Errorf("200 parallel redemptions of one token: %d records, %d refusals", records, refused)
	}
}

func TestPolicyGrantsFewer(t *testing.T) {
	b := newBrowser(t, start(t, Config{}))
	if tokens, _ := b.tokens("grace"); len(tokens) != 7 {
		t.Errorf("a new member got %d tokens, want 7", len(tokens))
	}
}

func TestRecordModes(t *testing.T) {
	for mode, same := range map[issuer.RecordMode]bool{issuer.Shared: true, issuer.Single: false} {
		b := newBrowser(t, start(t, Config{Record: mode}))
		tokens, _ := b.tokens("ada")
		// Two tries, for the hour may turn between two redemptions.
		equal := false
		for i := 0; i < 4 && !equal; i += 2 {
			one, _ := b.redeem(tokens[i])
			two, _ := b.redeem(tokens[i+1])
			equal = one == two && one != ""
		}
		if equal != same {
			t.Errorf("mode %d: records of one origin and hour are equal: %v", mode, equal)
		}
	}
}

// What each panel says that its party could not learn is searched in the bytes
// that the party's server received, here with cookies and passwords kept.
func TestCouldNotLearnHolds(t *testing.T) {
	s := start(t, Config{})
	b := newBrowser(t, s)
	const letter = "The ferry should wait nine minutes."
	tokens, issuance := b.tokens("ada")
	record, _ := b.redeem(tokens[0])
	b.form(s.Origins.News, "/comments", url.Values{"comment": {letter}, "name": {"A reader"}}, b.recordHeader(record))
	b.send(http.MethodGet, s.Origins.Ads, "/ad", false, merge(b.recordHeader(record), "Origin", s.Origins.News), "")
	// Both are signed in at the provider; Ada is chosen for the shop.
	for _, p := range people {
		b.account(p.Email, p.Password)
	}
	b.signIn(people[0].Email)

	// 1. The panels' own lists.
	for _, party := range look.Parties() {
		learned, not := trace.Learned(s.Hub, party)
		if len(learned) == 0 || len(not) == 0 {
			t.Errorf("%s: %d learned, %d could not", party, len(learned), len(not))
		}
		for _, it := range not {
			if it.Found > 0 {
				t.Errorf("%s could not learn %q, says its panel, but %d of %d messages have it: %q", party, it.What, it.Found, it.Searched, it.Values)
			}
			if len(it.Values) > 0 && it.Searched == 0 {
				t.Errorf("%s: %q was searched in no message", party, it.What)
			}
		}
		if party == look.Browser {
			continue
		}
		if !slices.ContainsFunc(not, func(it trace.Item) bool { return it.Searched > 0 && len(it.Values) > 0 }) {
			t.Errorf("%s: nothing was searched", party)
		}
	}

	// 2. The same from outside, with values that the lists do not choose.
	session := func(origin string) []string {
		var out []string
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, v := range b.cookies[hostname(origin)] {
			out = append(out, v)
		}
		if len(out) == 0 {
			t.Fatalf("no session at %s", origin)
		}
		return out
	}
	var blinded, spent []string
	for _, e := range issuance {
		blinded = append(blinded, hex.EncodeToString(e))
	}
	spent = append(spent, hex.EncodeToString(tokens[0].Nonce[:]), hex.EncodeToString(tokens[0].W()))
	persons := []string{people[0].Email, people[1].Email, people[0].Name, people[1].Name, "ML-204-118"}
	passwords := []string{people[0].Password, people[1].Password}
	for _, c := range []struct {
		name     string
		messages [][]byte
		values   []string
	}{
		{"the issuer at redemption: session, account, issuance", s.Hub.RawKind(look.Issuer, trace.KindRedeem), slices.Concat(session(s.Origins.Issuer), persons, blinded, []string{"\r\nCookie:"})},
		{"the issuer at issuance: token", s.Hub.RawKind(look.Issuer, trace.KindIssue), spent},
		{"the issuer: letter, passwords", s.Hub.Raw(look.Issuer), append(passwords, letter)},
		{"the newspaper: people, token, other sessions", s.Hub.Raw(look.Publisher), slices.Concat(persons, spent, blinded, passwords, session(s.Origins.Issuer), session(s.Origins.IdP))},
		{"the ad network: people, token, letter, all sessions", s.Hub.Raw(look.AdNetwork), slices.Concat(persons, spent, blinded, []string{letter}, session(s.Origins.News), session(s.Origins.Issuer), session(s.Origins.Shop))},
		{"the provider before consent: the shop", slices.Concat(s.Hub.RawKind(look.IdP, trace.KindAccounts), s.Hub.RawKind(look.IdP, trace.KindConfig), s.Hub.RawKind(look.IdP, trace.KindWellKnown)), []string{"shop.localhost", shopClientID}},
		{"the provider at client metadata: the person", s.Hub.RawKind(look.IdP, trace.KindMetadata), slices.Concat(session(s.Origins.IdP), persons)},
		{"the provider: tokens, letter", s.Hub.Raw(look.IdP), slices.Concat(spent, blinded, []string{letter, record})},
		{"the shop: password, other account, library card, record", s.Hub.Raw(look.Shop), slices.Concat(passwords, []string{people[1].Email, people[1].Name, "ML-204-118", record}, spent, session(s.Origins.IdP))},
	} {
		if len(c.messages) == 0 {
			t.Errorf("%s: nothing was captured", c.name)
		}
		for _, v := range c.values {
			if n := trace.Search(c.messages, []string{v}); n > 0 {
				t.Errorf("%s: %q is in %d of %d messages", c.name, v, n, len(c.messages))
			}
		}
	}

	// 3. The search does find what was sent.
	for _, c := range []struct {
		messages [][]byte
		value    string
	}{
		{s.Hub.RawKind(look.Issuer, trace.KindIssue), blinded[0]},
		{s.Hub.RawKind(look.Issuer, trace.KindRedeem), spent[0]},
		{s.Hub.Raw(look.Publisher), letter},
		{s.Hub.Raw(look.AdNetwork), s.Origins.News},
		{s.Hub.RawKind(look.IdP, trace.KindAssertion), shopClientID},
		{s.Hub.Raw(look.IdP), passwords[0]},
		{s.Hub.Raw(look.Shop), people[0].Email},
		{s.Hub.Raw(look.Issuer), session(s.Origins.Issuer)[0]},
	} {
		if trace.Search(c.messages, []string{c.value}) == 0 {
			t.Errorf("the search misses %q, which was sent", c.value)
		}
	}
}

func TestNoSecretIsShown(t *testing.T) {
	hub := trace.NewHub() // as it runs for people: secrets are not kept
	s := start(t, Config{Hub: hub})
	b := newBrowser(t, s)
	b.tokens("ada")
	b.account(people[0].Email, people[0].Password)
	b.signIn(people[0].Email)
	var secrets []string
	b.mu.Lock()
	for _, jar := range b.cookies {
		for _, v := range jar {
			secrets = append(secrets, v)
		}
	}
	b.mu.Unlock()
	secrets = append(secrets, people[0].Password, "salt+roads", "salt%20roads")
	if len(secrets) < 5 {
		t.Fatalf("only %d secrets", len(secrets))
	}
	shown, err := json.Marshal(hub.All())
	if err != nil {
		t.Fatal(err)
	}
	saved := b.send(http.MethodGet, s.Origins.Home, "/run.html", false, nil, "")
	for _, secret := range secrets {
		if strings.Contains(string(shown), secret) {
			t.Errorf("the trace shows the secret %q", secret)
		}
		if strings.Contains(string(saved.body), secret) {
			t.Errorf("the saved run shows the secret %q", secret)
		}
		for _, party := range look.Parties() {
			if trace.Search(hub.Raw(party), []string{secret}) > 0 {
				t.Errorf("the capture of %s has the secret %q", party, secret)
			}
		}
	}
}

func TestServerCallsCarryTheirParty(t *testing.T) {
	s := start(t, Config{})
	b := newBrowser(t, s)
	tokens, _ := b.tokens("ada")
	record, _ := b.redeem(tokens[0])
	b.send(http.MethodGet, s.Origins.Ads, "/ad", false, merge(b.recordHeader(record), "Origin", s.Origins.News), "")
	b.account(people[0].Email, people[0].Password)
	b.signIn(people[0].Email)
	want := map[string]look.Party{trace.KindRecordKeys: look.AdNetwork, trace.KindKeySet: look.Shop, trace.KindDiscovery: look.Shop, trace.KindRedeem: look.Browser}
	for kind, from := range want {
		i := slices.IndexFunc(s.Hub.All(), func(x trace.Exchange) bool { return x.Kind == kind })
		if i < 0 {
			t.Errorf("no %s was seen", kind)
			continue
		}
		if x := s.Hub.All()[i]; x.From != from {
			t.Errorf("%s comes from %s, want %s", kind, x.From, from)
		}
	}
}

func merge(m map[string]string, more ...string) map[string]string {
	for i := 0; i < len(more); i += 2 {
		m[more[i]] = more[i+1]
	}
	return m
}
