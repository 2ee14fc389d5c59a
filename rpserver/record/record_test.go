package record

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

const (
	issuer = "http://issuer.localhost:8080"
	news   = "http://news.localhost:8080"
	ads    = "http://ads.localhost:8080"
)

var (
	key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{5}, 32))
	now = time.Unix(1_700_001_234, 0)
)

func TestGoodRecordIsVouched(t *testing.T) {
	token := signed(t, "r1", goodRecord())
	v, ok := newChecker(t).Check(request(HeaderNative, headerOf(t, pst.OriginRecord{Origin: issuer, Record: token}), "Origin", news)).(Vouched)
	if !ok {
		t.Fatal("refused")
	}
	want := Vouched{Issuer: issuer, KeyID: 2, Via: pst.ViaNative, Origin: news, At: time.Unix(1_699_999_200, 0).UTC(), Expiry: time.Unix(1_700_085_600, 0).UTC(),
		Hash: sha256.Sum256([]byte(token[:strings.LastIndexByte(token, '.')]))}
	if v != want {
		t.Errorf("%+v\nwant\n%+v", v, want)
	}
}

func TestWhereTheRequestComesFrom(t *testing.T) {
	token := headerOf(t, pst.OriginRecord{Origin: issuer, Record: signed(t, "r1", goodRecord())})
	frames := func(c *Config) { c.AllowedFrames = []string{ads} }
	for _, test := range []struct {
		name    string
		headers []string
		change  func(*Config)
		code    string
	}{
		{"Origin of the site", []string{"Origin", news}, nil, "vouched"},
		{"Origin of another site", []string{"Origin", "http://evil.localhost:8080"}, nil, CodeOriginMismatch},
		{"Origin with another port", []string{"Origin", "http://news.localhost:8081"}, nil, CodeOriginMismatch},
		{"Origin with another scheme", []string{"Origin", "https://news.localhost:8080"}, nil, CodeOriginMismatch},
		{"Origin null", []string{"Origin", "null"}, nil, CodeOriginUnknown},
		{"Origin null, Referer of the site", []string{"Origin", "null", "Referer", news + "/"}, nil, CodeOriginUnknown},
		{"Origin twice", []string{"Origin", news, "Origin", news}, nil, CodeOriginUnknown},
		{"Origin with a path", []string{"Origin", news + "/"}, nil, CodeOriginUnknown},
		{"Origin upper case", []string{"Origin", "http://NEWS.localhost:8080"}, nil, CodeOriginUnknown},
		{"Origin beats Referer", []string{"Origin", "http://evil.localhost:8080", "Referer", news + "/"}, nil, CodeOriginMismatch},
		{"Referer of the site", []string{"Referer", news + "/article?a=1"}, nil, "vouched"},
		{"Referer of another site", []string{"Referer", "http://evil.localhost:8080/" + news}, nil, CodeOriginMismatch},
		{"Referer with a user name like the site", []string{"Referer", "http://news.localhost:8080@evil.localhost/"}, nil, CodeOriginUnknown},
		{"Referer no URL", []string{"Referer", "::"}, nil, CodeOriginUnknown},
		{"Referer twice", []string{"Referer", news + "/", "Referer", news + "/"}, nil, CodeOriginUnknown},
		{"Referer of an app", []string{"Referer", "android-app://com.example/"}, nil, CodeOriginUnknown},
		{"neither", nil, nil, CodeOriginUnknown},
		{"neither, and allowed", nil, func(c *Config) { c.InsecureUnknownOrigin = true }, "vouched"},
		{"another site, and unknown ones allowed", []string{"Origin", "http://evil.localhost:8080"}, func(c *Config) { c.InsecureUnknownOrigin = true }, CodeOriginMismatch},
		{"a frame that is not allowed", []string{"Origin", ads}, nil, CodeOriginMismatch},
		{"a frame that is allowed", []string{"Origin", ads}, frames, "vouched"},
		{"another frame", []string{"Origin", "http://evil.localhost:8080"}, frames, CodeOriginMismatch},
		{"a frame on a listed site", []string{"Origin", ads}, func(c *Config) { frames(c); c.Embedders = []string{news} }, "vouched"},
		{"a frame on another site", []string{"Origin", ads}, func(c *Config) { frames(c); c.Embedders = []string{"https://other.example"} }, CodeOriginMismatch},
		{"the site itself, not listed", []string{"Origin", news}, func(c *Config) { frames(c); c.Embedders = []string{"https://other.example"} }, "vouched"},
	} {
		c := newChecker(t)
		if test.change != nil {
			c = newChecker(t, test.change)
		}
		if got := codeOf(c.Check(request(append(test.headers, HeaderNative, token)...))); got != test.code {
			t.Errorf("%s: %s, want %s", test.name, got, test.code)
		}
	}
}

