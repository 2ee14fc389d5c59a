package returnpage_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/wasm/returnpage"
)

// The page must run its own script and nothing else: whatever stood in the
// fragment would otherwise be another script's to read.
func TestPolicyAllowsThePagesOwnScriptAndStyleAlone(t *testing.T) {
	page := string(returnpage.HTML())
	policy := regexp.MustCompile(`http-equiv="Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)
	if policy == nil {
		t.Fatal("the page has no policy")
	}
	for _, tag := range []string{"script", "style"} {
		inside := regexp.MustCompile(`(?s)<`+tag+`(?: [^>]*)?>(.*?)</`+tag+`>`).FindAllStringSubmatch(page, -1)
		if len(inside) != 1 {
			t.Fatalf("%d elements <%s>, want one", len(inside), tag)
		}
		sum := sha256.Sum256([]byte(inside[0][1]))
		want := tag + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "';"
		if !strings.Contains(policy[1], want) {
			t.Errorf("the policy %q has no %s", policy[1], want)
		}
	}
	if !strings.HasPrefix(policy[1], "default-src 'none';") {
		t.Errorf("the policy %q allows more than it names", policy[1])
	}
	if at := strings.Index(page, "Content-Security-Policy"); at > strings.Index(page, "<style") {
		t.Error("the policy comes after what it should govern")
	}
	for _, load := range []string{` src=`, `@import`, `url(`, `import(`, `fetch(`} {
		if strings.Contains(page, load) {
			t.Errorf("the page has %q: it must load nothing", load)
		}
	}
}

func TestHandlerServesThePageToBeRead(t *testing.T) {
	for method, want := range map[string]int{"GET": 200, "HEAD": 200, "POST": 405} {
		w := httptest.NewRecorder()
		returnpage.Handler().ServeHTTP(w, httptest.NewRequest(method, returnpage.Path, nil))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", method, w.Code, want)
		}
		if method == "GET" && (w.Body.String() != string(returnpage.HTML()) || w.Header().Get("Content-Type") != "text/html; charset=utf-8") {
			t.Errorf("GET answered %v", w.Header())
		}
		if method == "HEAD" && w.Body.Len() > 0 {
			t.Error("HEAD has a body")
		}
	}
}

// Some hosts rewrite scripts on their way so that their own runs first, which the
// page's policy then refuses. Cloudflare leaves alone what says this.
func TestScriptsAreLeftAloneByHostsThatRewriteThem(t *testing.T) {
	if !strings.Contains(string(returnpage.HTML()), `<script data-cfasync="false">`) {
		t.Error("the page's script does not ask to be left alone")
	}
}
