package pgdb

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func noEnvironment(t *testing.T) {
	for _, name := range []string{"PGSSLMODE", "PGHOST", "PGUSER", "PGPASSWORD", "PGSERVICE", "PGOPTIONS"} {
		t.Setenv(name, "")
	}
}

// A server elsewhere could be anybody's without a certificate: libpq's own default
// takes what it gets, even plain text.
func TestAServerElsewhereShowsACertificate(t *testing.T) {
	noEnvironment(t)
	for _, c := range []struct {
		url           string
		tls, fallback bool // is encrypted and verified; may go on without
	}{
		{"postgres://u:p@db.example/d", true, false},
		{"postgres://u:p@db.example:6432/d?application_name=a", true, false},
		{"postgres://u@127.0.0.1,db.example/d", true, false},
		{"postgres://u@10.0.0.1/d?sslmode=require", true, false},
		{"postgres://u@db.example/d?sslmode=disable", false, false},
		{"postgres://u@localhost/d", true, true},
		{"postgres://u@[::1]:5432/d", true, true},
		{"postgres:///d?host=/run/postgresql", false, false},
	} {
		cfg, schema, err := config(c.url, "bonafides_rp")
		if err != nil {
			t.Errorf("%s: %v", c.url, err)
			continue
		}
		plain := false
		for _, f := range cfg.Fallbacks {
			plain = plain || f.TLSConfig == nil
		}
		if (cfg.TLSConfig != nil) != c.tls || plain != c.fallback {
			t.Errorf("%s: TLS %v, plain text as well %v", c.url, cfg.TLSConfig != nil, plain)
		}
		if schema != "bonafides_rp" || cfg.RuntimeParams["search_path"] != schema {
			t.Errorf("%s: schema %q", c.url, schema)
		}
	}
	cfg, _, err := config("postgres://u@db.example/d", "s")
	if err != nil || cfg.TLSConfig == nil || cfg.TLSConfig.InsecureSkipVerify || cfg.TLSConfig.ServerName != "db.example" {
		t.Errorf("the name of the server is not verified: %+v, %v", cfg.TLSConfig, err)
	}
}

func TestRefusalsLeaveThePasswordOut(t *testing.T) {
	noEnvironment(t)
	for _, c := range []struct{ url, says string }{
		{"", "postgres://"},
		{"host=db.example password=hunter2", "postgres://"},
		{"postgres://u:hunter2@db.example/d?a=%zz", "parameters"},
		{"postgres://u:hunter2@db.example:port/d", "port"},
		{"postgres://u:hunter2@db.example/d?search_path=a,b", "search_path"},
		{`postgres://u:hunter2@db.example/d?search_path=a";drop`, "parameters"},
		{`postgres://u:hunter2@db.example/d?search_path=a"b`, "search_path"},
	} {
		_, _, err := config(c.url, "s")
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", c.url, err)
		}
	}
	if _, err := Open(t.Context(), "postgres://u:hunter2@127.0.0.1:1/d", "s", nil); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("nobody listens: %v", err)
	}
}

func TestWhatIsRunAgainHadNoEffect(t *testing.T) {
	for code, want := range map[string][2]bool{ // run again; looked at again where two migrate
		"40001": {true, true}, "40P01": {true, true}, "42P07": {false, true}, "23505": {false, true},
		"40003": {false, false}, "08006": {false, false}, "57014": {false, false}, "42601": {false, false},
	} {
		err := fmt.Errorf("statement: %w", &pgconn.PgError{Code: code})
		if again(err) != want[0] || together(err) != want[1] {
			t.Errorf("%s: %v and %v", code, again(err), together(err))
		}
	}
	if err := errors.New("connection reset"); again(err) || together(err) {
		t.Error("a connection that broke is run again")
	}
}
