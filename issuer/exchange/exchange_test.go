package exchange_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/issuer/exchange"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

var now = time.Date(2026, 5, 4, 14, 2, 31, 0, time.UTC)

func derive(t testing.TB, id uint32, secret string) *pst.PrivateKey {
	t.Helper()
	k, err := pst.DeriveKey(id, []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// The package must stay small and synchronous enough for a WebAssembly module
// without goroutines, network or clock.
func TestImportsStayPure(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	allowed := []string{"bytes", "crypto/rand", "crypto/subtle", "encoding/base64", "encoding/binary", "errors", "maps",
		"math/bits", "strconv", "strings", "time", "github.com/bonafides-dev/bonafides/protocol/jws",
		"github.com/bonafides-dev/bonafides/protocol/pst", "github.com/bonafides-dev/bonafides/protocol/strictjson",
		"github.com/bonafides-dev/bonafides/internal/sha256"}
	seen := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			path, _ := strconv.Unquote(i.Path.Value)
			if !slices.Contains(allowed, path) {
				t.Errorf("%s imports %s", name, path)
			}
			seen++
		}
		if strings.Contains(string(src), "time.Now") {
			t.Errorf("%s looks at the clock", name)
		}
	}
	if seen < 5 {
		t.Errorf("only %d imports were looked at", seen)
	}
}

func TestMessage(t *testing.T) {
	one := func(s string) []string { return []string{s} }
	version := one(pst.Version)
	for _, c := range []struct {
		name           string
		token, version []string
		want           string
	}{
		{"good", one("AAEC"), version, ""},
		{"no header", nil, version, "token_header_missing"},
		{"empty header", one(""), version, "token_header_missing"},
		{"two headers", []string{"AAEC", "AAEC"}, version, "header_duplicate"},
		{"two empty headers", []string{"", ""}, version, "header_duplicate"},
		{"two headers in one", one("AAEC, AAEC"), version, "header_duplicate"},
		{"two versions in one", one("AAEC"), one(pst.Version + "," + pst.Version), "header_duplicate"},
		{"no version", one("AAEC"), nil, "version_missing"},
		{"two versions", one("AAEC"), []string{pst.Version, pst.Version}, "header_duplicate"},
		{"another version", one("AAEC"), one("PrivateStateTokenV3VOPRF"), "version_unsupported"},
		{"a line break", one("AAEC\nAAEC"), version, "not_base64"},
		{"a line break at the end", one("AAEC\r\n"), version, "not_base64"},
		{"too long", one(strings.Repeat("A", exchange.MaxHeader+4)), version, "token_header_too_large"},
		{"as long as allowed", one(strings.Repeat("A", exchange.MaxHeader)), version, ""},
	} {
		for _, h := range []exchange.Headers{exchange.Native, exchange.Polyfill} {
			b, refused := h.Message(c.token, c.version)
			got := ""
			if refused != nil {
				got = refused.Code
				if c.want != "version_unsupported" && !strings.Contains(refused.Detail, " "+h.Token+" ") && !strings.Contains(refused.Detail, " "+h.Version+" ") {
					t.Errorf("%s: %q names no header", c.name, refused.Detail)
				}
			}
			if got != c.want || (refused == nil) != (b != nil) {
				t.Errorf("%s: %v, %v; want %v", c.name, b, refused, c.want)
			}
		}
	}
}

func FuzzMessage(f *testing.F) {
	f.Add("AAEC")
	f.Add("AAE=")
	f.Add("AA==\n")
	f.Fuzz(func(t *testing.T, s string) {
		b, refused := exchange.Native.Message([]string{s}, []string{pst.Version})
		if refused == nil && base64.StdEncoding.EncodeToString(b) != s {
			t.Errorf("%q is not the only spelling of its bytes", s)
		}
	})
}

