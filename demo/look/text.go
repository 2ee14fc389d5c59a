package look

import (
	"strconv"
	"unicode"
	"unicode/utf8"

	kit "github.com/bonafides-dev/bonafides/internal/look"
)

func (p Props) title() string {
	if p.SiteName == "" || p.SiteName == p.Title {
		return p.Title
	}
	return p.Title + " · " + p.SiteName
}

// sentence gives s a capital letter.
func sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}

func (f Field) encoding() string {
	if f.Encoding == "" || f.Encoding == "text" {
		return ""
	}
	return ", as " + f.Encoding
}

func (f Field) tooltip() string {
	out := f.Name
	if f.Group != "" {
		out = f.Group + ": " + out
	}
	if f.Spec != "" {
		out += " (" + f.Spec + ")"
	}
	return out
}

func (o Outcome) state() kit.State {
	if o.State == "" {
		return kit.Idle
	}
	return o.State
}
