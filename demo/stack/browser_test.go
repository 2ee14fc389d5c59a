package stack

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// seedKeys puts keys into a data folder, so that not every test waits for an
// RSA key.
func seedKeys(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{fileTokenKeys, fileRecordKey, fileProviderRS256, fileProviderES256} {
		b, err := os.ReadFile(filepath.Join(sharedKeys(), name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

var sharedKeys = sync.OnceValue(func() string {
	dir, err := os.MkdirTemp("", "bonafides-keys-")
	if err == nil {
		_, err = loadKeys(dir, time.Now())
	}
	if err != nil {
		panic(err)
	}
	return dir
})

func TestMain(m *testing.M) {
	code := m.Run()
	_ = os.RemoveAll(sharedKeys())
	os.Exit(code)
}

// start runs a demo in an empty folder on a free port until the test ends.
func start(t *testing.T, c Config) *Stack {
	t.Helper()
	c.Addr, c.DataDir = "localhost:0", t.TempDir()
	seedKeys(t, c.DataDir)
	if c.Hub == nil {
		c.Hub = trace.NewHub()
		c.Hub.InsecureKeepSecrets = true
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// A browser plays the browser's part by hand: it keeps cookies by host and says
// of each request what a browser would say. It resolves nothing: its client
// reaches the demo alone.
type browser struct {
	t      *testing.T
	s      *Stack
	client *http.Client

	mu      sync.Mutex
	cookies map[string]map[string]string // by host
}

func newBrowser(t *testing.T, s *Stack) *browser {
	c := s.Client(look.Browser)
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{t: t, s: s, client: c, cookies: map[string]map[string]string{}}
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// json returns a member of an object in JSON.
func (a *answer) json(t *testing.T, name string) string {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%v in %q", err, a.body)
	}
	s, _ := v[name].(string)
	return s
}

// send makes a request. With cookies, those of the host go along, and those of
// the answer are kept.
func (b *browser) send(method, to, path string, cookies bool, header map[string]string, body string) *answer {
	b.t.Helper()
	r, err := http.NewRequest(method, to+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("User-Agent", "Test/1.0")
	for k, v := range header {
		r.Header.Set(k, v)
	}
	host := r.URL.Hostname()
	b.mu.Lock()
	if cookies {
		for name, value := range b.cookies[host] {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
	}
	b.mu.Unlock()
	resp, err := b.client.Do(r)
	if err != nil {
		b.t.Error(err)
		return &answer{header: http.Header{}}
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Error(err)
	}
	if cookies {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, c := range resp.Cookies() {
			if b.cookies[host] == nil {
				b.cookies[host] = map[string]string{}
			}
			if c.MaxAge < 0 || c.Value == "" {
				delete(b.cookies[host], c.Name)
			} else {
				b.cookies[host][c.Name] = c.Value
			}
		}
	}
	return &answer{resp.StatusCode, resp.Header, got}
}

// form sends a form of the site's own page.
func (b *browser) form(to, path string, fields url.Values, more map[string]string) *answer {
	b.t.Helper()
	header := map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Origin": to, "Sec-Fetch-Site": "same-origin",
		"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Accept": "application/json",
	}
	for k, v := range more {
		header[k] = v
	}
	return b.send(http.MethodPost, to, path, true, header, fields.Encode())
}

// tokens signs in at the issuer and gets a batch with the protocol's own client.
func (b *browser) tokens(person string) (tokens []pst.Token, issuance [][]byte) {
	b.t.Helper()
	issuer := b.s.Origins.Issuer
	if a := b.form(issuer, "/signin", url.Values{"person": {person}}, nil); a.status != http.StatusSeeOther {
		b.t.Fatalf("sign-in at the issuer: %d %s", a.status, a.body)
	}
	a := b.send(http.MethodGet, issuer, "/.well-known/private-state-token/key-commitment", false, nil, "")
	commitment, err := pst.ParseCommitments(a.body)
	if err != nil {
		b.t.Fatal(err)
	}
	req, pending, err := pst.Begin(commitment.Keys[0].PublicKey, commitment.BatchSize)
	if err != nil {
		b.t.Fatal(err)
	}
	a = b.form(issuer, "/issue", nil, map[string]string{
		pst.HeaderToken: base64.StdEncoding.EncodeToString(req.Bytes()), pst.HeaderVersion: pst.Version,
	})
	raw, err := base64.StdEncoding.DecodeString(a.header.Get(pst.HeaderToken))
	if err != nil || len(raw) == 0 {
		b.t.Fatalf("issuance: %d %s", a.status, a.body)
	}
	resp, err := pst.ParseIssueResponse(raw)
	if err != nil {
		b.t.Fatal(err)
	}
	if tokens, err = pending.Finish(resp); err != nil {
		b.t.Fatal(err)
	}
	issuance = append(append(issuance, req.Elements()...), resp.Elements()...)
	proof := resp.Proof()
	return tokens, append(issuance, proof[:48], proof[48:])
}

// redeem spends a token on the newspaper, as a browser does: without cookies.
func (b *browser) redeem(token pst.Token) (record string, a *answer) {
	b.t.Helper()
	req := pst.RedeemRequest{Token: token, ClientData: pst.ClientData{RedeemingOrigin: b.s.Origins.News, RedemptionTimestamp: uint32(time.Now().Unix())}}
	a = b.send(http.MethodPost, b.s.Origins.Issuer, "/redeem", false, map[string]string{
		pst.HeaderToken: base64.StdEncoding.EncodeToString(req.Bytes()), pst.HeaderVersion: pst.Version,
		"Origin": b.s.Origins.News, "Referer": b.s.Origins.News + "/", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty",
	}, "")
	return a.header.Get(pst.HeaderToken), a
}

// recordHeader is how a browser sends a record.
func (b *browser) recordHeader(record string) map[string]string {
	b.t.Helper()
	v, err := pst.FormatRedemptionRecordHeader([]pst.OriginRecord{{Origin: b.s.Origins.Issuer, Record: record}})
	if err != nil {
		b.t.Fatal(err)
	}
	return map[string]string{pst.HeaderRecord: v}
}

// account signs in at the provider.
func (b *browser) account(email, password string) {
	b.t.Helper()
	if a := b.form(b.s.Origins.IdP, "/signin", url.Values{"email": {email}, "password": {password}}, nil); a.status != http.StatusSeeOther {
		b.t.Fatalf("sign-in at the provider: %d %s", a.status, a.body)
	}
}

// signIn plays FedCM: well-known, configuration, accounts, metadata, assertion,
// and the ID token to the shop.
func (b *browser) signIn(email string) {
	b.t.Helper()
	idp, shop := b.s.Origins.IdP, b.s.Origins.Shop
	nonce := b.form(shop, "/signin/nonce", nil, nil).json(b.t, "nonce")
	plain := map[string]string{"Sec-Fetch-Dest": "webidentity", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "cross-site", "Accept": "application/json"}
	with := func(more ...string) map[string]string {
		out := map[string]string{}
		for k, v := range plain {
			out[k] = v
		}
		for i := 0; i < len(more); i += 2 {
			out[more[i]] = more[i+1]
		}
		return out
	}
	for _, path := range []string{"/.well-known/web-identity", "/fedcm/config.json"} {
		if a := b.send(http.MethodGet, idp, path, false, plain, ""); a.status != http.StatusOK {
			b.t.Fatalf("%s: %d %s", path, a.status, a.body)
		}
	}
	a := b.send(http.MethodGet, idp, "/fedcm/accounts", true, plain, "")
	var list struct {
		Accounts []struct{ ID, Email string }
	}
	if err := json.Unmarshal(a.body, &list); err != nil {
		b.t.Fatalf("accounts: %d %s", a.status, a.body)
	}
	account := ""
	for _, x := range list.Accounts {
		if x.Email == email {
			account = x.ID
		}
	}
	b.send(http.MethodGet, idp, "/fedcm/client-metadata?client_id="+shopClientID, false, with("Origin", shop), "")
	a = b.send(http.MethodPost, idp, "/fedcm/assertion", true,
		with("Origin", shop, "Sec-Fetch-Mode", "cors", "Content-Type", "application/x-www-form-urlencoded"), url.Values{
			"client_id": {shopClientID}, "account_id": {account}, "disclosure_text_shown": {"true"},
			"is_auto_selected": {"false"}, "params": {`{"nonce":"` + nonce + `"}`},
		}.Encode())
	token := a.json(b.t, "token")
	if token == "" {
		b.t.Fatalf("assertion: %d %s", a.status, a.body)
	}
	body, _ := json.Marshal(map[string]string{"token": token, "config_url": idp + "/fedcm/config.json"})
	a = b.send(http.MethodPost, shop, "/signin/fedcm", true, map[string]string{
		"Origin": shop, "Sec-Fetch-Site": "same-origin", "Content-Type": "application/json",
	}, string(body))
	if a.status != http.StatusOK {
		b.t.Fatalf("sign-in at the shop: %d %s", a.status, a.body)
	}
}
