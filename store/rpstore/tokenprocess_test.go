package rpstore_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/internal/secret"
	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/rpstore"
)

// tokenEnv makes the test binary a process of a site: it names a file, or a database.
const tokenEnv = "RP_TOKEN_STORE"

const tokenRounds = 5

// instance is what every process of one site is configured with.
type instance struct {
	Origin, Issuer, ClientID, ClientSecret string
	Secret                                 []byte
	SignIn                                 string
}

func (i instance) open(s *rpstore.Store, now func() time.Time) (*rpserver.RP, error) {
	return rpserver.New(rpserver.Config{
		Origin: i.Origin, Store: s, Secrets: [][]byte{i.Secret}, Now: now,
		Providers: []rpserver.Provider{{Issuer: i.Issuer, ClientID: i.ClientID, ClientSecret: i.ClientSecret, Name: "idp", Offline: true}},
	})
}

// tokensAsTold asks with several goroutines for an access token in each round, at the
// time that it reads, and says which ones it got.
func tokensAsTold(where string) error {
	in := bufio.NewScanner(os.Stdin)
	var conf instance
	if !in.Scan() {
		return in.Err()
	}
	if err := json.Unmarshal(in.Bytes(), &conf); err != nil {
		return err
	}
	s, err := openWhere(where)
	if err != nil {
		return err
	}
	defer s.Close()
	var now time.Time
	rp, err := conf.open(s, func() time.Time { return now })
	if err != nil {
		return err
	}
	fmt.Println("open")
	for in.Scan() {
		ms, err := strconv.ParseInt(in.Text(), 10, 64)
		if err != nil {
			return err
		}
		now = time.UnixMilli(ms)
		got := make(chan string, perProcess)
		for range perProcess {
			go func() {
				token, err := rp.TokenSource(&rpserver.SignIn{ID: conf.SignIn}).Token(context.Background())
				if err != nil {
					got <- "error:" + strings.Join(strings.Fields(err.Error()), "_")
					return
				}
				hash := secret.Hash(token.Value)
				got <- fmt.Sprintf("%x", hash[:8])
			}()
		}
		var all []string
		for range perProcess {
			all = append(all, <-got)
		}
		fmt.Println(strings.Join(all, " "))
	}
	return in.Err()
}

func TestProcessesOverSQLiteRenewOneTokenOnce(t *testing.T) {
	renewByProcesses(t, filepath.Join(t.TempDir(), "rp.db"))
}

// renewByProcesses signs somebody in and lets four processes need a new access token at
// once, several times. The provider takes each refresh token once, and ends the grant if
// one comes again.
func renewByProcesses(t *testing.T, where string) {
	s, err := openWhere(where)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	// The store takes no nonce from before it was made.
	idp := idptest.New(t, idptest.WithClock(time.Now().Add(time.Second).Truncate(time.Second)))
	conf := instance{Issuer: idp.Issuer, ClientID: idp.ClientID, ClientSecret: idp.ClientSecret, Secret: []byte(secret.New())}
	conf.signIn(t, s, idp)
	conf.SignIn = onlySignIn(t, s, idp)
	told, err := json.Marshal(conf)
	if err != nil {
		t.Fatal(err)
	}
	var in [processes]io.WriteCloser
	var out [processes]*bufio.Scanner
	for i := range processes {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), tokenEnv+"="+where)
		if in[i], err = cmd.StdinPipe(); err != nil {
			t.Fatal(err)
		}
		said, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		out[i] = bufio.NewScanner(said)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			in[i].Close()
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
	tell := func(line string) {
		for i := range processes {
			if _, err := io.WriteString(in[i], line+"\n"); err != nil {
				t.Fatal(err)
			}
		}
	}
	says := func(i int) string {
		if !out[i].Scan() {
			t.Fatalf("process %d ended", i)
		}
		return out[i].Text()
	}
	tell(string(told))
	for i := range processes {
		if line := says(i); line != "open" {
			t.Fatalf("process %d: %s", i, line)
		}
	}
	had := map[string]bool{}
	for round := range tokenRounds {
		idp.Advance(2 * time.Hour) // the access token is over
		asked := idp.Count(idptest.Token)
		tell(strconv.FormatInt(idp.Now().UnixMilli(), 10))
		tokens := map[string]int{}
		for i := range processes {
			for _, token := range strings.Fields(says(i)) {
				tokens[token]++
			}
		}
		for token, n := range tokens {
			if n != processes*perProcess || had[token] || strings.HasPrefix(token, "error") {
				t.Fatalf("round %d: %v", round, tokens)
			}
			had[token] = true
		}
		if n := idp.Count(idptest.Token) - asked; n != 1 {
			t.Errorf("round %d: the provider was asked %d times", round, n)
		}
	}
	if m := idp.Mistakes(); len(m) != 0 || len(had) != tokenRounds {
		t.Errorf("%d tokens, mistakes %v", len(had), m)
	}
}

// signIn signs ada in through the handlers, and sets the origin.
func (i *instance) signIn(t *testing.T, s *rpstore.Store, idp *idptest.Provider) {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	defer server.Close()
	i.Origin = server.URL
	rp, err := i.open(s, idp.Now)
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/", rp)
	mux.HandleFunc("/in", func(http.ResponseWriter, *http.Request) {})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Client{Jar: jar}).Get(server.URL + "/signin/start?return=/in")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || res.Request.URL.Path != "/in" {
		t.Fatalf("ended at %s: %s %v", res.Request.URL.Path, body, err)
	}
}

// onlySignIn is the name of ada's sign-in.
func onlySignIn(t *testing.T, s *rpstore.Store, idp *idptest.Provider) string {
	t.Helper()
	u, created, err := s.SignIn(t.Context(), rpserver.Identity{Issuer: idp.Issuer, Subject: "ada"}, idp.Now())
	if err != nil || created {
		t.Fatal(created, err)
	}
	all, err := s.SignInsOf(t.Context(), u.ID, idp.Now())
	if err != nil || len(all) != 1 {
		t.Fatal(len(all), err)
	}
	return all[0].ID
}
