package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/store/spentstore"
)

const own = "http://issuer.localhost:8090"

// start runs the example on the folder data.
func start(t *testing.T, data string) *httptest.Server {
	t.Helper()
	store, err := spentstore.OpenSQLite(filepath.Join(data, "spent.db"))
	if err != nil {
		t.Fatal(err)
	}
	handler, _, err := newHandler(store, own, "", data)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(handler)
	t.Cleanup(func() { srv.Close(); store.Close() })
	return srv
}

func get(t *testing.T, url string) []byte {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%s: %d %s, %v", url, resp.StatusCode, b, err)
	}
	return b
}

func send(t *testing.T, url string, message []byte, proof string) (int, string) {
	t.Helper()
	req, err := http.NewRequest("POST", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(pst.HeaderToken, base64.StdEncoding.EncodeToString(message))
	req.Header.Set(pst.HeaderVersion, pst.Version)
	if proof != "" {
		req.Header.Set(issuer.ProofHeader, proof)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode, resp.Header.Get(pst.HeaderToken)
}

func TestTokensAreEarnedRedeemedOnceAndSurviveARestart(t *testing.T) {
	data := t.TempDir()
	srv := start(t, data)
	commitment, err := pst.ParseCommitments(get(t, srv.URL+issuer.CommitmentPath))
	if err != nil {
		t.Fatal(err)
	}
	req, pending, err := pst.BeginAny(commitment.Live(time.Now().UnixMicro()), commitment.BatchSize)
	if err != nil {
		t.Fatal(err)
	}
	if _, value := send(t, srv.URL+issuer.IssuePath, req.Bytes(), ""); value != "" {
		t.Error("tokens without work")
	}
	var puzzle struct{ Challenge string }
	if err := json.Unmarshal(get(t, srv.URL+"/issue/challenge"), &puzzle); err != nil {
		t.Fatal(err)
	}
	proof, err := issuer.SolveWork(t.Context(), puzzle.Challenge)
	if err != nil {
		t.Fatal(err)
	}
	_, value := send(t, srv.URL+issuer.IssuePath, req.Bytes(), proof)
	raw, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := pst.ParseIssueResponse(raw)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := pending.Finish(resp)
	if err != nil || len(tokens) != 10 {
		t.Fatalf("%d tokens, %v", len(tokens), err)
	}

	redeem := func(srv *httptest.Server, tok pst.Token) (int, string) {
		r := pst.RedeemRequest{Token: tok, ClientData: pst.ClientData{RedeemingOrigin: "https://news.example", RedemptionTimestamp: 1}}
		return send(t, srv.URL+issuer.RedeemPath, r.Bytes(), "")
	}
	if status, record := redeem(srv, tokens[0]); status != 200 || record == "" {
		t.Fatalf("redemption: %d %q", status, record)
	}
	srv.Close()
	srv = start(t, data) // the same keys, the same memory
	if status, _ := redeem(srv, tokens[0]); status != http.StatusConflict {
		t.Errorf("after a restart a spent token was answered %d", status)
	}
	_, record := redeem(srv, tokens[1])
	keys, err := jws.ParseKeySet(get(t, srv.URL+issuer.RecordKeysPath))
	if err != nil {
		t.Fatal(err)
	}
	if r, err := pst.JudgeRecord(record, keys, own, time.Now()); err != nil || r.Origin != "https://news.example" {
		t.Errorf("record %+v, %v", r, err)
	}
	for _, name := range []string{"token-keys.txt", "record-key.txt", "spent.db"} {
		if st, err := os.Stat(filepath.Join(data, name)); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, st, err)
		}
	}
}

func TestPageAndItsParts(t *testing.T) {
	srv := start(t, t.TempDir())
	for path, want := range map[string]string{"/": "Get tokens", "/issuer.js": "token-request", "/issuer.css": "button"} {
		if b := get(t, srv.URL+path); !strings.Contains(string(b), want) {
			t.Errorf("%s: %s", path, b)
		}
	}
}

func TestDamagedKeyFilesAreNamed(t *testing.T) {
	for name, want := range map[string]string{"token-keys.txt": "token-keys.txt", "record-key.txt": "record-key.txt"} {
		data := t.TempDir()
		if err := os.WriteFile(filepath.Join(data, name), []byte("rubbish"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := loadKeys(data); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
		if b, _ := os.ReadFile(filepath.Join(data, name)); string(b) != "rubbish" {
			t.Errorf("%s was overwritten", name)
		}
	}
}

func TestRunServesUntilItIsTold(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- run(ctx, "127.0.0.1:0", "http://localhost:8090", "", t.TempDir()) }()
	time.Sleep(50 * time.Millisecond)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := run(t.Context(), "127.0.0.1:0", "http://issuer.example", "", t.TempDir()); err == nil || !strings.Contains(err.Error(), "https") {
		t.Errorf("plain http on the open net: %v", err)
	}
}

func TestWithAKeeperEveryBrowserIsAnswered(t *testing.T) {
	for _, keeper := range []string{"", "http://keeper.localhost:8093"} {
		data := t.TempDir()
		store, err := spentstore.OpenSQLite(filepath.Join(data, "spent.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		handler, _, err := newHandler(store, own, keeper, data)
		if err != nil {
			t.Fatal(err)
		}
		send := func(method, path string) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest(method, own+path, nil))
			return w
		}
		page := send(http.MethodGet, "/")
		has := strings.Contains(page.Body.String(), `data-keeper="`+keeper+`"`) && strings.Contains(page.Body.String(), `integrity="sha384-`)
		if has != (keeper != "") || strings.Contains(page.Header().Get("Content-Security-Policy"), "keeper") != (keeper != "") {
			t.Errorf("keeper %q: %v %s", keeper, page.Header(), page.Body)
		}
		if got := send(http.MethodPost, issuer.PolyfillIssuePath).Code; (got != http.StatusNotFound) != (keeper != "") {
			t.Errorf("keeper %q: the polyfill's request is answered with %d", keeper, got)
		}
	}
}

func TestAKeeperThatIsNoOriginStopsTheIssuer(t *testing.T) {
	for _, keeper := range []string{"foo", "keeper.localhost:8093", "http://keeper.localhost:8093/"} {
		err := run(t.Context(), "127.0.0.1:0", "http://issuer.localhost:8090", keeper, t.TempDir())
		if err == nil || !strings.Contains(err.Error(), "is not an origin") {
			t.Errorf("%s: %v", keeper, err)
		}
	}
}
