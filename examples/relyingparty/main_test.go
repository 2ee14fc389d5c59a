package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// newProvider is what a relying party's server sees of an identity provider.
func newProvider(t *testing.T) (issuer string, sign func(claims map[string]any) string) {
	t.Helper()
	key, err := jose.GenerateES256()
	if err != nil {
		t.Fatal(err)
	}
	set, err := jose.PublicSet(key)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": s.URL, "jwks_uri": s.URL + "/keys"})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(set) })
	return s.URL, func(claims map[string]any) string {
		payload, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		token, err := jws.Sign(key.Signer(), "JWT", payload)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
}

// start builds and runs the program until the test ends.
func start(t *testing.T, issuer string) (origin string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "relyingparty")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // a free port
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	var stderr bytes.Buffer
	cmd := exec.Command(program, "-addr", addr, "-origin", "http://"+addr, "-issuer", issuer, "-client", "shop",
		"-db", filepath.Join(t.TempDir(), "rp.db"))
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the program said: %s", stderr.String())
		}
	})
	for range 200 {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return "http://" + addr
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatal("the program does not listen")
	return ""
}

func TestSignInAndOut(t *testing.T) {
	issuer, sign := newProvider(t)
	origin := start(t, issuer)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Timeout: 10 * time.Second}
	do := func(method, path, body string) string {
		t.Helper()
		r, err := http.NewRequest(method, origin+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", origin)
		r.Header.Set("Content-Type", "application/json")
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s %s: %d %s %v", method, path, res.StatusCode, b, err)
		}
		return string(b)
	}

	if page := do("GET", "/", ""); !strings.Contains(page, "Nobody is signed in") {
		t.Fatalf("before: %s", page)
	}
	do("GET", "/auth/signin.js", "")
	var begun struct{ Nonce string }
	if err := json.Unmarshal([]byte(do("POST", "/auth/signin/nonce", "")), &begun); err != nil {
		t.Fatal(err)
	}
	now := time.Now().Unix()
	token := sign(map[string]any{"iss": issuer, "aud": "shop", "sub": "1", "name": "Ada <Lovelace>",
		"nonce": begun.Nonce, "iat": now, "exp": now + 60})
	if got := do("POST", "/auth/signin/fedcm", `{"token":"`+token+`"}`); !strings.Contains(got, `"new":true`) {
		t.Errorf("sign-in: %s", got)
	}
	if page := do("GET", "/", ""); !strings.Contains(page, "Signed in as Ada &lt;Lovelace&gt;.") {
		t.Errorf("after: %s", page)
	}
	do("POST", "/auth/signout", "")
	if page := do("GET", "/", ""); !strings.Contains(page, "Nobody is signed in") {
		t.Errorf("after the sign-out: %s", page)
	}
}

func TestAMissingProviderIsSaidPlainly(t *testing.T) {
	out, err := exec.Command("go", "run", ".", "-db", filepath.Join(t.TempDir(), "rp.db")).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "ConfigURL") {
		t.Errorf("%v: %s", err, out)
	}
}
