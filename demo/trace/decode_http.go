package trace

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

const maxText = 4 << 10 // longest text shown whole

// requestHeaders shows the headers that say who asks and from where. The rest
// is in the browser's DevTools.
func (m *message) requestHeaders() []Field {
	out := cookieFields(m.header)
	if len(out) == 0 {
		out = append(out, Field{Group: "Cookies", Name: "none", Value: "no cookie came with this request", Encoding: "text",
			Help: "Without a cookie the server cannot tell which of its visitors this is.", Unlinkable: true})
	}
	show := []struct{ name, spec, help string }{
		{"User-Agent", "RFC 9110 section 10.1.5", "The browser's name, sent to every server. Tokens do not hide it."},
		{"Origin", "RFC 6454 section 7", "The site whose page asked, as the browser states it. Pages cannot forge it."},
		{"Referer", "RFC 9110 section 10.1.3", "The page that asked, cut to its origin when it goes to another site."},
		{"Sec-Fetch-Dest", "Fetch Metadata section 2.1", "What the browser wants the answer for. Pages cannot forge it."},
		{"Sec-Fetch-Mode", "Fetch Metadata section 2.2", "How the browser makes the request."},
		{"Sec-Fetch-Site", "Fetch Metadata section 2.3", "How the asking page and this server are related."},
		{"Content-Type", "RFC 9110 section 8.3", "The format of the body."},
	}
	for _, s := range show {
		for _, v := range m.header.Values(s.name) {
			f := textField("Headers", s.name, v, s.help)
			f.Spec = s.spec
			out = append(out, f)
		}
	}
	return append(out, Field{Group: "Connection", Name: "remote address", Value: hostOnly(m.remote), Encoding: "text",
		Help: "Every server sees the address that it answers to. Tokens do not hide it."})
}

func (m *message) answerHeaders() []Field {
	out := append(setCookieFields(m.answerHeader), Field{Group: "Headers", Name: "status",
		Value: strconv.Itoa(m.status) + " " + http.StatusText(m.status), Encoding: "text", Spec: "RFC 9110 section 15"})
	for _, s := range []struct{ name, spec, help string }{
		{"Content-Type", "RFC 9110 section 8.3", "The format of the body."},
		{"Location", "RFC 9110 section 10.2.2", "Where the browser is sent."},
		{"Set-Login", "Login Status API", "Tells the browser whether somebody is signed in at this provider."},
		{"Access-Control-Allow-Origin", "Fetch: CORS protocol", "The one origin whose page may read the answer."},
		{"Access-Control-Allow-Credentials", "Fetch: CORS protocol", "The answer may be read although cookies were sent."},
	} {
		for _, v := range m.answerHeader.Values(s.name) {
			f := textField("Headers", s.name, safeURL(v), s.help)
			f.Spec = s.spec
			out = append(out, f)
		}
	}
	return out
}

// safeURL holds back secrets in the query of an address; other text is
// returned as it is.
func safeURL(v string) string {
	u, err := url.Parse(v)
	if err != nil || u.RawQuery == "" {
		return v
	}
	m := message{uri: u.RequestURI()}
	if at := strings.IndexByte(m.url(), '?'); at >= 0 {
		u.RawQuery = m.url()[at+1:]
	}
	return u.String()
}

// bodyFields shows a body of no known protocol: form, JSON or text.
func bodyFields(h http.Header, body []byte, size int) []Field {
	if size == 0 {
		return nil
	}
	t := mediaType(h)
	switch {
	case size > len(body):
		return []Field{{Group: "Body", Name: "body", Value: "too long to keep", Encoding: "text", Size: size}}
	case t == "application/x-www-form-urlencoded":
		if v, err := url.ParseQuery(string(body)); err == nil {
			return formFields("Form", v)
		}
	case strings.HasSuffix(t, "json") || t == "application/pst-issuer-directory":
		if f, ok := jsonFields("JSON", body); ok {
			return f
		}
	case t == "text/html":
		return []Field{{Group: "Body", Name: "page", Value: "HTML, " + sizeNote(size), Encoding: "text", Size: size}}
	case strings.HasPrefix(t, "text/plain") && utf8.Valid(body):
		return []Field{textField("Body", "text", string(body), "")}
	}
	return []Field{{Group: "Body", Name: "body", Value: sizeNote(size) + " of " + orUnknown(t), Encoding: "text", Size: size}}
}

func orUnknown(t string) string {
	if t == "" {
		return "no stated type"
	}
	return t
}

func formFields(group string, v url.Values) []Field {
	names := make([]string, 0, len(v))
	for name := range v {
		names = append(names, name)
	}
	sort.Strings(names)
	var out []Field
	for _, name := range names {
		for _, value := range v[name] {
			if secretName(name) {
				out = append(out, heldBack(group, name, len(value), "Only this server may read it."))
				continue
			}
			out = append(out, textField(group, name, value, ""))
		}
	}
	return out
}

// jsonFields shows the members of a small JSON object or array, nested ones by
// path ("accounts[0].email").
func jsonFields(group string, body []byte) ([]Field, bool) {
	if len(body) > maxBody {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil, false
	}
	var out []Field
	flatten(group, "", v, &out)
	return out, true
}

func flatten(group, at string, v any, out *[]Field) {
	if len(*out) >= 200 {
		return
	}
	name := at
	if name == "" {
		name = "value"
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	if secretMember(last) {
		*out = append(*out, heldBack(group, name, 0, "Only the receiver may read it."))
		return
	}
	switch v := v.(type) {
	case map[string]any:
		names := make([]string, 0, len(v))
		for n := range v {
			names = append(names, n)
		}
		sort.Strings(names)
		for _, n := range names {
			child := n
			if at != "" {
				child = at + "." + n
			}
			flatten(group, child, v[n], out)
		}
	case []any:
		for i, e := range v {
			flatten(group, at+"["+strconv.Itoa(i)+"]", e, out)
		}
	case string:
		*out = append(*out, textField(group, name, v, ""))
	case json.Number:
		*out = append(*out, Field{Group: group, Name: name, Value: v.String(), Encoding: "decimal", Size: len(v)})
	case bool:
		*out = append(*out, Field{Group: group, Name: name, Value: strconv.FormatBool(v), Encoding: "JSON", Size: 4})
	case nil:
		*out = append(*out, Field{Group: group, Name: name, Value: "null", Encoding: "JSON", Size: 4})
	}
}

func textField(group, name, value, help string) Field {
	size := len(value)
	if len(value) > maxText {
		value = strings.ToValidUTF8(value[:maxText], "") + "…"
	}
	return Field{Group: group, Name: name, Value: value, Encoding: "text", Size: size, Help: help}
}

func hostOnly(remote string) string {
	if i := strings.LastIndexByte(remote, ':'); i > 0 {
		return strings.Trim(remote[:i], "[]")
	}
	return remote
}
