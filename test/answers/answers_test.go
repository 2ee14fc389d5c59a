package answers

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/store/mem/spentmem"
	"github.com/bonafides-dev/bonafides/store/spentstore"
)

// The native issuer gives the answers of the scripts, on both of its stores.
func TestNativeAnswers(t *testing.T) {
	scripts, err := All()
	if err != nil {
		t.Fatal(err)
	}
	if len(scripts) < 40 {
		t.Errorf("%d scripts, want at least 40", len(scripts))
	}
	sqlite, err := spentstore.OpenSQLite(filepath.Join(t.TempDir(), "spent.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer sqlite.Close()
	for kind, store := range map[string]Store{"memory": &spentmem.Store{}, "SQLite": sqlite} {
		played := map[string]bool{}
		for _, i := range Issuers() {
			handler, err := i.Native(store)
			if err != nil {
				t.Fatal(err)
			}
			srv := httptest.NewServer(handler)
			for _, s := range scripts {
				if s.Issuer != i.Name {
					continue
				}
				t.Run(kind+"/"+s.Name, func(t *testing.T) {
					if _, err := s.Run(srv.Client(), srv.URL, time.Now); err != nil {
						t.Error(err)
					}
				})
				played[s.Name] = true
			}
			srv.Close()
		}
		for _, s := range scripts {
			if !played[s.Name] {
				t.Errorf("%s: there is no issuer %q", s.Name, s.Issuer)
			}
		}
	}
}

// A script that no wrong answer can fail would prove nothing.
func TestScriptsRefuseOtherAnswers(t *testing.T) {
	scripts, err := All()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(h http.Header, status int, body []byte) (int, []byte){
		"another status": func(_ http.Header, status int, body []byte) (int, []byte) { return status ^ 1, body },
		"a header more": func(h http.Header, status int, body []byte) (int, []byte) {
			h.Add("Set-Cookie", "a=b")
			return status, body
		},
		"no security header": func(h http.Header, status int, body []byte) (int, []byte) {
			h.Del("X-Content-Type-Options")
			h.Del("Access-Control-Max-Age")
			return status, body
		},
		"another message": func(h http.Header, status int, body []byte) (int, []byte) {
			for _, n := range []string{"Sec-Private-State-Token", "Private-State-Token"} {
				if v := h.Get(n); v != "" {
					h.Set(n, strings.Repeat("B", 4)+v[4:])
				}
			}
			h.Del("Access-Control-Allow-Methods")
			return status, bytes.Replace(body, []byte(`"`), []byte(`'`), 1)
		},
	} {
		for _, i := range Issuers() {
			handler, err := i.Native(&spentmem.Store{})
			if err != nil {
				t.Fatal(err)
			}
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				rec := httptest.NewRecorder()
				handler.ServeHTTP(rec, r)
				status, body := change(rec.Header(), rec.Code, rec.Body.Bytes())
				for n, v := range rec.Header() {
					w.Header()[n] = v
				}
				w.WriteHeader(status)
				w.Write(body)
			}))
			for _, s := range scripts {
				if s.Issuer != i.Name || name == "another message" && s.Name == "commitments-head" {
					continue
				}
				if _, err := s.Run(srv.Client(), srv.URL, time.Now); err == nil {
					t.Errorf("%s passes with %s", s.Name, name)
				}
			}
			srv.Close()
		}
	}
}

func TestScriptsAreReadStrictly(t *testing.T) {
	for name, text := range map[string]string{
		"no issuer":       "> GET /\n< 200\n",
		"no answer":       "# issuer: main\n> GET /\n",
		"no path":         "# issuer: main\n> GET\n< 200\n",
		"no status":       "# issuer: main\n> GET /\n< OK\n",
		"no colon":        "# issuer: main\n> GET /\n> Host\n< 200\n",
		"something else":  "# issuer: main\n> GET /\n< 200\nhello\n",
		"an answer first": "# issuer: main\n< 200\n",
	} {
		if _, err := parse("x.txt", text); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
