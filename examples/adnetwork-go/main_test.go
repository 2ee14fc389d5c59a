package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/rpserver/record"
)

var update = flag.Bool("update", false, "write the records that the Node example is tested with anew")

var key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{0x42}, 32))

var keys = `{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig","kid":"record-1","x":"` + jws.EncodeBase64URL(key.Public().(ed25519.PublicKey)) + `"}]}`

func sign(t *testing.T, r pst.Record) string {
	t.Helper()
	s, err := pst.SignRecord(jws.NewEd25519Signer("record-1", key), r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestServer(t *testing.T) {
	fetched := 0
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == jwks.RecordKeysPath {
			fetched++
			_, _ = w.Write([]byte(keys))
		}
	}))
	defer issuer.Close()
	h, err := newServer(issuer.URL, []string{"https://news.example"}, issuer.Client())
	if err != nil {
		t.Fatal(err)
	}
	ads := httptest.NewServer(h)
	defer ads.Close()
	good := sign(t, pst.NewRecord(issuer.URL, "https://news.example", pst.ViaNative, 1, time.Now(), 24*time.Hour))
	old := sign(t, pst.NewRecord(issuer.URL, "https://news.example", pst.ViaNative, 1, time.Now().Add(-48*time.Hour), 24*time.Hour))
	for _, test := range []struct{ name, record, origin, want string }{
		{"good", good, "https://news.example", "An advertisement for people."},
		{"none", "", "https://news.example", "A plain advertisement. (The request carries no redemption record"},
		{"from another site", good, "https://evil.example", "A plain advertisement. (The record was redeemed on another site"},
		{"from nowhere", good, "", "A plain advertisement. (The request tells neither Origin nor Referer"},
		{"expired", old, "https://news.example", "A plain advertisement. (The record has expired"},
		{"tampered", strings.Replace(good, ".", ".A", 1), "https://news.example", "A plain advertisement. ("},
	} {
		req, err := http.NewRequest(http.MethodGet, ads.URL+"/ad", nil)
		if err != nil {
			t.Fatal(err)
		}
		if test.record != "" {
			v, err := pst.FormatRedemptionRecordHeader([]pst.OriginRecord{{Origin: issuer.URL, Record: test.record}})
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set(pst.HeaderRecord, v)
		}
		if test.origin != "" {
			req.Header.Set("Origin", test.origin)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || !strings.HasPrefix(string(body), test.want) {
			t.Errorf("%s: %s %v", test.name, body, err)
		}
	}
	if fetched != 1 {
		t.Errorf("the keys were fetched %d times, want once", fetched)
	}
	for name, config := range map[string][2]string{
		"an issuer that is no origin":   {"issuer.example", "https://news.example"},
		"a publisher that is no origin": {"https://issuer.example", "*"},
	} {
		if _, err := newServer(config[0], config[1:], http.DefaultClient); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// TestPagesSendTheRecordThroughThePolyfill plays a browser that has no Private
// State Tokens: it asks first, and then sends the polyfill's header.
func TestPagesSendTheRecordThroughThePolyfill(t *testing.T) {
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(keys)) }))
	defer issuer.Close()
	h, err := newServer(issuer.URL, []string{"https://news.example"}, issuer.Client())
	if err != nil {
		t.Fatal(err)
	}
	good := sign(t, pst.NewRecord(issuer.URL, "https://news.example", pst.ViaPolyfill, 1, time.Now(), 24*time.Hour))
	value, err := pst.FormatRedemptionRecordHeader([]pst.OriginRecord{{Origin: issuer.URL, Record: good}})
	if err != nil {
		t.Fatal(err)
	}
	send := func(method string, header map[string]string) *http.Response {
		r := httptest.NewRequest(method, "/ad", nil)
		for name, v := range header {
			r.Header.Set(name, v)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result()
	}
	asks := map[string]string{"Origin": "https://news.example", "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": strings.ToLower(record.HeaderPolyfill)}
	preflight := send(http.MethodOptions, asks)
	if preflight.StatusCode/100 != 2 || preflight.Header.Get("Access-Control-Allow-Origin") != "https://news.example" ||
		!strings.Contains(preflight.Header.Get("Access-Control-Allow-Headers"), record.HeaderPolyfill) {
		t.Errorf("the page may not send the header: %d %v", preflight.StatusCode, preflight.Header)
	}
	answer := send(http.MethodGet, map[string]string{"Origin": "https://news.example", record.HeaderPolyfill: value})
	body, _ := io.ReadAll(answer.Body)
	if !strings.HasPrefix(string(body), "An advertisement for people.") || answer.Header.Get("Access-Control-Allow-Origin") != "https://news.example" {
		t.Errorf("%s %v", body, answer.Header)
	}
	asks["Origin"] = "https://evil.example"
	if refused := send(http.MethodOptions, asks); refused.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("another site's page may send records")
	}
}

// TestRecordsOfTheNodeExample holds the file that the Node example is tested
// with to what the library writes today. Records are deterministic, so they are
// compared byte for byte.
func TestRecordsOfTheNodeExample(t *testing.T) {
	const file = "../adnetwork-node/testdata/records.json"
	const issuer, site = "https://issuer.example", "https://news.example"
	now := time.Unix(1_700_001_234, 0)
	shared := pst.NewRecord(issuer, site, pst.ViaNative, 1, now, 24*time.Hour)
	single, polyfill, old, other := shared, shared, shared, shared
	single.ID = "b25jZQ"
	polyfill.Via = pst.ViaPolyfill
	old.IssuedAt, old.Expiry = old.IssuedAt-48*3600, old.Expiry-48*3600
	other.Issuer = "https://other.example"
	idToken, err := jws.Sign(jws.NewEd25519Signer("record-1", key), "JWT", []byte(`{"iss":"`+issuer+`","iat":1699999200,"exp":1700085600,"key":1,"origin":"`+site+`","via":"native"}`))
	if err != nil {
		t.Fatal(err)
	}
	good := sign(t, shared)
	records := map[string]string{"shared": good, "single": sign(t, single), "polyfill": sign(t, polyfill), "expired": sign(t, old), "otherIssuer": sign(t, other), "notARecord": idToken,
		"tampered": good[:len(good)-20] + "AAAA" + good[len(good)-16:]}
	want, err := json.MarshalIndent(map[string]any{"now": now.Unix(), "issuer": issuer, "origin": site, "keys": json.RawMessage(keys), "records": records}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("the records differ; run go test ./examples/adnetwork-go -update and test the Node example again")
	}
}
