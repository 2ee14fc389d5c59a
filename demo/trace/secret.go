package trace

import (
	"net/http"
	"sort"
	"strconv"
	"strings"
)

// secretName reports whether a form field, query parameter, header or JSON
// member of this name carries something that must not be shown: whoever reads
// it could act as that person.
func secretName(name string) bool {
	n := strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name))
	switch n {
	case "password", "newpassword", "currentpassword", "passwd", "code", "mailcode", "otp",
		"csrf", "csrftoken", "session", "sessionid", "sid", "secret", "clientsecret",
		"authorization", "proxyauthorization", "cookie", "setcookie",
		"accesstoken", "refreshtoken", "codeverifier":
		return true
	}
	return strings.Contains(n, "password") || strings.Contains(n, "secret")
}

// heldBack is a field that only says how long the secret is.
func heldBack(group, name string, size int, help string) Field {
	return Field{Group: group, Name: name, Value: HeldBack, Encoding: "text", Size: size, Secret: true, Help: help}
}

// secretMember is secretName for the members of JSON, where "code" is the code
// of an error (RFC 9457 problem details, FedCM's error object).
func secretMember(name string) bool { return name != "code" && secretName(name) }

// cookieFields lists the cookies of a request by name, without their values.
func cookieFields(h http.Header) []Field {
	var out []Field
	for _, line := range h["Cookie"] {
		for _, pair := range strings.Split(line, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			if name == "" {
				continue
			}
			out = append(out, heldBack("Cookies", name, len(value),
				"A cookie that this server set earlier in this browser. Its value could be used to act as this person, so it is not shown."))
		}
	}
	return out
}

// setCookieFields lists what an answer stores in the browser: name and
// attributes, never the value.
func setCookieFields(h http.Header) []Field {
	var out []Field
	for _, line := range h["Set-Cookie"] {
		pair, attributes, _ := strings.Cut(line, ";")
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		f := heldBack("Set-Cookie", name, len(value), "Attributes:"+attributes+". The value is not shown.")
		f.Spec = "RFC 6265 section 4.1"
		out = append(out, f)
	}
	return out
}

// without returns a copy of a header as it may be kept: cookies and
// authorization lose their values.
func without(h http.Header) http.Header {
	out := http.Header{}
	for name, values := range h {
		for _, v := range values {
			switch {
			case name == "Cookie" || name == "Set-Cookie":
				var kept []string
				for i, pair := range strings.Split(v, ";") {
					cookieName, _, has := strings.Cut(pair, "=")
					if has && (name == "Cookie" || i == 0) {
						pair = cookieName + "=[" + HeldBack + "]"
					}
					kept = append(kept, pair)
				}
				v = strings.Join(kept, ";")
			case secretName(name):
				v = "[" + HeldBack + "]"
			}
			out.Add(name, v)
		}
	}
	return out
}

// wireHeader writes a header as it looked on the wire, in a fixed order.
func wireHeader(b *strings.Builder, h http.Header) {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		for _, v := range h[name] {
			b.WriteString(name + ": " + v + "\r\n")
		}
	}
	b.WriteString("\r\n")
}

func sizeNote(n int) string { return strconv.Itoa(n) + " bytes" }
