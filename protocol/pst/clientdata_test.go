package pst_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func TestClientDataRoundTrip(t *testing.T) {
	long := "https://" + strings.Repeat("a", 60) + "." + strings.Repeat("b", 60) + ".example"
	longer := "https://" + strings.Repeat(strings.Repeat("a", 60)+".", 5) + "example:8443"
	for _, origin := range []string{"http://a", "https://site-b.example", "https://sixteen.ex:99", "https://issuer.exam.ple", long, longer,
		"http://news.localhost:8080", "https://[2001:db8::1]", "https://[::1]:8443", "https://xn--bcher-kva.example", "https://a_b.example"} {
		for _, ts := range []uint32{0, 23, 24, 255, 256, 65535, 65536, 1790000000, math.MaxUint32} {
			c := pst.ClientData{RedeemingOrigin: origin, RedemptionTimestamp: ts}
			got, err := pst.ParseClientData(c.Bytes())
			if err != nil {
				t.Fatalf("%s %d: %v", origin, ts, err)
			}
			if *got != c {
				t.Errorf("%+v, want %+v", got, c)
			}
		}
	}
}

func TestClientDataRefuses(t *testing.T) {
	good := (&pst.ClientData{RedeemingOrigin: "https://news.example", RedemptionTimestamp: 1790000000}).Bytes()
	if _, err := pst.ParseClientData(good); err != nil {
		t.Fatal(err)
	}
	origin := "\x70redeeming-origin\x74https://news.example"
	stamp := "\x74redemption-timestamp"
	for name, s := range map[string]string{
		"empty":                        "",
		"empty map":                    "\xa0",
		"one pair":                     "\xa1" + origin,
		"three pairs":                  "\xa3" + origin + stamp + "\x01" + "\x61a\x01",
		"not a map":                    "\x82" + origin + stamp + "\x01",
		"indefinite map":               "\xbf" + origin + stamp + "\x01\xff",
		"map count in two bytes":       "\xb8\x02" + origin + stamp + "\x01",
		"pairs out of order":           "\xa2" + stamp + "\x01" + origin,
		"a name twice":                 "\xa2" + origin + origin,
		"wrong name":                   "\xa2\x70redeeming-0rigin\x74https://news.example" + stamp + "\x01",
		"name in bytes":                "\xa2\x50redeeming-origin\x74https://news.example" + stamp + "\x01",
		"name length not shortest":     "\xa2\x78\x10redeeming-origin\x74https://news.example" + stamp + "\x01",
		"origin in bytes":              "\xa2\x70redeeming-origin\x54https://news.example" + stamp + "\x01",
		"origin a number":              "\xa2\x70redeeming-origin\x01" + stamp + "\x01",
		"origin length not shortest":   "\xa2\x70redeeming-origin\x78\x14https://news.example" + stamp + "\x01",
		"origin length in four bytes":  "\xa2\x70redeeming-origin\x7a\x00\x00\x00\x14https://news.example" + stamp + "\x01",
		"origin length beyond the end": "\xa2\x70redeeming-origin\x7a\xff\xff\xff\xffhttps://news.example" + stamp + "\x01",
		"origin in chunks":             "\xa2\x70redeeming-origin\x7f\x74https://news.example\xff" + stamp + "\x01",
		"time negative":                "\xa2" + origin + stamp + "\x20",
		"time a float":                 "\xa2" + origin + stamp + "\xfa\x4e\xd5\x60\x00",
		"time text":                    "\xa2" + origin + stamp + "\x611",
		"time with a tag":              "\xa2" + origin + stamp + "\xc1\x01",
		"time null":                    "\xa2" + origin + stamp + "\xf6",
		"time above 32 bits":           "\xa2" + origin + stamp + "\x1b\x00\x00\x00\x01\x00\x00\x00\x00",
		"time in eight bytes":          "\xa2" + origin + stamp + "\x1b\x00\x00\x00\x00\x6b\x02\x49\xc8",
		"small time in four bytes":     "\xa2" + origin + stamp + "\x1a\x00\x00\x00\x01",
		"small time in two bytes":      "\xa2" + origin + stamp + "\x19\x00\xff",
		"small time in one byte":       "\xa2" + origin + stamp + "\x18\x17",
		"reserved head":                "\xa2" + origin + stamp + "\x1c",
		"cut in the time":              "\xa2" + origin + stamp + "\x1a\x6b\x02\x49",
		"cut before the time":          "\xa2" + origin + stamp,
		"cut in the name of the time":  "\xa2" + origin + stamp[:5],
		"cut in the origin":            "\xa2" + origin[:25],
		"trailing byte":                string(good) + "\x00",
		"JSON":                         `{"redeeming-origin":"https://news.example","redemption-timestamp":1790000000}`,
		"tag for self-described CBOR":  "\xd9\xd9\xf7" + string(good),
	} {
		if _, err := pst.ParseClientData([]byte(s)); !errors.Is(err, pst.ErrClientData) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestClientDataRefusesOrigins(t *testing.T) {
	for _, origin := range []string{"", "null", "news.example", "//news.example", "https://", "https:///", "https://news.example/",
		"https://news.example/path", "https://news.example?q", "https://news.example#f", "https://user@news.example", "HTTPS://news.example",
		"https://News.example", "https://news.example:443", "http://news.example:80", "https://news.example:", "https://news.example:0",
		"https://news.example:080", "https://news.example:65536", "https://news.example:123456", "https://news.example:8o8", "https://news.example:-1",
		"https://bücher.example", "https://news.example ", " https://news.example", "https://news example", "https://news.example\x00",
		"https://news.example\n", "https://[::1", "https://[]", "https://[::1]x", "https://[::1]:443", "https://[::G]", "https://[fe80::1%25eth0]",
		"https://a:1:2", "ftp://news.example", "file://", "chrome-extension://abcdef", "javascript:alert(1)", "https://\"news\".example",
		"https://" + strings.Repeat("a.", 300) + "example"} {
		c := pst.ClientData{RedeemingOrigin: origin, RedemptionTimestamp: 1790000000}
		if _, err := pst.ParseClientData(c.Bytes()); !errors.Is(err, pst.ErrOrigin) {
			t.Errorf("%q: %v", origin, err)
		}
	}
}

func FuzzParseClientData(f *testing.F) {
	for _, c := range chromium(f) {
		if c.ClientData != "" {
			f.Add(unhex(f, c.ClientData))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := pst.ParseClientData(b); err == nil && !bytes.Equal(c.Bytes(), b) {
			t.Fatal("accepted but not the same")
		}
	})
}