func TestKeysSurviveTheirText(t *testing.T) {
	a, b := derive(t, 7, "a"), derive(t, 1<<32-1, "b")
	set, err := pst.NewKeySet(a, b)
	if err != nil {
		t.Fatal(err)
	}
	expiry := map[uint32]time.Time{7: now.Add(time.Hour), 1<<32 - 1: now.Add(2 * time.Hour)}
	keys, err := exchange.NewKeys(set, expiry)
	if err != nil {
		t.Fatal(err)
	}
	text := "# the issuer's keys\n\n  " + strings.ReplaceAll(keys.Secret(), "\n", "\n\t") + "# end\n"
	for _, text := range []string{text, strings.ReplaceAll(keys.Secret(), "\n", " "), strings.ReplaceAll(text, "\n", "\r\n")} {
		got, err := exchange.ParseKeys(text)
		if err != nil {
			t.Fatal(err)
		}
		if got.Secret() != keys.Secret() || got.Set().Active().ID() != 7 {
			t.Errorf("%q became other keys", text)
		}
		if e := got.Expiry(); len(e) != 2 || !e[1<<32-1].Equal(now.Add(2*time.Hour)) {
			t.Errorf("expiry %v", e)
		}
	}
	c, err := keys.Commitment(5, 30)
	if err != nil || c.ID != 5 || c.BatchSize != 30 || len(c.Keys) != 2 || c.Keys[1].Label != "4294967295" || c.Keys[0].Expiry != now.Add(time.Hour).UnixMicro() {
		t.Errorf("%+v, %v", c, err)
	}
	if k, refused := keys.Signing(now.Add(time.Hour - 1)); refused != nil || k.ID() != 7 {
		t.Errorf("a moment before it expires: %v", refused)
	}
	if _, refused := keys.Signing(now.Add(time.Hour)); refused != exchange.NoActiveKey {
		t.Errorf("once it has expired: %v", refused)
	}
}

func TestKeysThatAreRefused(t *testing.T) {
	good := base64.StdEncoding.EncodeToString(derive(t, 1, "a").Bytes())
	const exp = ",2027-05-01T00:00:00Z"
	var seven strings.Builder
	for id := range uint32(7) {
		seven.WriteString(base64.StdEncoding.EncodeToString(derive(t, id, "x").Bytes()) + exp + "\n")
	}
	zero := base64.StdEncoding.EncodeToString(make([]byte, 52))
	for name, text := range map[string]string{
		"nothing": "", "only a comment": "# " + good + exp, "no expiry": good, "an empty expiry": good + ",",
		"expiry in seconds": good + ",1790000000", "expiry without a zone": good + ",2027-05-01T00:00:00",
		"expiry before 1970": good + ",1969-05-01T00:00:00Z", "not base64": "!" + good[1:] + exp, "no padding": strings.TrimRight(good, "=") + exp,
		"cut short": good[4:] + exp, "scalar of zero": zero + exp, "one key twice": good + exp + " " + good + exp,
		"seven keys": seven.String(), "three fields": good + exp + ",x", "spaces around the comma": good + " , " + exp[1:],
	} {
		k, err := exchange.ParseKeys(text)
		if err == nil {
			t.Errorf("%s: accepted as %v", name, k.Set().Active().ID())
			continue
		}
		if strings.Contains(err.Error(), good[8:20]) {
			t.Errorf("%s: the error tells the key: %v", name, err)
		}
	}
	if _, err := exchange.NewKeys(nil, nil); err == nil {
		t.Error("no keys were accepted")
	}
}

func TestAlreadySpentSaysWhen(t *testing.T) {
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{now.Add(-time.Hour), " at 13:02 UTC"},
		{now.In(time.FixedZone("", 9*3600)), " at 14:02 UTC"},
		{now.Add(-24 * time.Hour), " on 2026-05-03 at 14:02 UTC"},
		{time.Date(2026, 5, 3, 23, 59, 0, 0, time.UTC), " on 2026-05-03 at 23:59 UTC"},
		{time.Date(2025, 11, 30, 0, 0, 0, 0, time.UTC), " on 2025-11-30 at 00:00 UTC"},
		{time.Time{}, ""},
	} {
		got := exchange.AlreadySpent(c.at, now, "https://issuer.example")
		want := "This token was already spent" + c.want + ". Tokens work once. Get more at https://issuer.example."
		if got.Detail != want || got.Status != 409 || got.Code != "already_spent" {
			t.Errorf("%+v, want %q", got, want)
		}
	}
}

type counted struct {
	jws.Signer
	signed int
}