func TestDefaultPortIsNoOtherOrigin(t *testing.T) {
	rec := pst.NewRecord(issuer, "https://news.example", pst.ViaNative, 2, now, 24*time.Hour)
	token := headerOf(t, pst.OriginRecord{Origin: issuer, Record: signed(t, "r1", rec)})
	if got := codeOf(newChecker(t).Check(request(HeaderNative, token, "Referer", "https://NEWS.example:443/x"))); got != "vouched" {
		t.Error(got)
	}
	six := pst.NewRecord(issuer, "http://[::1]:8080", pst.ViaNative, 2, now, 24*time.Hour)
	token = headerOf(t, pst.OriginRecord{Origin: issuer, Record: signed(t, "r1", six)})
	if got := codeOf(newChecker(t).Check(request(HeaderNative, token, "Referer", "http://[::1]:8080/x"))); got != "vouched" {
		t.Error(got)
	}
}

func TestRefusedHeaders(t *testing.T) {
	token := signed(t, "r1", goodRecord())
	good := headerOf(t, pst.OriginRecord{Origin: issuer, Record: token})
	old := goodRecord()
	old.IssuedAt -= 48 * 3600
	old.Expiry -= 48 * 3600
	elsewhere := goodRecord()
	elsewhere.Issuer = "https://other.example"
	for _, test := range []struct {
		name    string
		headers []string
		code    string
	}{
		{"none", nil, CodeNoRecord},
		{"empty, as browsers send it without a record", []string{HeaderNative, ""}, CodeNoRecord},
		{"blank", []string{HeaderNative, " "}, CodeNoRecord},
		{"twice", []string{HeaderNative, good, HeaderNative, good}, CodeHeaderDuplicate},
		{"too long", []string{HeaderNative, good + strings.Repeat(" ", 17<<10)}, CodeHeaderTooLarge},
		{"not a list", []string{HeaderNative, token}, CodeHeaderInvalid},
		{"of a stranger", []string{HeaderNative, headerOf(t, pst.OriginRecord{Origin: "https://other.example", Record: token})}, CodeIssuerUnknown},
		{"of a stranger in our issuer's name", []string{HeaderNative, headerOf(t, pst.OriginRecord{Origin: issuer, Record: signed(t, "r1", elsewhere)})}, pst.RecordCodeIssuer},
		{"expired", []string{HeaderNative, headerOf(t, pst.OriginRecord{Origin: issuer, Record: signed(t, "r1", old)})}, pst.RecordCodeExpired},
		{"unknown key", []string{HeaderNative, headerOf(t, pst.OriginRecord{Origin: issuer, Record: signed(t, "r2", goodRecord())})}, jws.CodeKeyUnknown},
		{"tampered", []string{HeaderNative, headerOf(t, pst.OriginRecord{Origin: issuer, Record: tamper(token)})}, jws.CodeSignature},
		{"no record at all", []string{HeaderNative, headerOf(t, pst.OriginRecord{Origin: issuer, Record: "RR"})}, jws.CodeMalformed},
		{"the polyfill's", []string{HeaderPolyfill, good}, "vouched"},
		{"the polyfill's beside an empty native one", []string{HeaderNative, "", HeaderPolyfill, good}, "vouched"},
		{"the native one decides", []string{HeaderNative, headerOf(t, pst.OriginRecord{Origin: issuer, Record: tamper(token)}), HeaderPolyfill, good}, jws.CodeSignature},
		{"the polyfill's twice", []string{HeaderPolyfill, good, HeaderPolyfill, good}, CodeHeaderDuplicate},
	} {
		if got := codeOf(newChecker(t).Check(request(append(test.headers, "Origin", news)...))); got != test.code {
			t.Errorf("%s: %s, want %s", test.name, got, test.code)
		}
	}
}

// tamper changes one character in the middle of the signature.
func tamper(token string) string {
	i := len(token) - 40
	c := byte('A')
	if token[i] == c {
		c = 'B'
	}
	return token[:i] + string(c) + token[i+1:]
}

func TestAnyGoodRecordOfSeveralIssuersCounts(t *testing.T) {
	const second = "https://second.example"
	rec := goodRecord()
	rec.Issuer = second
	c := newChecker(t, func(c *Config) { c.Issuers[second] = jwks.Fixed(keySet(t, "r1")) })
	bad := pst.OriginRecord{Origin: issuer, Record: tamper(signed(t, "r1", goodRecord()))}
	good := pst.OriginRecord{Origin: second, Record: signed(t, "r1", rec)}
	v, ok := c.Check(request(HeaderNative, headerOf(t, bad, good), "Origin", news)).(Vouched)
	if !ok || v.Issuer != second {
		t.Errorf("%+v", v)
	}
	if got := codeOf(c.Check(request(HeaderNative, headerOf(t, bad, pst.OriginRecord{Origin: second, Record: "x"}), "Origin", news))); got != jws.CodeSignature {
		t.Errorf("%s: the reason should be the first issuer's", got)
	}
}

