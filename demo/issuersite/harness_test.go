package issuersite

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/store/spentstore"
)

type library struct {
	*httptest.Server
	t      *testing.T
	key    *pst.PublicKey
	client *http.Client
}

func open(t *testing.T) *library {
	t.Helper()
	store, err := spentstore.OpenSQLite(filepath.Join(t.TempDir(), "spent.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	token, err := pst.GenerateKey(1)
	if err != nil {
		t.Fatal(err)
	}
	set, err := pst.NewKeySet(token)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := issuer.NewKeys(set, map[uint32]time.Time{1: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.GenerateEd25519()
	if err != nil {
		t.Fatal(err)
	}
	recordKeys, err := jose.PublicSet(signer)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(nil)
	t.Cleanup(server.Close)
	hub := trace.NewHub()
	site, err := New(Config{
		Origins: instrument.Origins{Home: "http://localhost", Issuer: server.URL, News: newsOrigin},
		Hub:     hub, Ledger: store, Client: server.Client(),
		Issuer: issuer.Config{
			Origin: server.URL, Keys: keys,
			RecordSigner: signer.Signer(), RecordKeys: recordKeys, Spent: store, Counter: store,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = hub.Wrap(look.Issuer, site)
	jar, _ := cookiejar.New(nil)
	client := *server.Client()
	client.Jar = jar
	return &library{server, t, token.PublicKey(), &client}
}

func (l *library) do(r *http.Request) (int, http.Header, string) {
	l.t.Helper()
	resp, err := l.client.Do(r)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

func (l *library) get(path string) (int, string) {
	r, _ := http.NewRequest(http.MethodGet, l.URL+path, nil)
	code, _, body := l.do(r)
	return code, body
}

func (l *library) post(path string, form url.Values) (int, string) {
	r, _ := http.NewRequest(http.MethodPost, l.URL+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	code, _, body := l.do(r)
	return code, body
}

// tokens plays the browser: n blinded elements out, what was signed back.
func (l *library) tokens(n int) (issued []pst.Token, reason string) {
	l.t.Helper()
	request, pending, err := pst.Begin(l.key, n)
	if err != nil {
		l.t.Fatal(err)
	}
	r, _ := http.NewRequest(http.MethodPost, l.URL+"/issue", nil)
	r.Header.Set(pst.HeaderToken, base64.StdEncoding.EncodeToString(request.Bytes()))
	r.Header.Set(pst.HeaderVersion, pst.Version)
	code, header, body := l.do(r)
	var said struct {
		Issued int
		Reason string
	}
	if err := json.Unmarshal([]byte(body), &said); err != nil || code != 200 {
		l.t.Fatalf("%d %s", code, body)
	}
	if header.Get(pst.HeaderToken) == "" {
		return nil, said.Reason
	}
	b, err := base64.StdEncoding.DecodeString(header.Get(pst.HeaderToken))
	if err != nil {
		l.t.Fatal(err)
	}
	response, err := pst.ParseIssueResponse(b)
	if err != nil {
		l.t.Fatal(err)
	}
	issued, err = pending.Finish(response)
	if err != nil {
		l.t.Fatal(err)
	}
	if said.Issued != len(issued) {
		l.t.Errorf("the body says %d, the header has %d", said.Issued, len(issued))
	}
	return issued, said.Reason
}

func (l *library) redeem(token pst.Token) (int, string) {
	request := pst.RedeemRequest{Token: token, ClientData: pst.ClientData{RedeemingOrigin: newsOrigin, RedemptionTimestamp: uint32(time.Now().Unix())}}
	r, _ := http.NewRequest(http.MethodPost, l.URL+"/redeem", nil)
	r.Header.Set(pst.HeaderToken, base64.StdEncoding.EncodeToString(request.Bytes()))
	r.Header.Set(pst.HeaderVersion, pst.Version)
	r.Header.Set("Origin", newsOrigin)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	code, header, body := l.do(r)
	if code != 200 {
		return code, body
	}
	return code, header.Get(pst.HeaderToken)
}
