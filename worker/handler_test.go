package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/issuer"
)

// testKeys reads the keys of the example file, as wrangler dev would.
func testKeys(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../.dev.vars.example")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), `ISSUER_KEYS="`)
	keys, _, ok2 := strings.Cut(rest, `"`)
	if !ok || !ok2 {
		t.Fatal("no ISSUER_KEYS in .dev.vars.example")
	}
	return keys
}

func ask(env map[string]string, method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	newHandler(func(name string) string { return env[name] }).ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w
}

func code(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var p struct{ Code string }
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Errorf("%s: %v", w.Body, err)
	}
	return p.Code
}

func TestCommitmentsOfTheExampleKeys(t *testing.T) {
	want, err := os.ReadFile("testdata/commitments-of-dev-vars-example.json")
	if err != nil {
		t.Fatal(err)
	}
	w := ask(map[string]string{envKeys: testKeys(t)}, "GET", issuer.CommitmentPath)
	if w.Code != 200 || w.Body.String() != string(want) || w.Header().Get("Content-Type") != "application/pst-issuer-directory" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	w = ask(map[string]string{envKeys: testKeys(t), envBatch: "7", envCommitmentID: "12"}, "GET", issuer.CommitmentPath)
	if !strings.Contains(w.Body.String(), `"id":12,"batchsize":7,`) {
		t.Errorf("%s", w.Body)
	}
}

func TestHealthNeedsNoConfiguration(t *testing.T) {
	if w := ask(nil, "GET", "/healthz"); w.Code != 200 || w.Body.String() != `{"status":"ok"}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := ask(nil, "POST", "/healthz"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
}

func TestFaultyConfigurationIsNamedAndNotShown(t *testing.T) {
	good := testKeys(t)
	for name, c := range map[string]struct {
		env        map[string]string
		code, says string
	}{
		"no keys":              {nil, "secret_missing", "npx wrangler secret put ISSUER_KEYS"},
		"keys that are none":   {map[string]string{envKeys: "sesame"}, "secret_invalid", "token key 1"},
		"a second bad key":     {map[string]string{envKeys: good[:93] + " " + good[90:]}, "secret_invalid", "token key"},
		"batch of words":       {map[string]string{envKeys: good, envBatch: "ten"}, "variable_invalid", envBatch},
		"batch of 61":          {map[string]string{envKeys: good, envBatch: "61"}, "variable_invalid", "1 to 60"},
		"commitment version 0": {map[string]string{envKeys: good, envCommitmentID: "0"}, "variable_invalid", envCommitmentID},
	} {
		for _, path := range []string{issuer.CommitmentPath, "/issue", "/"} {
			w := ask(c.env, "GET", path)
			if w.Code != 503 || code(t, w) != c.code || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("%s, %s: %d %s", name, path, w.Code, w.Body)
			}
			if s := c.env[envKeys]; s != "" && (strings.Contains(w.Body.String(), "sesame") || strings.Contains(w.Body.String(), good[8:20])) {
				t.Errorf("%s: the answer shows the secret: %s", name, w.Body)
			}
		}
	}
}

func TestOtherPathsAreNotFound(t *testing.T) {
	env := map[string]string{envKeys: testKeys(t)}
	for _, path := range []string{"/", "/issue", "/redeem", "/.well-known/trust-token"} {
		if w := ask(env, "GET", path); w.Code != 404 || code(t, w) != "not_found" {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}