func (c *counted) Sign(input []byte) ([]byte, error) {
	c.signed++
	return c.Signer.Sign(input)
}

func TestInputIsWhatSignSigns(t *testing.T) {
	signer := &counted{Signer: jws.NewEd25519Signer("k", ed25519.NewKeyFromSeed(make([]byte, 32)))}
	r := &exchange.Recorder{Issuer: "https://issuer.example", Signer: signer, Lifetime: 3 * time.Hour}
	spent := &exchange.Redemption{KeyID: 7, Origin: "https://news.example"}
	record, seconds, err := r.Sign(spent, pst.ViaNative, now)
	if err != nil {
		t.Fatal(err)
	}
	input, left, err := r.Input(spent, pst.ViaNative, now)
	if err != nil || left != seconds || signer.signed != 1 {
		t.Fatalf("%v, %d and %d seconds, signed %d times", err, left, seconds, signer.signed)
	}
	sig, err := signer.Sign([]byte(input))
	if err != nil || jws.Assemble(input, sig) != record {
		t.Errorf("%v, %s is not %s", err, jws.Assemble(input, sig), record)
	}
	spent.Origin = "nowhere"
	if _, _, err := r.Input(spent, pst.ViaNative, now); err == nil {
		t.Error("a record for no origin")
	}
}

func TestScoresAreThoseOfParseFloat(t *testing.T) {
	for n := range 1001 {
		text := strconv.FormatFloat(float64(n)/1000, 'f', -1, 64)
		want, err := strconv.ParseFloat(text, 64)
		if got, ok := exchange.ParseScore(text); err != nil || !ok || got != want {
			t.Errorf("%s: %v, %v", text, got, ok)
		}
	}
	for _, bad := range []string{"", "0.", ".5", "1.1", "2", "-0.5", "1e-1", "0.5 ", "00.5", "0.0000000001", "0,5", "0.5.5", "NaN"} {
		if got, ok := exchange.ParseScore(bad); ok {
			t.Errorf("%q is %v", bad, got)
		}
	}
}

func TestRolesAndOrphans(t *testing.T) {
	make := func(ids ...uint32) *exchange.Keys {
		var keys []*pst.PrivateKey
		expiry := map[uint32]time.Time{}
		for _, id := range ids {
			keys = append(keys, derive(t, id, "a"))
			expiry[id] = now.AddDate(0, 0, int(id))
		}
		set, err := pst.NewKeySet(keys[0], keys[1:]...)
		if err != nil {
			t.Fatal(err)
		}
		k, err := exchange.NewKeys(set, expiry)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	k := make(2, 1, 3)
	list := k.Times()
	for at, want := range map[time.Time]string{
		now:                                  "current retired next",
		now.AddDate(0, 0, 1):                 "current expired next",
		now.AddDate(0, 0, 2):                 "expired expired next",
		now.AddDate(0, 0, 2).Add(-time.Hour): "current expired next",
	} {
		var got []string
		for _, key := range list {
			got = append(got, string(exchange.RoleOf(key, list[0], at)))
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%v: %s, want %s", at, s, want)
		}
	}
	if lost := k.Orphaned(make(3, 2, 1, 4), now); len(lost) != 0 {
		t.Errorf("a rotation orphans %v", lost)
	}
	if lost := k.Orphaned(make(3, 4), now.AddDate(0, 0, 1)); len(lost) != 1 || lost[0] != 2 {
		t.Errorf("%v, want key 2 alone: key 1 has expired", lost)
	}
	other, _ := pst.NewKeySet(derive(t, 2, "b"))
	replaced, _ := exchange.NewKeys(other, map[uint32]time.Time{2: now.AddDate(1, 0, 0)})
	if lost := make(2).Orphaned(replaced, now); len(lost) != 1 {
		t.Error("another key with the same id took over")
	}
	same, _ := pst.NewKeySet(derive(t, 2, "a"))
	shorter, _ := exchange.NewKeys(same, map[uint32]time.Time{2: now.Add(time.Hour)})
	if lost := make(2).Orphaned(shorter, now); len(lost) != 1 {
		t.Error("an earlier expiry is no loss")
	}
}
