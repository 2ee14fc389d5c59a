package check

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/store/mem/spentmem"
)

// tryIssuer is an issuer behind a real listener. bend changes its settings, and
// around stands between it and the network.
func tryIssuer(t *testing.T, bend func(*issuer.Config), around func(http.Handler) http.Handler) string {
	t.Helper()
	var handler atomic.Value
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.Load().(http.Handler).ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	key, err := pst.DeriveKey(7, []byte("a key for trying"))
	if err != nil {
		t.Fatal(err)
	}
	set, err := pst.NewKeySet(key)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := issuer.NewKeys(set, map[uint32]time.Time{7: testNow.AddDate(0, 1, 0)})
	if err != nil {
		t.Fatal(err)
	}
	record := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	now := func() time.Time { return testNow }
	work, err := issuer.NewProofOfWork(issuer.WorkConfig{Difficulty: 8, Tokens: 5, Once: &spentmem.Store{}, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	c := issuer.Config{
		Origin: srv.URL, Keys: keys, CommitmentID: 1,
		RecordSigner: issuer.NewRecordSigner(record), RecordKeys: issuer.RecordKeySet(record.Public().(ed25519.PublicKey)),
		Spent: &spentmem.Store{}, Policy: work, Now: now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	if bend != nil {
		bend(&c)
	}
	iss, err := issuer.New(c)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", iss)
	mux.Handle("/issue/challenge", work)
	handler.Store(http.HandlerFunc(mux.ServeHTTP))
	if around != nil {
		handler.Store(http.HandlerFunc(around(mux).ServeHTTP))
	}
	return srv.URL
}

func TestTokenTryWalksThroughIssuanceAndRedemption(t *testing.T) {
	url := tryIssuer(t, func(c *issuer.Config) { c.Polyfill = true }, nil)
	for _, args := range [][]string{nil, {"-polyfill"}, {"-count", "3", "-origin", "https://news.example"}} {
		out, errs, code := bonafides(t, "", append(append([]string{"token", "try"}, args...), url)...)
		if code != cli.OK || !strings.HasSuffix(out, "\nok\n") {
			t.Fatalf("%v: %d\n%s%s", args, code, out, errs)
		}
		for _, step := range []string{"commitment", "challenge", "issue", "redeem", "record", "again"} {
			if !strings.Contains(out, "\n"+step) && !strings.HasPrefix(out, step) {
				t.Errorf("%v: nothing is said of the step %s:\n%s", args, step, out)
			}
		}
	}
	if out, _, _ := bonafides(t, "", "token", "try", "-count", "3", url); !strings.Contains(out, "3 asked, 3 granted") {
		t.Errorf("-count is not heeded:\n%s", out)
	}
}

// What is kept is what whoever reads records takes from a browser.
func TestTokenTryKeepsTheRecord(t *testing.T) {
	url := tryIssuer(t, func(c *issuer.Config) { c.Polyfill = true }, nil)
	file := filepath.Join(t.TempDir(), "record.txt")
	for _, c := range []struct {
		header string
		args   []string
	}{
		{"Sec-Redemption-Record", nil},
		{"Private-State-Redemption-Record", []string{"-polyfill"}},
	} {
		args := append([]string{"token", "try", "-origin", "https://news.example", "-record", file}, c.args...)
		if out, errs, code := bonafides(t, "", append(args, url)...); code != cli.OK || !strings.Contains(out, "curl -H @"+file) {
			t.Fatalf("%d\n%s%s", code, out, errs)
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		h, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(b, '\n')))).ReadMIMEHeader()
		if err != nil {
			t.Fatal(err)
		}
		records, err := pst.ParseRedemptionRecordHeader(h.Get(c.header))
		if err != nil || len(records) != 1 || records[0].Origin != url || h.Get("Origin") != "https://news.example" || len(h) != 2 {
			t.Errorf("%v %v:\n%s", records, err, b)
		}
	}
	if _, errs, code := bonafides(t, "", "token", "try", "-record", filepath.Join(file, "no"), url); code != cli.Refused || !strings.Contains(errs, "was not kept") {
		t.Errorf("%d %s", code, errs)
	}
}

func TestTokenTrySendsHeadersOfAFile(t *testing.T) {
	var cookies []string
	url := tryIssuer(t, func(c *issuer.Config) {
		c.Policy = issuer.PolicyFunc(func(context.Context, issuer.Facts) (issuer.Decision, error) {
			return issuer.Decision{Tokens: 1, Reason: issuer.ReasonGranted}, nil
		})
	}, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c := r.Header.Get("Cookie"); c != "" {
				cookies = append(cookies, r.URL.Path+" "+c)
			}
			next.ServeHTTP(w, r)
		})
	})
	out, errs, code := bonafides(t, "Cookie: session=abc\n", "token", "try", "-headers", "-", "-challenge", "", url)
	if code != cli.OK {
		t.Fatalf("%d\n%s%s", code, out, errs)
	}
	if len(cookies) != 1 || cookies[0] != "/issue session=abc" {
		t.Errorf("the cookie went along with %v: wanted with the token-request alone", cookies)
	}
	if _, errs, code := bonafides(t, "no header", "token", "try", "-headers", "-", url); code != cli.Usage || !strings.Contains(errs, "Name: value") {
		t.Errorf("a file without headers: %d %s", code, errs)
	}
}

