package origin_test

import (
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/origin"
)

type row struct {
	String         string
	Origin, Secure bool
	Why            string
}

func table(t testing.TB) []row {
	b, err := os.ReadFile("testdata/origins.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	if err := json.Unmarshal(b, &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestTheTable(t *testing.T) {
	for _, r := range table(t) {
		if got := origin.Is(r.String); got != r.Origin {
			t.Errorf("Is(%q) is %v (%v); %s", r.String, got, origin.Check(r.String), r.Why)
		}
		if got := origin.IsSecure(r.String); got != r.Secure {
			t.Errorf("IsSecure(%q) is %v (%v); %s", r.String, got, origin.CheckSecure(r.String), r.Why)
		}
		if r.Origin != (origin.Host(r.String) != "") {
			t.Errorf("Host(%q) is %q", r.String, origin.Host(r.String))
		}
	}
}

func TestReasons(t *testing.T) {
	for s, want := range map[string]error{
		"": origin.ErrLength, "https://" + strings.Repeat("a.", 300): origin.ErrLength,
		"ftp://a": origin.ErrScheme, "https://a/": origin.ErrTrailer, "https://A": origin.ErrHost,
		"https://[::1]a": origin.ErrTrailer, "https://a:443": origin.ErrDefault, "https://a:0443": origin.ErrPort, "http://a": origin.ErrPlain,
	} {
		if got := origin.CheckSecure(s); got != want {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	}
}

func TestLoopbackOfHostnames(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "a.localhost": true, "127.0.0.1": true, "127.9.8.7": true, "::1": true, "[::1]": true,
		"": false, "LOCALHOST": false, "localhost.": false, "127.1": false, "127.0.0.1.": false, "127.evil.example": false,
		"::ffff:127.0.0.1": false, "128.0.0.1": false, "::2": false,
	} {
		if got := origin.IsLoopback(host); got != want {
			t.Errorf("IsLoopback(%q) is %v", host, got)
		}
	}
}

// What is taken is read the same by net/url, which the rest of the program uses.
func FuzzIs(f *testing.F) {
	for _, r := range table(f) {
		f.Add(r.String)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if origin.IsSecure(s) && !origin.Is(s) {
			t.Fatalf("%q is secure and no origin", s)
		}
		if !origin.Is(s) {
			return
		}
		u, err := url.Parse(s)
		if err != nil || u.Scheme+"://"+u.Host != s || u.User != nil || u.Hostname() == "" {
			t.Fatalf("%q: net/url reads %+v, %v", s, u, err)
		}
		if strings.Trim(origin.Host(s), "[]") != u.Hostname() {
			t.Fatalf("%q: host %q, net/url's %q", s, origin.Host(s), u.Hostname())
		}
	})
}
