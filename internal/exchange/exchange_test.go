package exchange_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/internal/refusal"
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
		"github.com/bonafides-dev/bonafides/internal/keyring", "github.com/bonafides-dev/bonafides/internal/refusal",
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

// Whoever asks learns that a token was spent, and nothing of when or where.
func TestAlreadySpentNamesNoTime(t *testing.T) {
	got := exchange.AlreadySpent("https://issuer.example")
	want := refusal.Refusal{Status: 409, Code: "already_spent", Detail: "This token was already spent. Tokens work once. Get more at https://issuer.example."}
	if *got != want {
		t.Errorf("%+v, want %+v", *got, want)
	}
}

// The row as anybody can compute it: the first 16 bytes of SHA-256 over the id,
// highest byte first, and the nonce. It never changes: files hold it.
func TestSpentRowIsOfKeyAndNonce(t *testing.T) {
	nonce := [pst.NonceSize]byte{1, 63: 2}
	sum := sha256.Sum256(append([]byte{0x01, 0x02, 0x03, 0x04}, nonce[:]...))
	row := exchange.SpentRow(0x01020304, nonce)
	if !bytes.Equal(row[:], sum[:16]) {
		t.Errorf("%x, want %x", row, sum[:16])
	}
	if got := hex.EncodeToString(row[:]); got != "7b17888384997a6b0d5a7fcca26285b7" {
		t.Errorf("%s", got)
	}
	seen := map[[exchange.RowSize]byte]bool{}
	for id := range uint32(3) {
		for bit := range 8 * pst.NonceSize {
			n := nonce
			n[bit/8] ^= 1 << (bit % 8)
			seen[exchange.SpentRow(id<<30, n)] = true
		}
	}
	if len(seen) != 3*8*pst.NonceSize {
		t.Errorf("%d rows", len(seen))
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
		var s exchange.Siteverify
		if ok := s.ParseMinScore(text); err != nil || ok != (want > 0) || s.MinScore != want {
			t.Errorf("%s: %v, %v", text, s.MinScore, ok)
		}
	}
	for _, bad := range []string{"", "0.", ".5", "1.1", "2", "-0.5", "1e-1", "0.5 ", "00.5", "0.0000000001", "0,5", "0.5.5", "NaN"} {
		if s := new(exchange.Siteverify); s.ParseMinScore(bad) {
			t.Errorf("%q is %v", bad, s.MinScore)
		}
	}
}
