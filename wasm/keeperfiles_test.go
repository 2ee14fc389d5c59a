package wasm_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/wasm"
)

func TestTheStaticKeeperIsClosedWithoutAnyHeader(t *testing.T) {
	files, err := wasm.KeeperFiles(wasm.KeeperConfig{Name: `"><script>`})
	if err != nil {
		t.Fatal(err)
	}
	page := string(files["keeper/index.html"])
	if page != string(files["index.html"]) {
		t.Error("there are two pages")
	}
	policy := regexp.MustCompile(`<meta http-equiv="Content-Security-Policy" content="([^"]*)">`).FindStringSubmatch(page)
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(page)
	if policy == nil || style == nil {
		t.Fatalf("no policy or style in\n%s", page)
	}
	// The browser reads the entities of an attribute before it reads the policy.
	said := strings.NewReplacer("&#39;", "'", "&#43;", "+", "&#34;", `"`).Replace(policy[1])
	sum := sha256.Sum256([]byte(style[1]))
	for _, part := range []string{
		"default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'",
		"base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'",
	} {
		if !strings.Contains(said, part) {
			t.Errorf("the policy lacks %s: %s", part, said)
		}
	}
	if strings.Contains(said, "frame-ancestors") {
		t.Error("the policy in the page says who may frame it, which browsers ignore, with a warning")
	}
	// Nothing may be loaded before the policy stands.
	if at := strings.Index(page, "http-equiv"); at > strings.Index(page, "<style") || at > strings.Index(page, "<link") {
		t.Error("the policy comes too late")
	}
	for _, want := range []string{`<meta name="referrer" content="no-referrer">`, `<meta name="bonafides-frames" content="none">`, `<meta name="bonafides-commitments" content="/bonafides-commitments.json">`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if n := strings.Count(page, "<script"); n != 1 || strings.Contains(page, "nonce") {
		t.Errorf("%d scripts in\n%s", n, page)
	}
	// What it loads is there, as it is served.
	m, err := wasm.ReadManifest()
	if err != nil {
		t.Fatal(err)
	}
	h := wasm.Assets("/bonafides/")
	for name := range m.Hashes {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/bonafides/"+name, nil))
		if served := w.Code == 200; served != (files["bonafides/"+name] != nil) || served && w.Body.String() != string(files["bonafides/"+name]) {
			t.Errorf("%s is not as it is served", name)
		}
	}
}

func TestTheHeadersOfHostsSayWhatTheHandlerSays(t *testing.T) {
	for _, c := range []struct {
		config wasm.KeeperConfig
		frames string
	}{{wasm.KeeperConfig{}, "frame-ancestors 'none'"}, {wasm.KeeperConfig{AllowFrames: true}, "frame-ancestors *"}} {
		files, err := wasm.KeeperFiles(c.config)
		if err != nil {
			t.Fatal(err)
		}
		if c.config.AllowFrames == strings.Contains(string(files["index.html"]), "bonafides-frames") {
			t.Errorf("%+v: the page says otherwise who may frame it", c.config)
		}
		for _, name := range []string{"_headers", "nginx.conf", "Caddyfile"} {
			text := string(files[name])
			for _, want := range []string{
				c.frames, "default-src 'none'", "no-referrer", "nosniff", "no-store", "immutable", "Access-Control-Allow-Origin",
				"/bonafides-commitments.json", "/keeper/", "/bonafides/",
			} {
				if !strings.Contains(text, want) {
					t.Errorf("%s lacks %s:\n%s", name, want, text)
				}
			}
		}
	}
	// What is not there yet is remembered by nobody.
	files, err := wasm.KeeperFiles(wasm.KeeperConfig{})
	if err != nil {
		t.Fatal(err)
	}
	const forever = "immutable"
	block := func(text, from, to string) string {
		_, rest, found := strings.Cut(text, from)
		if !found {
			t.Errorf("there is no %q", from)
		}
		rest, _, _ = strings.Cut(rest, to)
		return rest
	}
	if b := block(string(files["_headers"]), "/bonafides/*\n", "\n/"); strings.Contains(b, forever) {
		t.Errorf("_headers: %s", b)
	}
	for name := range files {
		if strings.HasPrefix(name, "bonafides/") && !strings.Contains(block(string(files["_headers"]), "\n/"+name+"\n", "\n/"), forever) {
			t.Errorf("_headers lets nobody keep %s", name)
		}
	}
	if b := block(string(files["nginx.conf"]), "immutable\"", "\n"); strings.Contains(b, "always") {
		t.Errorf("nginx.conf: %s", b)
	}
	if b := block(string(files["Caddyfile"]), "header /bonafides/* {", "}"); strings.Contains(b, forever) {
		t.Errorf("Caddyfile: %s", b)
	}
	if b := block(string(files["Caddyfile"]), "\n    @found", "header"); !strings.Contains(b, "file\n") {
		t.Errorf("Caddyfile: %s", b)
	}
	for _, bad := range []wasm.KeeperConfig{{Assets: "/x/"}, {Commitments: "/x.json"}, {RedemptionsPerHour: -1}} {
		if _, err := wasm.KeeperFiles(bad); err == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
}

// Cloudflare's Rocket Loader takes the type from scripts and brings one of its own,
// which the page's policy refuses, unless a script says this before its src.
func TestKeepersScriptIsLeftAloneByHostsThatRewriteScripts(t *testing.T) {
	files, err := wasm.KeeperFiles(wasm.KeeperConfig{Name: "keeper"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"index.html", "keeper/index.html"} {
		page := string(files[name])
		if strings.Count(page, "<script") != strings.Count(page, `<script data-cfasync="false"`) {
			t.Errorf("%s has a script that hosts may rewrite", name)
		}
	}
}
