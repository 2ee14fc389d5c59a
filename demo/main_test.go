package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/demo/stack"
)

// output is a buffer that two goroutines share.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func TestWrongUseIsSaidPlainly(t *testing.T) {
	blocker, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer blocker.Close()
	_, port, _ := net.SplitHostPort(blocker.Addr().String())
	for _, c := range []struct {
		args []string
		code int
		want string // in what is printed
	}{
		{[]string{"-h"}, 0, "-addr HOST:PORT"},
		{[]string{"-nosuch"}, 2, "-nosuch"},
		{[]string{"shop"}, 2, `"shop" is not a flag`},
		{[]string{"-client", "mysite"}, 2, "ID=ORIGIN"},
		{[]string{"-client", "mysite=site.localhost"}, 1, `client "mysite"`},
		{[]string{"-record", "both"}, 2, `"shared" or "single"`},
		{[]string{"-addr", "localhost"}, 1, "not HOST:PORT"},
		{[]string{"-addr", "0.0.0.0:8080"}, 1, "this machine only"},
		{[]string{"-addr", "localhost:" + port}, 1, "port " + port + " is taken"},
	} {
		var out, errs output
		args := append([]string{"-data", t.TempDir()}, c.args...)
		code := run(t.Context(), func() {}, args, &out, &errs)
		said := out.String() + errs.String()
		if code != c.code || !strings.Contains(said, c.want) {
			t.Errorf("%q: code %d, want %d with %q:\n%s", c.args, code, c.code, c.want, said)
		}
		if (code == 0) != (errs.String() == "") {
			t.Errorf("%q: code %d, and on standard error: %q", c.args, code, errs.String())
		}
	}
}

// start runs the command until the returned function is called.
func start(t *testing.T, args ...string) (out *output, errs *output, stop func() int) {
	t.Helper()
	out, errs = &output{}, &output{}
	ctx, cancel := context.WithCancel(context.Background())
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, cancel, append([]string{"-addr", "localhost:0", "-data", t.TempDir()}, args...), out, errs)
	}()
	t.Cleanup(cancel)
	for !strings.Contains(out.String(), "Stop with Ctrl-C") {
		if len(code) > 0 {
			t.Fatalf("it did not start:\n%s%s", out, errs)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return out, errs, func() int {
		cancel()
		return <-code
	}
}

func TestItPrintsWhereItsSitesAreAndStops(t *testing.T) {
	out, errs, stop := start(t)
	home := regexp.MustCompile(`http://localhost:(\d+)`).FindStringSubmatch(out.String())
	if home == nil {
		t.Fatalf("no address in:\n%s", out)
	}
	for _, site := range []string{"issuer", "news", "ads", "idp", "shop"} {
		if !strings.Contains(out.String(), "http://"+site+".localhost:"+home[1]) {
			t.Errorf("%s is not in:\n%s", site, out)
		}
	}
	if !strings.Contains(out.String(), "Any browser does all six steps.") || !strings.Contains(out.String(), "http://keeper.localhost:"+home[1]) {
		t.Errorf("it does not say that any browser will do, or where the keeper is:\n%s", out)
	}
	// A stream that never ends by itself does not hold the end up: where it did,
	// stop would not return.
	resp, err := http.Get("http://127.0.0.1:" + home[1] + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if code := stop(); code != 0 || errs.String() != "" {
		t.Errorf("code %d, %s", code, errs)
	}
	// It was ended, not cut off with the connection.
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Errorf("the stream: %v", err)
	}
	if !strings.HasSuffix(out.String(), "Stopped.\n") {
		t.Errorf("printed last:\n%s", out)
	}
}

func TestASiteOfOnesOwnSignsPeopleInAtTheProvider(t *testing.T) {
	out, errs, stop := start(t, "-client", "mysite=http://site.localhost:9000", "-client", "other=https://other.example,https://other.example/back")
	port := regexp.MustCompile(`http://localhost:(\d+)`).FindStringSubmatch(out.String())[1]
	for _, c := range []struct {
		id, redirect string
		status       int
	}{
		{"mysite", "http://site.localhost:9000/auth/signin/callback/idp-localhost-" + port, http.StatusOK},
		{"mysite", "http://site.localhost:9000/signin/callback/idp-localhost-" + port, http.StatusOK},
		{"mysite", "http://site.localhost:9000/elsewhere", http.StatusBadRequest},
		{"other", "https://other.example/back", http.StatusOK},
		{"nobody", "https://other.example/back", http.StatusBadRequest},
	} {
		q := url.Values{"client_id": {c.id}, "redirect_uri": {c.redirect}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s"}, "nonce": {"n"},
			"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"}}
		r, err := http.NewRequest(http.MethodGet, "http://127.0.0.1:"+port+"/authorize?"+q.Encode(), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "idp.localhost:" + port
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != c.status {
			t.Errorf("%s to %s: %d, want %d", c.id, c.redirect, res.StatusCode, c.status)
		}
	}
	if code := stop(); code != 0 || errs.String() != "" {
		t.Errorf("code %d, %s", code, errs)
	}
	if !strings.Contains(out.String(), `as the client "mysite", which has no secret`) {
		t.Errorf("not said:\n%s", out)
	}
}

// A stand-in for Chrome tells its arguments and waits.
func standIn(t *testing.T, script string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Log("no shell script here; the command line is tested in package stack")
		return
	}
	path := filepath.Join(t.TempDir(), "chrome")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CHROME", path)
}

func TestChromeIsStartedWithTheKeysAndAProfileOfItsOwn(t *testing.T) {
	told := filepath.Join(t.TempDir(), "told")
	standIn(t, `printf '%s\n' "$@" > `+told+`; trap 'exit 0' INT; while :; do sleep 0.05; done`)
	out, errs, stop := start(t, "-chrome")
	b, err := os.ReadFile(told)
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, errs)
	}
	args := string(b)
	for _, want := range []string{
		`--additional-private-state-token-key-commitments={"http://issuer.localhost:`, `"PrivateStateTokenV1VOPRF":{`,
		"--user-data-dir=", stack.ChromeProfile, "\nhttp://localhost:",
	} {
		if !strings.Contains(args, want) {
			t.Errorf("not told %q in:\n%s", want, args)
		}
	}
	if root := os.Geteuid() == 0 && runtime.GOOS == "linux"; strings.Contains(args, "--no-sandbox") != root {
		t.Errorf("--no-sandbox is for root on Linux alone:\n%s", args)
	}
	if !strings.Contains(out.String(), "Started the browser:") || !strings.Contains(out.String(), "--user-data-dir=") {
		t.Errorf("the command is not printed:\n%s", out)
	}
	if code := stop(); code != 0 {
		t.Errorf("code %d: %s", code, errs)
	}
}

func TestChromeThatDoesNotStartLeavesTheDemoRunning(t *testing.T) {
	standIn(t, "exit 7")
	_, errs, stop := start(t, "-chrome")
	if !strings.Contains(errs.String(), "ended at once") {
		t.Errorf("said %q", errs)
	}
	if code := stop(); code != 0 {
		t.Errorf("code %d", code)
	}
	t.Setenv("CHROME", filepath.Join(t.TempDir(), "missing"))
	_, errs, stop = start(t, "-chrome")
	if !strings.Contains(errs.String(), "CHROME is set to") {
		t.Errorf("said %q", errs)
	}
	stop()
}
