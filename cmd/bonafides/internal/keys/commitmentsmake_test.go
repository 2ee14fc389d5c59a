package keys

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func TestCommitmentsMakeAndLint(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key")
	out, errs, code := bonafides(t, "", "commitments", "make", "-key", key, "-new", "7", "-expiry", "90d", "-id", "3")
	if code != cli.OK || errs != "" {
		t.Fatalf("%d %s", code, errs)
	}
	c, err := pst.ParseCommitments([]byte(out))
	if err != nil {
		t.Fatal(err)
	}
	if c.ID != 3 || c.BatchSize != 30 || len(c.Keys) != 1 || c.Keys[0].Label != "7" || c.Keys[0].PublicKey.ID() != 7 || c.Keys[0].Expiry != testNow.AddDate(0, 0, 90).UnixMicro() {
		t.Errorf("%s", out)
	}
	secret, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file may be read by others: %v %v", info, err)
	}
	// The key is kept and used again, whole and under an origin.
	under, _, code := bonafides(t, "", "commitments", "make", "-key", key, "-new", "7", "-expiry", "90d", "-id", "3", "-origin", "https://issuer.example")
	if want := `{"https://issuer.example":` + strings.TrimSpace(out) + "}\n"; code != cli.OK || under != want {
		t.Errorf("%d\n%s\nwant\n%s", code, under, want)
	}
	if again, _ := os.ReadFile(key); string(again) != string(secret) {
		t.Error("the key file was written again")
	}
	for _, doc := range []string{out, under} {
		for _, args := range [][]string{{"-"}, {write(t, "c.json", doc)}} {
			got, errs, code := bonafides(t, doc, append([]string{"commitments", "lint"}, args...)...)
			if code != cli.OK || got != "ok: browsers can use this issuer\n" || errs != "" {
				t.Errorf("%d %s%s", code, got, errs)
			}
		}
	}
	got, _, code := bonafides(t, out, "commitments", "lint", "-now", "2000000000", "-")
	if code != cli.Refused || !strings.Contains(got, "lint_all_expired") {
		t.Errorf("%d %s", code, got)
	}
}

func TestCommitmentsMakeRefuses(t *testing.T) {
	bad := write(t, "bad", "not a key, and long enough to be looked at")
	missing := filepath.Join(t.TempDir(), "missing")
	for name, c := range map[string]struct {
		code int
		says string
		args []string
	}{
		"no key":            {cli.Usage, "-key", []string{"-expiry", "90d"}},
		"no expiry":         {cli.Usage, "-expiry", []string{"-key", bad}},
		"a past expiry":     {cli.Usage, "past", []string{"-key", bad, "-expiry", "2020-01-01"}},
		"seconds as expiry": {cli.Usage, "neither", []string{"-key", bad, "-expiry", "1790000000"}},
		"days that are not": {cli.Usage, "days", []string{"-key", bad, "-expiry", "-3d"}},
		"not a key":         {cli.Refused, "neither a public key", []string{"-key", bad, "-expiry", "90d"}},
		"no such file":      {cli.Refused, "missing", []string{"-key", missing, "-expiry", "90d"}},
		"a bad origin":      {cli.Usage, "origin", []string{"-key", bad, "-expiry", "90d", "-origin", "https://issuer.example/"}},
		"id 0":              {cli.Usage, "-id", []string{"-key", bad, "-expiry", "90d", "-id", "0"}},
		"seven keys":        {cli.Usage, "at most 6", []string{"-key", "1", "-key", "2", "-key", "3", "-key", "4", "-key", "5", "-key", "6", "-key", "7", "-expiry", "90d"}},
		"an argument":       {cli.Usage, "only flags", []string{"-key", bad, "-expiry", "90d", "x"}},
	} {
		out, errs, code := bonafides(t, "", append([]string{"commitments", "make"}, c.args...)...)
		if code != c.code || out != "" || !strings.Contains(errs, c.says) {
			t.Errorf("%s: %d, %q, %q", name, code, out, errs)
		}
		if strings.Contains(errs, "long enough") {
			t.Errorf("%s: the error repeats the file", name)
		}
	}
}

func TestCommitmentsLintURL(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key")
	doc, _, _ := bonafides(t, "", "commitments", "make", "-key", key, "-new", "1", "-expiry", "90d")
	kind := pst.CommitmentContentType
	mux := http.NewServeMux()
	mux.HandleFunc(pst.CommitmentPath, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Write([]byte(doc))
	})
	mux.HandleFunc("/elsewhere", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, pst.CommitmentPath, http.StatusFound)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	named := strings.Replace(server.URL, "127.0.0.1", "issuer.localhost", 1) // as the demo's and the examples' issuers
	for _, path := range []string{server.URL, named, server.URL + "/", server.URL + pst.CommitmentPath} {
		if out, errs, code := bonafides(t, "", "commitments", "lint", path); code != cli.OK || strings.Contains(out, "warning") {
			t.Errorf("%s: %d %s%s", path, code, out, errs)
		}
	}
	kind += "; charset=utf-8"
	if out, _, code := bonafides(t, "", "commitments", "lint", server.URL); code != cli.OK || !strings.Contains(out, "warning lint_content_type") {
		t.Errorf("%d %s", code, out)
	}
	for path, says := range map[string]string{"/nothing": "404", "/elsewhere": "at the path itself"} {
		if _, errs, code := bonafides(t, "", "commitments", "lint", server.URL+path); code != cli.Refused || !strings.Contains(errs, says) {
			t.Errorf("%s: %d %s", path, code, errs)
		}
	}
	// What a document holds does not reach the terminal as it is.
	out, _, _ := bonafides(t, `{"\u001b[31m":1}`, "commitments", "lint", "-")
	if strings.Contains(out, "\x1b") {
		t.Errorf("%q", out)
	}
}
