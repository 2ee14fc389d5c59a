package check

import (
	"bytes"
	"crypto/ed25519"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

var recordKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32))

func recordKeys() string {
	return `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"r","x":"` + jws.EncodeBase64URL(recordKey.Public().(ed25519.PublicKey)) + `"}]}`
}

func record(t *testing.T, issuer string) string {
	t.Helper()
	r := pst.NewRecord(issuer, "https://news.example", pst.ViaNative, 3, testNow, 24*time.Hour)
	r.ID = "once"
	s, err := pst.SignRecord(jws.NewEd25519Signer("r", recordKey), r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRecordVerify(t *testing.T) {
	const issuer = "https://issuer.example"
	file := write(t, "jwks.json", recordKeys())
	good := record(t, issuer)
	header, err := pst.FormatRedemptionRecordHeader([]pst.OriginRecord{{Origin: "https://other.example", Record: "x"}, {Origin: issuer, Record: good}})
	if err != nil {
		t.Fatal(err)
	}
	base := func(more ...string) []string {
		return append([]string{"record", "verify", "-issuer", issuer, "-jwks", file}, more...)
	}
	for _, test := range []struct {
		name, stdin string
		args        []string
		code        int
		says        string
	}{
		{"as argument", "", base(good), 0, "ok\n  issuer    https://issuer.example\n"},
		{"from standard input", good + "\n", base(), 0, "single-use"},
		{"a dash for standard input", good + "\n", base("-"), 0, "single-use"},
		{"a dash and nothing", "", base("-"), 2, "no record"},
		{"nothing at all", " \n", base(), 2, "record verify -issuer https://issuer.example < record"},
		{"a whole header", header, base(), 0, "ok\n"},
		{"its site", "", base("-origin", "https://news.example", good), 0, "ok\n"},
		{"another site", "", base("-origin", "https://evil.example", good), 1, "refused origin_mismatch: "},
		{"over", "", base("-now", "1800000000", good), 1, "refused record_expired: "},
		{"another issuer's", "", []string{"record", "verify", "-issuer", "https://other.example", "-jwks", file, good}, 1, "refused record_issuer: "},
		{"tampered", "", base(good[:len(good)-9] + "AAAAAAAA" + good[len(good)-1:]), 1, "refused "},
		{"a header without it", "", base(`"https://other.example";redemption-record="x"`), 1, "no record of"},
		{"a broken header", "", base(`"x`), 1, "record_header_syntax"},
		{"no issuer", "", []string{"record", "verify", good}, 2, "needs -issuer ORIGIN"},
		{"an issuer with a path", "", []string{"record", "verify", "-issuer", issuer + "/", good}, 2, "-issuer is not an origin"},
		{"a site with a path", "", base("-origin", "https://news.example/", good), 2, "-origin is not an origin"},
		{"two records", "", base(good, good), 2, "one record"},
		{"no such file", "", []string{"record", "verify", "-issuer", issuer, "-jwks", "nowhere.json", good}, 2, "nowhere.json"},
	} {
		out, errs, code := bonafides(t, test.stdin, test.args...)
		if code != test.code || !strings.Contains(out+errs, test.says) {
			t.Errorf("%s: code %d: %s%s", test.name, code, out, errs)
		}
	}
}

func TestRecordVerifyFetchesTheKeys(t *testing.T) {
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != jwks.RecordKeysPath {
			status = http.StatusNotFound
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(recordKeys()))
	}))
	defer server.Close()
	for _, issuer := range []string{server.URL, strings.Replace(server.URL, "127.0.0.1", "issuer.localhost", 1)} {
		if out, errs, code := bonafides(t, record(t, issuer), "record", "verify", "-issuer", issuer); code != 0 {
			t.Errorf("%s: %s%s", issuer, out, errs)
		}
	}
	status = http.StatusInternalServerError
	if _, errs, code := bonafides(t, "x", "record", "verify", "-issuer", server.URL); code != 1 || !strings.Contains(errs, "status 500") {
		t.Errorf("%d %s", code, errs)
	}
	if _, errs, code := bonafides(t, "x", "record", "verify", "-issuer", "http://issuer.example"); code != 1 || !strings.Contains(errs, "must begin with https") {
		t.Errorf("%d %s", code, errs)
	}
}