// forgetful gives every redemption the answer of the first.
func forgetful(next http.Handler) http.Handler {
	var first *httptest.ResponseRecorder
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != issuer.RedeemPath {
			next.ServeHTTP(w, r)
			return
		}
		if first == nil {
			first = httptest.NewRecorder()
			next.ServeHTTP(first, r)
		}
		for name, values := range first.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(first.Code)
		_, _ = w.Write(first.Body.Bytes())
	})
}

func TestTokenTryFindsWhatIsWrongWithAnIssuer(t *testing.T) {
	answer := func(path string, f http.HandlerFunc) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == path {
					f(w, r)
					return
				}
				next.ServeHTTP(w, r)
			})
		}
	}
	for _, c := range []struct {
		name   string
		args   []string
		bend   func(*issuer.Config)
		around func(http.Handler) http.Handler
		want   string
	}{
		{"no commitment", nil, nil, answer(pst.CommitmentPath, http.NotFound), "answered 404 where its key commitment should be"},
		{"a commitment that browsers drop", nil, nil, answer(pst.CommitmentPath, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"PrivateStateTokenV1VOPRF": {}}`)
		}), "commitment_"},
		{"nobody gets tokens", nil, func(c *issuer.Config) {
			c.Policy = issuer.PolicyFunc(func(context.Context, issuer.Facts) (issuer.Decision, error) {
				return issuer.Decision{Reason: "account_too_young"}, nil
			})
		}, nil, "granted no tokens: account_too_young"},
		{"no polyfill", []string{"-polyfill"}, nil, nil, "ISSUER_POLYFILL"},
		{"an answer that is no message", nil, nil, answer("/issue", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(pst.HeaderToken, "AAAA")
		}), "the issuer's answer"},
		{"records that do not verify", nil, nil, answer(issuer.RecordKeysPath, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(issuer.RecordKeySet(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32)).Public().(ed25519.PublicKey)))
		}), "the redemption record"},
		{"tokens that can be spent again", nil, nil, forgetful, "spends tokens more than once"},
	} {
		t.Run(c.name, func(t *testing.T) {
			url := tryIssuer(t, c.bend, c.around)
			out, errs, code := bonafides(t, "", append(append([]string{"token", "try"}, c.args...), url)...)
			if code != cli.Refused || !strings.Contains(errs, c.want) {
				t.Errorf("%d\n%s%s", code, out, errs)
			}
		})
	}
}

func TestTokenTryRefusesACommandLineThatCannotWork(t *testing.T) {
	for _, args := range [][]string{
		nil, {"https://issuer.example/"}, {"issuer.example"}, {"a", "b"}, {"-origin", "news", "https://issuer.example"},
		{"-count", "101", "https://issuer.example"}, {"-count", "-1", "https://issuer.example"},
		{"-challenge", "issue", "https://issuer.example"}, {"-headers", "/nowhere", "https://issuer.example"}, {"https://issuer.example", "-polyfill"},
	} {
		if _, errs, code := bonafides(t, "", append([]string{"token", "try"}, args...)...); code != cli.Usage || errs == "" {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
}
