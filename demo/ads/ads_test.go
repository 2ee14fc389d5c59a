package ads

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
	"github.com/bonafides-dev/bonafides/internal/jose"
	kit "github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/rpserver/record"
)

const (
	issuerOrigin = "http://issuer.localhost:8080"
	newsOrigin   = "http://news.localhost:8080"
	shopOrigin   = "http://shop.localhost:8080"
)

var now = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)

// network is the site with the real checker, and a header with a good record.
func network(t *testing.T) (server *httptest.Server, header string) {
	t.Helper()
	key, err := jose.GenerateEd25519()
	if err != nil {
		t.Fatal(err)
	}
	public, err := jose.PublicSet(key)
	if err != nil {
		t.Fatal(err)
	}
	set, err := jws.ParseKeySet(public)
	if err != nil {
		t.Fatal(err)
	}
	checker, err := record.New(record.Config{
		Issuers: map[string]jwks.KeySource{issuerOrigin: jwks.Fixed(set)},
		Now:     func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	hour := now.Truncate(time.Hour).Unix()
	signed, err := pst.SignRecord(key.Signer(), pst.Record{
		Issuer: issuerOrigin, Origin: newsOrigin, Via: pst.ViaNative, KeyID: 1, IssuedAt: hour, Expiry: hour + 24*3600,
	})
	if err != nil {
		t.Fatal(err)
	}
	header, err = pst.FormatRedemptionRecordHeader([]pst.OriginRecord{{Origin: issuerOrigin, Record: signed}})
	if err != nil {
		t.Fatal(err)
	}
	server = httptest.NewServer(nil)
	t.Cleanup(server.Close)
	h, err := New(Config{
		Origins: instrument.Origins{Home: "http://localhost:8080", Issuer: issuerOrigin, News: newsOrigin, Ads: server.URL, Shop: shopOrigin},
		Hub:     trace.NewHub(), Records: checker, Client: server.Client(),
	})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = h
	return server, header
}

func ask(t *testing.T, server *httptest.Server, method, path string, header map[string]string) *http.Response {
	t.Helper()
	r, err := http.NewRequest(method, server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

func answered(t *testing.T, resp *http.Response) answer {
	t.Helper()
	var a answer
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestTheRecordDecidesTheAd(t *testing.T) {
	server, good := network(t)
	for name, tc := range map[string]struct {
		header   map[string]string
		ad, code string
	}{
		"good record, fetch":           {map[string]string{"Origin": newsOrigin, record.HeaderNative: good}, "vouched", ""},
		"good record, no-cors GET":     {map[string]string{"Referer": newsOrigin + "/", record.HeaderNative: good}, "vouched", ""},
		"no record":                    {map[string]string{"Origin": newsOrigin}, "plain", record.CodeNoRecord},
		"empty header":                 {map[string]string{"Origin": newsOrigin, record.HeaderNative: ""}, "plain", record.CodeNoRecord},
		"record of another site":       {map[string]string{"Referer": shopOrigin + "/", record.HeaderNative: good}, "plain", record.CodeOriginMismatch},
		"no origin known":              {map[string]string{record.HeaderNative: good}, "plain", record.CodeOriginUnknown},
		"not a record":                 {map[string]string{"Origin": newsOrigin, record.HeaderNative: "hello"}, "plain", record.CodeHeaderInvalid},
		"signature cut":                {map[string]string{"Origin": newsOrigin, record.HeaderNative: strings.Replace(good, good[len(good)-9:len(good)-1], "", 1)}, "plain", "*"},
		"the polyfill's header":        {map[string]string{"Origin": newsOrigin, record.HeaderPolyfill: good}, "vouched", ""},
		"own origin, record from news": {map[string]string{"Origin": "", "Referer": server.URL + "/", record.HeaderNative: good}, "plain", record.CodeOriginMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			h := tc.header
			if h["Origin"] == "" {
				delete(h, "Origin")
			}
			a := answered(t, ask(t, server, http.MethodGet, "/ad", h))
			if a.Ad != tc.ad || a.Code != tc.code && tc.code != "*" {
				t.Errorf("ad %q code %q, want %q %q", a.Ad, a.Code, tc.ad, tc.code)
			}
			if a.Reason == "" || a.Headline == "" || (a.Ad == "vouched") != (len(a.Record) > 0) {
				t.Errorf("%+v", a)
			}
		})
	}
}

func TestFrameShowsTheAdAndMayStandOnlyAtPublishers(t *testing.T) {
	server, good := network(t)
	for ad, header := range map[string]map[string]string{
		"vouched": {"Referer": newsOrigin + "/", record.HeaderNative: good},
		"plain":   {"Referer": newsOrigin + "/"},
	} {
		resp := ask(t, server, http.MethodGet, "/frame", header)
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != 200 || !strings.Contains(string(b), `data-ad="`+ad+`"`) {
			t.Errorf("%s: %d, the frame shows another ad", ad, resp.StatusCode)
		}
		if csp := resp.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors "+newsOrigin+"") || resp.Header.Get("X-Frame-Options") != "" {
			t.Errorf("policy %q, X-Frame-Options %q", csp, resp.Header.Get("X-Frame-Options"))
		}
		if len(resp.Header.Values("Set-Cookie")) > 0 {
			t.Error("the ad network sets a cookie")
		}
	}
	if csp := ask(t, server, http.MethodGet, "/", nil).Header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("home: %q", csp)
	}
}

func TestCORSIsForPublishers(t *testing.T) {
	server, good := network(t)
	resp := ask(t, server, http.MethodGet, "/ad", map[string]string{"Origin": newsOrigin, record.HeaderNative: good})
	if got := resp.Header.Get("Access-Control-Allow-Origin"); got != newsOrigin {
		t.Errorf("publisher: Allow-Origin %q", got)
	}
	if resp.Header.Get("Access-Control-Allow-Credentials") != "" || !slices.Contains(resp.Header.Values("Vary"), "Origin") {
		t.Error("credentials are allowed, or caches are not told that the answer varies")
	}
	for _, origin := range []string{"http://evil.example", "null", shopOrigin} {
		resp := ask(t, server, http.MethodGet, "/ad", map[string]string{"Origin": origin, record.HeaderNative: good})
		if resp.StatusCode != 403 || resp.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d, Allow-Origin %q", origin, resp.StatusCode, resp.Header.Get("Access-Control-Allow-Origin"))
		}
	}
	if resp := ask(t, server, http.MethodOptions, "/ad", map[string]string{"Origin": newsOrigin, "Access-Control-Request-Method": "GET"}); resp.StatusCode != 204 || !strings.Contains(resp.Header.Get("Access-Control-Allow-Headers"), record.HeaderPolyfill) {
		t.Errorf("preflight: %d %v", resp.StatusCode, resp.Header)
	}
	if resp := ask(t, server, http.MethodPut, "/ad", nil); resp.StatusCode != 405 || resp.Header.Get("Allow") == "" {
		t.Errorf("PUT: %d", resp.StatusCode)
	}
}

func TestAttacksAreRefusedByTheCheckThatTheyAreFor(t *testing.T) {
	server, good := network(t)
	attack := func(name string) look.Outcome {
		t.Helper()
		resp := ask(t, server, http.MethodPost, "/attack/"+name, map[string]string{"Accept": "application/json"})
		var o look.Outcome
		if err := json.NewDecoder(resp.Body).Decode(&o); err != nil {
			t.Fatal(err)
		}
		return o
	}
	if o := attack("tamper-record"); o.State != kit.Failed || o.Title != nothingTitle {
		t.Errorf("before any record: %+v", o)
	}
	ask(t, server, http.MethodGet, "/frame", map[string]string{"Referer": newsOrigin + "/", record.HeaderNative: good})
	for name, code := range map[string]string{
		"tamper-record": jws.CodeSignature, "other-site": record.CodeOriginMismatch, "forge-record": jws.CodeAlgUnsupported,
	} {
		o := attack(name)
		got := ""
		for _, e := range o.Evidence {
			if e.Name == "code" {
				got = e.Value
			}
		}
		if o.State != kit.Refused || got != code {
			t.Errorf("%s: state %q code %q, want %q: %s", name, o.State, got, code, o.Title)
		}
	}
	// An attack's own request is not taken for the last visitor's.
	if o := attack("other-site"); o.State != kit.Refused {
		t.Errorf("again: %+v", o)
	}
	if resp := ask(t, server, http.MethodPost, "/attack/nothing", nil); resp.StatusCode != 404 {
		t.Errorf("unknown attack: %d", resp.StatusCode)
	}
}

func TestPages(t *testing.T) {
	server, _ := network(t)
	for path, want := range map[string]int{"/": 200, "/frame": 200, "/nothing": 404} {
		if resp := ask(t, server, http.MethodGet, path, nil); resp.StatusCode != want {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
	if _, err := New(Config{}); err == nil {
		t.Error("an empty configuration is accepted")
	}
}
