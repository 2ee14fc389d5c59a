package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// newProvider is what a relying party's server sees of an identity provider.
func newProvider(t *testing.T) (issuer string, sign func(claims map[string]any) string) {
	t.Helper()
	text, err := idpserver.GenerateKeys(jws.ES256, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := idpserver.ParseKeys(text)
	if err != nil {
		t.Fatal(err)
	}
	key := keys[0]
	set := []byte(`{"keys":[` + string(key.PublicJWK) + `]}`)
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{
			"issuer": s.URL, "jwks_uri": s.URL + "/keys", "authorization_endpoint": s.URL + "/authorize", "token_endpoint": s.URL + "/token",
			"response_types_supported": []string{"code"}, "code_challenge_methods_supported": []string{"S256"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(set) })
	return s.URL, func(claims map[string]any) string {
		payload, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		token, err := jws.Sign(key.Signer, "JWT", payload)
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
	for range 12_000 {
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
	client := &http.Client{Jar: jar, Timeout: 5 * time.Minute}
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
	// A provider need not say anybody's name.
	if err := json.Unmarshal([]byte(do("POST", "/auth/signin/nonce", "")), &begun); err != nil {
		t.Fatal(err)
	}
	do("POST", "/auth/signin/fedcm", `{"token":"`+sign(map[string]any{"iss": issuer, "aud": "shop", "sub": "2",
		"nonce": begun.Nonce, "iat": now, "exp": now + 60})+`"}`)
	for path, want := range map[string]string{"/": "Signed in as somebody without a name.", "/members": "see this, somebody without a name."} {
		if page := do("GET", path, ""); !strings.Contains(page, want) || !strings.Contains(page, "</html>") {
			t.Errorf("without a name, %s: %s", path, page)
		}
	}
	do("POST", "/auth/signout", "")
	if page := do("GET", "/", ""); !strings.Contains(page, "Nobody is signed in") {
		t.Errorf("after the sign-out: %s", page)
	}
}

func TestTheRedirectLeadsBackToAPathOfTheSite(t *testing.T) {
	issuer, _ := newProvider(t)
	origin := start(t, issuer)
	client := &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	get := func(address string) (int, http.Header, string) {
		t.Helper()
		res, err := client.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, res.Header, string(b)
	}
	// The page has a way for a browser without FedCM and without JavaScript.
	_, _, page := get(origin + "/")
	link := regexp.MustCompile(`<a href="(/auth/signin/start[^"]*)"`).FindStringSubmatch(page)
	if link == nil {
		t.Fatalf("no link to the sign-in by redirect in %s", page)
	}
	status, header, text := get(origin + link[1])
	to, err := url.Parse(header.Get("Location"))
	if err != nil || status != http.StatusSeeOther || !strings.HasPrefix(to.String(), issuer+"/authorize?") {
		t.Fatalf("%d to %q: %s", status, to, text)
	}
	back := to.Query().Get("redirect_uri")
	if !strings.HasPrefix(back, origin+"/auth/signin/callback/") {
		t.Fatalf("the redirect URI is %q", back)
	}
	if status, _, text = get(back); status == http.StatusNotFound {
		t.Errorf("nothing answers at the redirect URI: %s", text)
	}
}

func TestThePageLoadsWhatItNamesUnderItsOwnPolicy(t *testing.T) {
	issuer, _ := newProvider(t)
	origin := start(t, issuer)
	res, err := http.Get(origin + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	policy := res.Header.Get("Content-Security-Policy")
	if strings.Contains(string(page), `href="data:,"`) && !strings.Contains(policy, "img-src data:") {
		t.Errorf("the policy forbids the page's icon: %s", policy)
	}
	if !strings.Contains(policy, "connect-src 'self' "+issuer) {
		t.Errorf("the policy forbids the provider: %s", policy)
	}
	scripts := regexp.MustCompile(`<script[^>]* src="([^"]+)"`).FindAllStringSubmatch(string(page), -1)
	if len(scripts) != 2 {
		t.Fatalf("%d scripts in %s", len(scripts), page)
	}
	for _, s := range scripts {
		res, err := http.Get(origin + s[1])
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/javascript") {
			t.Errorf("%s: %d %s", s[1], res.StatusCode, res.Header.Get("Content-Type"))
		}
	}
}

func TestAMissingProviderIsSaidPlainly(t *testing.T) {
	out, err := exec.Command("go", "run", ".", "-db", filepath.Join(t.TempDir(), "rp.db")).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "-issuer URL and -client ID are needed") {
		t.Errorf("%v: %s", err, out)
	}
}