func TestEqualRecordsHaveEqualHashes(t *testing.T) {
	hash := func(r pst.Record) [32]byte {
		v, ok := newChecker(t).Check(request(HeaderNative, headerOf(t, pst.OriginRecord{Origin: issuer, Record: signed(t, "r1", r)}), "Origin", news)).(Vouched)
		if !ok {
			t.Fatal("refused")
		}
		return v.Hash
	}
	single := goodRecord()
	single.ID = "one"
	first, again, other := hash(goodRecord()), hash(goodRecord()), hash(single)
	if first != again || first == other {
		t.Error("hashes")
	}
}

type source struct {
	set, fresh *jws.KeySet
	err        error
	freshErr   error
	refreshed  int
}

func (s *source) KeySet(context.Context, string) (*jws.KeySet, error) { return s.set, s.err }
func (s *source) Refresh(context.Context, string) (*jws.KeySet, error) {
	s.refreshed++
	return s.fresh, s.freshErr
}

func TestKeysAreLookedForAgainOnlyWhenOneIsMissing(t *testing.T) {
	token := headerOf(t, pst.OriginRecord{Origin: issuer, Record: signed(t, "r2", goodRecord())})
	s := &source{set: keySet(t, "r1"), fresh: keySet(t, "r2")}
	c := newChecker(t, func(c *Config) { c.Issuers[issuer] = s })
	if got := codeOf(c.Check(request(HeaderNative, token, "Origin", news))); got != "vouched" || s.refreshed != 1 {
		t.Errorf("%s after %d refreshes", got, s.refreshed)
	}
	bad := headerOf(t, pst.OriginRecord{Origin: issuer, Record: tamper(signed(t, "r1", goodRecord()))})
	if got := codeOf(c.Check(request(HeaderNative, bad, "Origin", news))); got != jws.CodeSignature || s.refreshed != 1 {
		t.Errorf("%s after %d refreshes", got, s.refreshed)
	}
	s.freshErr = errors.New("down")
	if got := codeOf(c.Check(request(HeaderNative, token, "Origin", news))); got != jws.CodeKeyUnknown || s.refreshed != 2 {
		t.Errorf("no newer keys: %s after %d refreshes", got, s.refreshed)
	}
	s.err = errors.New("down")
	if got := codeOf(c.Check(request(HeaderNative, token, "Origin", news))); got != CodeKeysUnavailable {
		t.Error(got)
	}
}

func TestConfigRefused(t *testing.T) {
	keys := jwks.Fixed(keySet(t, "r1"))
	for name, c := range map[string]Config{
		"zero":               {},
		"issuer with a path": {Issuers: map[string]jwks.KeySource{issuer + "/": keys}},
		"issuer no URL":      {Issuers: map[string]jwks.KeySource{"issuer": keys}},
		"no source":          {Issuers: map[string]jwks.KeySource{issuer: nil}},
		"frame no origin":    {Issuers: map[string]jwks.KeySource{issuer: keys}, AllowedFrames: []string{"*"}},
		"embedder no origin": {Issuers: map[string]jwks.KeySource{issuer: keys}, AllowedFrames: []string{ads}, Embedders: []string{"news"}},
		"embedders alone":    {Issuers: map[string]jwks.KeySource{issuer: keys}, Embedders: []string{news}},
	} {
		if _, err := New(c); err == nil || !strings.HasPrefix(err.Error(), "record: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if c, err := New(Config{Issuers: map[string]jwks.KeySource{issuer: keys}}); err != nil || time.Since(c.now()) > time.Minute {
		t.Errorf("%v", err)
	}
}

func TestNoAnswerRepeatsTheRecord(t *testing.T) {
	for _, h := range []string{"secret-record", `"https://x.example";redemption-record="secret-record"`, headerOf(t, pst.OriginRecord{Origin: issuer, Record: "secret-record"})} {
		r, ok := newChecker(t).Check(request(HeaderNative, h, "Origin", news)).(Refused)
		if !ok || strings.Contains(r.Detail+r.Code, "secret") {
			t.Errorf("%+v", r)
		}
	}
}

// Whatever comes in, the answer is one of the two, with its parts.
func FuzzCheck(f *testing.F) {
	f.Add(headerOf(f, pst.OriginRecord{Origin: issuer, Record: signed(f, "r1", goodRecord())}), news, "")
	f.Add(`"x";redemption-record="y"`, "", news+"/a")
	f.Add("", "null", "::")
	c := newChecker(f)
	f.Fuzz(func(t *testing.T, header, origin, referer string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header[HeaderNative] = []string{header}
		r.Header["Origin"] = []string{origin}
		if origin == "" {
			delete(r.Header, "Origin")
		}
		r.Header["Referer"] = []string{referer}
		switch result := c.Check(r).(type) {
		case Vouched:
			if result.Issuer != issuer || result.Origin != news || origin != news && origin != "" {
				t.Fatalf("%+v of %q %q", result, origin, referer)
			}
		case Refused:
			if result.Code == "" || result.Detail == "" {
				t.Fatalf("%+v", result)
			}
		}
	})
}
