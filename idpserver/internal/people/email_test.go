package people

import (
	"strings"
	"testing"
)

func TestParseEmail(t *testing.T) {
	long := strings.Repeat("a", 64)
	for in, want := range map[string]string{
		"ada@example.org":                 "ada@example.org",
		" Ada.Lovelace+x@EXAMPLE.Org ":    "Ada.Lovelace+x@example.org",
		"o'hara@sub.example.co.uk":        "o'hara@sub.example.co.uk",
		"a@xn--bcher-kva.example":         "a@xn--bcher-kva.example",
		long + "@example.org":             long + "@example.org",
		long + "a@example.org":            "",
		"":                                "",
		"ada":                             "",
		"@example.org":                    "",
		"ada@":                            "",
		"ada@localhost":                   "",
		"ada@example..org":                "",
		"ada@-example.org":                "",
		"ada@example.org.":                "",
		"ada@192.168.0.1":                 "",
		"ada@[192.168.0.1]":               "",
		"ada@@example.org":                "",
		"a@b@example.org":                 "",
		".ada@example.org":                "",
		"ada.@example.org":                "",
		"a..b@example.org":                "",
		`"ada"@example.org`:               "",
		"ada lovelace@example.org":        "",
		"Ada <ada@example.org>":           "",
		"ada@example.org\r\nBcc: x@y.org": "",
		"ada@exämple.org":                 "",
		"ädä@example.org":                 "",
		"ada@example.org,b@example.org":   "",
	} {
		got, domain, err := ParseEmail(in)
		if (err == nil) != (want != "") || got != want {
			t.Errorf("ParseEmail(%q) = %q, %v; want %q", in, got, err, want)
		}
		if err == nil && !strings.HasSuffix(want, "@"+domain) {
			t.Errorf("ParseEmail(%q): domain %q", in, domain)
		}
	}
}

func FuzzParseEmail(f *testing.F) {
	f.Add("ada@example.org")
	f.Add("a@b@c")
	f.Fuzz(func(t *testing.T, s string) {
		address, domain, err := ParseEmail(s)
		if err != nil {
			return
		}
		if len(address) > MaxEmail || strings.ContainsAny(address, " \r\n\t<>,;:\"\\()[]") || !strings.HasSuffix(address, "@"+domain) {
			t.Errorf("accepted %q as %q", s, address)
		}
		if again, _, err := ParseEmail(address); err != nil || again != address {
			t.Errorf("%q does not stay itself: %q, %v", address, again, err)
		}
	})
}

func TestParseDomains(t *testing.T) {
	got, err := ParseDomains(strings.NewReader("# ours\ncorp.example\n\n  lab.corp.example  \n"))
	if err != nil || len(got) != 2 || got[0] != "corp.example" || got[1] != "lab.corp.example" {
		t.Errorf("ParseDomains = %v, %v", got, err)
	}
	for _, bad := range []string{"Corp.example", "corp", "corp.example # ours", "*.corp.example", "a@corp.example"} {
		if _, err := ParseDomains(strings.NewReader("ok.example\n" + bad + "\n")); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%q: error = %v", bad, err)
		}
	}
}

func TestNamesAreOneVisibleLine(t *testing.T) {
	for in, want := range map[string]bool{
		"Ada": true, "  Ada Lovelace ": true, "Нина": true, "أحمد": true, strings.Repeat("ä", 100): true,
		strings.Repeat("ä", 101): false, "": false, "   ": false, "A\nB": false, "A\x00": false,
		"\u200b": false, "\u00ad\u2060": false, "\ufeff": false, "\u3164": false, "\u2800": false, "\u034f": false, "\ufe0f": false, "\u200b \u200d": false,
		"دانا": true, "دا\u200cنا": true, "नि": true, "王": true, "e\u0301": true, "👩\u200d👧": true, "@": true,
		"A\u202eB": false, "A\u2066B": false, "A\u2028B": false, "A\u0085B": false,
	} {
		if _, ok := ReadText(in, MaxName); ok != want {
			t.Errorf("ReadText(%q) = %v", in, ok)
		}
	}
}
