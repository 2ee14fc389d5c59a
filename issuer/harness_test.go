package issuer_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

const (
	self = "https://issuer.example"
	news = "https://news.example"
)

var (
	start     = time.Date(2026, 5, 4, 14, 2, 31, 0, time.UTC)
	keyOne    = derive(1, "FIX0")
	keyTwo    = derive(2, "FIX1")
	strange   = derive(1, "another issuer's key with the same id")
	recordKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{0x5e}, 32))
)

func derive(id uint32, secret string) *pst.PrivateKey {
	k, err := pst.DeriveKey(id, []byte(secret))
	if err != nil {
		panic(err)
	}
	return k
}

// grant gives everybody n tokens.
func grant(n int) issuer.Policy {
	return issuer.PolicyFunc(func(context.Context, issuer.Facts) (issuer.Decision, error) {
		return issuer.Decision{Tokens: n, Reason: issuer.ReasonGranted}, nil
	})
}

// fixture is an issuer behind a real listener, with a client, a clock that
// stands still and a log that is searched at the end of the test.
type fixture struct {
	t       *testing.T
	store   *spy
	iss     *issuer.Issuer
	srv     *httptest.Server
	mu      sync.Mutex
	now     time.Time
	log     bytes.Buffer
	secrets [][]byte
}

func config(f *fixture) issuer.Config {
	set, err := pst.NewKeySet(keyOne, keyTwo)
	if err != nil {
		f.t.Fatal(err)
	}
	keys, err := issuer.NewKeys(set, map[uint32]time.Time{1: start.AddDate(1, 0, 0), 2: start.AddDate(0, 0, 7)})
	if err != nil {
		f.t.Fatal(err)
	}
	return issuer.Config{
		Origin:       self,
		Keys:         keys,
		RecordSigner: issuer.NewRecordSigner(recordKey),
		RecordKeys:   issuer.RecordKeySet(recordKey.Public().(ed25519.PublicKey)),
		Policy:       grant(1000),
		Spent:        f.store,
		Counter:      f.store,
		Now:          f.clock,
		Log:          slog.New(slog.NewJSONHandler(locked{f}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

type locked struct{ f *fixture }

func (l locked) Write(b []byte) (int, error) {
	l.f.mu.Lock()
	defer l.f.mu.Unlock()
	return l.f.log.Write(b)
}

func (f *fixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fixture) at(t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = t
}

// serve makes an issuer; change may alter its configuration.
func serve(t *testing.T, change func(*fixture, *issuer.Config)) *fixture {
	t.Helper()
	f := &fixture{t: t, store: &spy{}, now: start}
	c := config(f)
	if change != nil {
		change(f, &c)
	}
	var err error
	if f.iss, err = issuer.New(c); err != nil {
		t.Fatal(err)
	}
	f.srv = httptest.NewServer(f.iss)
	for _, k := range c.Keys.Set().All() {
		f.secret(k.Bytes())
		f.secret(k.Bytes()[4:])
	}
	t.Cleanup(func() {
		f.srv.Close()
		f.searchLog()
	})
	return f
}

// secret names bytes that must never be in the log.
func (f *fixture) secret(b []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.secrets = append(f.secrets, bytes.Clone(b))
}

func (f *fixture) searchLog() {
	f.mu.Lock()
	defer f.mu.Unlock()
	log := f.log.String()
	for _, s := range f.secrets {
		for how, form := range map[string]string{
			"raw": string(s), "hex": hex.EncodeToString(s), "HEX": strings.ToUpper(hex.EncodeToString(s)),
			"base64": base64.RawStdEncoding.EncodeToString(s), "base64url": base64.RawURLEncoding.EncodeToString(s),
			"decimal": strings.Trim(fmt.Sprint(s), "[]"), "quoted": strings.Trim(fmt.Sprintf("%q", s), `"`),
		} {
			// Any longer piece of a secret is one too.
			if len(form) > 24 {
				form = form[2:24]
			}
			if strings.Contains(log, form) {
				f.t.Errorf("a secret of %d bytes is in the log (%s)", len(s), how)
			}
		}
	}
}

func (f *fixture) logged() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.log.String()
}

// reply is an answer as it came over the wire.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// code is the code of a refusal, or empty.
func (r reply) code() string {
	var p struct{ Code string }
	_ = json.Unmarshal(r.body, &p)
	return p.Code
}

// token is the answer's token header; ok where there is exactly one.
func (r reply) token() (string, bool) {
	v := r.header.Values(pst.HeaderToken)
	return strings.Join(v, "|"), len(v) == 1
}

// do sends a request whose headers are given in pairs.
func (f *fixture) do(method, path string, headers ...string) reply {
	f.t.Helper()
	req, err := http.NewRequest(method, f.srv.URL+path, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	resp, err := f.srv.Client().Do(req)
	if err != nil {
		f.t.Error(err)
		return reply{}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		f.t.Error(err)
	}
	return reply{resp.StatusCode, resp.Header, body}
}

// send sends a message as a browser does.
func (f *fixture) send(method, path string, message []byte, headers ...string) reply {
	f.t.Helper()
	return f.do(method, path, append([]string{
		pst.HeaderToken, base64.StdEncoding.EncodeToString(message), pst.HeaderVersion, pst.Version}, headers...)...)
}

// issue runs an issuance as a client and returns its tokens.
func (f *fixture) issue(method, path string, n int, headers ...string) []pst.Token {
	f.t.Helper()
	req, pending, err := pst.BeginAny([]*pst.PublicKey{keyOne.PublicKey(), keyTwo.PublicKey()}, n)
	if err != nil {
		f.t.Fatal(err)
	}
	r := f.send(method, path, req.Bytes(), headers...)
	value, ok := r.token()
	if r.status != http.StatusOK || !ok {
		f.t.Fatalf("issuance: %d %q %s", r.status, value, r.body)
	}
	if value == "" {
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		f.t.Fatal(err)
	}
	resp, err := pst.ParseIssueResponse(raw)
	if err != nil {
		f.t.Fatal(err)
	}
	tokens, err := pending.Finish(resp)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, t := range tokens {
		f.secret(t.Nonce[:])
		f.secret(t.W())
	}
	f.secret(req.Bytes()[2:])
	return tokens
}

func redemption(t pst.Token, origin string) []byte {
	r := pst.RedeemRequest{Token: t, ClientData: pst.ClientData{
		RedeemingOrigin: origin, RedemptionTimestamp: uint32(start.Unix())}}
	return r.Bytes()
}

// judge verifies a record with the keys that the issuer publishes.
func (f *fixture) judge(record string) *pst.Record {
	f.t.Helper()
	keys, err := jws.ParseKeySet(f.do("GET", issuer.RecordKeysPath).body)
	if err != nil {
		f.t.Fatal(err)
	}
	r, err := pst.JudgeRecord(record, keys, self, f.clock())
	if err != nil {
		f.t.Fatalf("record %q: %v", record, err)
	}
	return r
}

// redeem redeems a token and returns its record.
func (f *fixture) redeem(method, path string, t pst.Token, origin string) string {
	f.t.Helper()
	r := f.send(method, path, redemption(t, origin), "Origin", origin)
	record, ok := r.token()
	if r.status != http.StatusOK || !ok || record == "" {
		f.t.Fatalf("redemption: %d %q %s", r.status, record, r.body)
	}
	return record
}
