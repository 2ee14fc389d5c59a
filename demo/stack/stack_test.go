package stack

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
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
