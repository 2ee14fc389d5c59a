package pst_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/pst"
)

const lintNow = 1_760_000_000_000_000 // October 2025, in microseconds

func TestLintCommitments(t *testing.T) {
	key := newKey(t, 1).PublicKey()
	y := base64.StdEncoding.EncodeToString(key.Bytes())
	doc := func(version, id, batch, keys string) string {
		return `{"PrivateStateTokenV1VOPRF":{"protocol_version":` + version + `,"id":` + id + `,"batchsize":` + batch + `,"keys":` + keys + `}}`
	}
	const v = `"PrivateStateTokenV1VOPRF"`
	one := func(label, y, expiry string) string {
		return `{"` + label + `":{"Y":` + y + `,"expiry":` + expiry + `}}`
	}
	expires := func(expiry string) string { return doc(v, "1", "30", one("1", `"`+y+`"`, expiry)) }
	withY := func(y string) string { return doc(v, "1", "30", one("1", y, `"1790000000000000"`)) }
	good := one("1", `"`+y+`"`, `"1790000000000000"`)
	point := key.Bytes()[4:]
	offCurve := append([]byte(nil), key.Bytes()...)
	offCurve[100] ^= 1
	var seven []string
	for i := range 7 {
		seven = append(seven, fmt.Sprintf(`"%d":{"Y":"%s","expiry":"%d"}`, i+1, base64.StdEncoding.EncodeToString(newKey(t, uint32(i+1)).PublicKey().Bytes()), 1790000000000000-int64(i)))
	}
	var many []string
	for i := range 65 {
		many = append(many, fmt.Sprintf(`"%d":{"Y":"%s","expiry":"1790000000000000"}`, i+1, y))
	}
	alike := strings.Join(seven[:2], ",")
	alike = strings.Replace(alike, "1789999999999999", "1790000000000000", 1)
	b64 := func(b []byte) string { return `"` + base64.StdEncoding.EncodeToString(b) + `"` }

	for _, c := range []struct {
		name, doc string
		want      string // "severity code path", "" for no finding; several are separated by commas
	}{
		{"good", doc(v, "1", "30", good), ""},
		{"good, by origin", `{"https://issuer.example":` + doc(v, "1", "30", good) + `}`, ""},
		{"not JSON", `{`, "error commitment_json "},
		{"a name twice", `{"a":1,"a":2}`, "error commitment_json "},
		{"an array", `[]`, "error commitment_json "},
		{"empty", `{}`, "error commitment_version "},
		{"an issuer without a version", `{"https://issuer.example":{}}`, "error commitment_version https://issuer.example"},
		{"an issuer with a path", `{"https://issuer.example/x":` + doc(v, "1", "30", good) + `}`, "warning origin_invalid https://issuer.example/x"},
		{"one level too high", `{"protocol_version":` + v + `,"keys":{}}`, "note lint_unknown_member protocol_version,note lint_unknown_member keys,error commitment_version "},
		{"another version only", `{"PrivateStateTokenV1PMB":{}}`, "note lint_unknown_member PrivateStateTokenV1PMB,error commitment_version "},
		{"the version is a string", `{"PrivateStateTokenV1VOPRF":"x"}`, "error commitment_version "},
		{"protocol_version of another", doc(`"PrivateStateTokenV3VOPRF"`, "1", "30", good), "error commitment_protocol_version .protocol_version"},
		{"id 0", doc(v, "0", "30", good), "error commitment_id .id"},
		{"id as a string", doc(v, `"1"`, "30", good), "error commitment_id .id"},
		{"batchsize as a string", doc(v, "1", `"30"`, good), "error commitment_batchsize .batchsize"},
		{"batchsize 0", doc(v, "1", "0", good), "error commitment_batchsize .batchsize"},
		{"batchsize 61", doc(v, "1", "61", good), "warning lint_batchsize_header .batchsize"},
		{"batchsize 60", doc(v, "1", "60", good), ""},
		{"batchsize 150", doc(v, "1", "150", good), "warning lint_batchsize_cut .batchsize"},
		{"no key", doc(v, "1", "30", "{}"), "error commitment_keys .keys"},
		{"keys as an array", doc(v, "1", "30", "[]"), "error commitment_keys .keys"},
		{"expiry as a number", expires(`1790000000000000`), "error commitment_key_expiry .keys.1.expiry"},
		{"expiry with a sign", expires(`"+1790000000000000"`), "error commitment_key_expiry .keys.1.expiry"},
		{"expiry as a date", expires(`"2027-01-01"`), "error commitment_key_expiry .keys.1.expiry"},
		{"expiry in milliseconds", expires(`"1790000000000"`), "warning lint_expiry_milliseconds .keys.1.expiry,error lint_all_expired .keys"},
		{"expiry in seconds", expires(`"1790000000"`), "warning lint_expiry_seconds .keys.1.expiry,error lint_all_expired .keys"},
		{"expiry in nanoseconds", expires(`"1790000000000000000"`), "warning lint_expiry_nanoseconds .keys.1.expiry"},
		{"expired", expires(`"1750000000000000"`), "warning lint_expired .keys.1.expiry,error lint_all_expired .keys"},
		{"expires now", expires(`"1760000000000000"`), "warning lint_expired .keys.1.expiry,error lint_all_expired .keys"},
		{"expires tomorrow", expires(`"1760086400000000"`), "warning lint_expires_soon .keys.1.expiry"},
		{"a label that is a word", doc(v, "1", "30", one("abc", `"`+y+`"`, `"1790000000000000"`)), "error commitment_key_label .keys.abc"},
		{"a label of 2^32", doc(v, "1", "30", one("4294967296", `"`+y+`"`, `"1790000000000000"`)), "error commitment_key_label .keys.4294967296"},
		{"a label that is not the id", doc(v, "1", "30", one("9", `"`+y+`"`, `"1790000000000000"`)), "note lint_label .keys.9"},
		{"Y as a number", withY("1"), "error commitment_key_value .keys.1.Y"},
		{"Y not base64", withY(`"?"`), "error commitment_key_value .keys.1.Y"},
		{"Y in base64url", withY(`"____"`), "error commitment_key_value .keys.1.Y"},
		{"Y without the id", withY(b64(point)), "error commitment_key_value .keys.1.Y"},
		{"Y of another length", withY(b64(point[:50])), "error commitment_key_value .keys.1.Y"},
		{"Y off the curve", withY(b64(offCurve)), "error commitment_key_value .keys.1.Y"},
		{"an id twice", doc(v, "1", "30", `{"1":{"Y":"`+y+`","expiry":"1790000000000000"},"2":{"Y":"`+y+`","expiry":"1790000000000000"}}`),
			"note lint_label .keys.2,error commitment_key_duplicate .keys.2.Y"},
		{"seven keys", doc(v, "1", "30", "{"+strings.Join(seven, ",")+"}"), "warning lint_seventh_key .keys.1"},
		{"two keys that expire together", doc(v, "1", "30", "{"+alike+"}"), ""},
		{"65 keys", doc(v, "1", "30", "{"+strings.Join(many, ",")+"}"), "error commitment_keys .keys"},
		{"an old member", strings.Replace(doc(v, "1", "30", good), `"id"`, `"srrkey":"x","id"`, 1), "note lint_old_member .srrkey"},
		{"unknown members", strings.Replace(strings.Replace(doc(v, "1", "30", good), `"id"`, `"x":1,"id"`, 1), `"Y"`, `"z":1,"Y"`, 1),
			"note lint_unknown_member .x,note lint_unknown_member .keys.1.z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			fatal := false
			for _, f := range pst.LintCommitments([]byte(c.doc), lintNow) {
				path := strings.TrimPrefix(f.Path, "PrivateStateTokenV1VOPRF")
				if path == "" && f.Path != "" && c.name == "the version is a string" {
					path = f.Path
				}
				got = append(got, f.Severity.String()+" "+f.Code+" "+path)
				fatal = fatal || f.Severity == pst.Fatal
				if !strings.HasSuffix(f.Message, ".") || len(f.Message) < 25 {
					t.Errorf("not a sentence: %q", f.Message)
				}
			}
			if s := strings.Join(got, ","); s != c.want {
				t.Errorf("got  %s\nwant %s", s, c.want)
			}
			// The linter is never milder than the parser.
			if _, err := pst.ParseCommitments([]byte(c.doc)); err != nil && !fatal && !strings.HasPrefix(c.doc, `{"https://`) {
				t.Errorf("ParseCommitments refuses it: %v", err)
			}
		})
	}
}

// The linter repeats no document at length, and never panics.
func FuzzLintCommitments(f *testing.F) {
	f.Add([]byte(`{"PrivateStateTokenV1VOPRF":{"protocol_version":"x","id":"1","batchsize":1e3,"keys":{"1":{"Y":"AAAA","expiry":1}}}}`))
	f.Add([]byte(`{"https://a":{"PrivateStateTokenV1VOPRF":{"keys":{"01":{"expiry":"-1"}}}}}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		found := pst.LintCommitments(b, lintNow)
		if _, err := pst.ParseCommitments(b); err != nil {
			for _, g := range found {
				if g.Severity == pst.Fatal {
					return
				}
			}
			if len(found) == 0 && !strings.Contains(string(b), "://") {
				t.Errorf("ParseCommitments refuses this, the linter has nothing to say: %v", err)
			}
		}
	})
}
