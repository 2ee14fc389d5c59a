package issuer_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func TestConfigurationsThatAreRefused(t *testing.T) {
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	es, err := jose.GenerateES256()
	if err != nil {
		t.Fatal(err)
	}
	esSet, err := jose.PublicSet(es)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		change     func(*issuer.Config)
	}{
		{"no origin", "Origin", func(c *issuer.Config) { c.Origin = "" }},
		{"a URL for an origin", "Origin", func(c *issuer.Config) { c.Origin += "/" }},
		{"http on the open net", "Origin is plain http", func(c *issuer.Config) { c.Origin = "http://issuer.example" }},
		{"http on a host that only looks local", "Origin is plain http", func(c *issuer.Config) { c.Origin = "http://localhost.example" }},
		{"no keys", "Keys", func(c *issuer.Config) { c.Keys = nil }},
		{"keys that were never made", "Keys", func(c *issuer.Config) { c.Keys = new(issuer.Keys) }},
		{"no policy", "Policy", func(c *issuer.Config) { c.Policy = nil }},
		{"no store", "Spent", func(c *issuer.Config) { c.Spent = nil }},
		{"no signer", "RecordSigner", func(c *issuer.Config) { c.RecordSigner = nil }},
		{"no record keys", "RecordKeys", func(c *issuer.Config) { c.RecordKeys = nil }},
		{"record keys of another signer", "do not verify", func(c *issuer.Config) {
			c.RecordKeys = issuer.RecordKeySet(other.Public().(ed25519.PublicKey))
		}},
		{"a signer with the right name and the wrong key", "do not verify", func(c *issuer.Config) {
			c.RecordSigner = jws.NewEd25519Signer(issuer.NewRecordSigner(recordKey).KeyID(), other)
		}},
		{"a signer that makes every record unique", "identifier", func(c *issuer.Config) {
			c.RecordSigner, c.RecordKeys = es.Signer(), esSet
		}},
		{"a record of an hour", "RecordLifetime", func(c *issuer.Config) { c.RecordLifetime = time.Hour }},
		{"a record of minus a day", "RecordLifetime", func(c *issuer.Config) { c.RecordLifetime = -24 * time.Hour }},
		{"an unknown kind of record", "Record", func(c *issuer.Config) { c.Record = 2 }},
		{"a batch of 61", "BatchSize", func(c *issuer.Config) { c.BatchSize = 61 }},
		{"a batch of -1", "BatchSize", func(c *issuer.Config) { c.BatchSize = -1 }},
		{"an allowed origin with a path", "AllowedOrigins", func(c *issuer.Config) { c.AllowedOrigins = []string{news + "/x"} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := config(&fixture{t: t, store: &spy{}, now: start})
			c.change(&cfg)
			if _, err := issuer.New(cfg); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("New: %v; want an error that says %q", err, c.want)
			}
		})
	}
}

func TestConfigurationsThatAreAccepted(t *testing.T) {
	for _, o := range []string{"https://issuer.example:8443", "http://localhost:8080", "http://issuer.localhost:8080",
		"http://127.0.0.1:8080", "http://[::1]:8080"} {
		cfg := config(&fixture{t: t, store: &spy{}, now: start})
		cfg.Origin = o
		if _, err := issuer.New(cfg); err != nil {
			t.Errorf("%s: %v", o, err)
		}
	}
	es, err := jose.GenerateES256()
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(&fixture{t: t, store: &spy{}, now: start})
	cfg.Record, cfg.RecordSigner = issuer.Single, es.Signer()
	if cfg.RecordKeys, err = jose.PublicSet(es); err != nil {
		t.Fatal(err)
	}
	if _, err := issuer.New(cfg); err != nil {
		t.Errorf("a randomised signer for single records: %v", err)
	}
}

// What this package publishes is what the project's JOSE library publishes.
func TestRecordKeySetAgreesWithJOSE(t *testing.T) {
	seed := make([]byte, 32)
	if _, err := rand.Read(seed); err != nil {
		t.Fatal(err)
	}
	k, err := jose.FromEd25519Seed(seed)
	if err != nil {
		t.Fatal(err)
	}
	key := ed25519.NewKeyFromSeed(seed)
	if got := issuer.NewRecordSigner(key).KeyID(); got != k.KeyID() {
		t.Errorf("key id %q, want %q", got, k.KeyID())
	}
	second := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))
	set, err := jws.ParseKeySet(issuer.RecordKeySet(key.Public().(ed25519.PublicKey), second.Public().(ed25519.PublicKey)))
	if err != nil || len(set.Keys()) != 2 || len(set.Rejected()) != 0 {
		t.Fatalf("%v, %v", set, err)
	}
	token, err := jws.Sign(k.Signer(), pst.RecordType, []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jws.Verify(token, set, jws.Policy{Types: []string{pst.RecordType}}); err != nil {
		t.Error(err)
	}
}

func TestPublishedDocuments(t *testing.T) {
	f := serve(t, func(_ *fixture, c *issuer.Config) { c.BatchSize, c.CommitmentID = 12, 3 })
	for path, want := range map[string]string{
		issuer.CommitmentPath: "application/pst-issuer-directory", // no charset: registries refuse it
		issuer.RecordKeysPath: "application/jwk-set+json",
	} {
		r := f.do("GET", path)
		if r.status != 200 || r.header.Get("Content-Type") != want {
			t.Errorf("%s: %d, %q", path, r.status, r.header.Get("Content-Type"))
		}
		if r.header.Get("Access-Control-Allow-Origin") != "*" || r.header.Get("Cache-Control") != "public, max-age=300" {
			t.Errorf("%s: %v", path, r.header)
		}
		tag := r.header.Get("ETag")
		if again := f.do("GET", path, "If-None-Match", tag); tag == "" || again.status != 304 || len(again.body) != 0 {
			t.Errorf("%s: a second look with %q was answered %d", path, tag, again.status)
		}
		if head := f.do("HEAD", path); head.status != 200 || len(head.body) != 0 {
			t.Errorf("%s: HEAD %d", path, head.status)
		}
	}
	body := f.do("GET", issuer.CommitmentPath).body
	if !bytes.Equal(body, f.iss.Commitment()) {
		t.Error("Commitment() is not what is served")
	}
	c, err := pst.ParseCommitments(body)
	if err != nil {
		t.Fatal(err)
	}
	if c.ID != 3 || c.BatchSize != 12 || len(c.Keys) != 2 || c.Keys[0].Label != "1" || c.Keys[0].Expiry != start.AddDate(1, 0, 0).UnixMicro() ||
		!bytes.Equal(c.Keys[0].PublicKey.Bytes(), keyOne.PublicKey().Bytes()) || !bytes.Equal(c.Keys[1].PublicKey.Bytes(), keyTwo.PublicKey().Bytes()) {
		t.Errorf("commitment %+v", c)
	}
}
