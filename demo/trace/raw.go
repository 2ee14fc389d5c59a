package trace

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/bonafides-dev/bonafides/demo/look"
)

// raw returns what the server received, and what a calling server got back:
// wire bytes, then the bytes inside their encodings.
func (m *message) raw(secrets bool) (in, out []byte) {
	header, uri, body := m.header, m.uri, m.body
	if !secrets {
		header, body = without(header), bodyWithout(header, body)
		if u, err := url.Parse(m.url()); err == nil {
			uri = u.RequestURI()
		}
	}
	var b strings.Builder
	b.WriteString(m.method + " " + uri + " HTTP/1.1\r\nHost: " + m.host + "\r\n")
	wireHeader(&b, header)
	b.Write(body)
	in = unwrapped([]byte(b.String()), header, uri, body)

	if m.from == look.Browser || m.from == "" {
		return in, nil // the browser is no server whose side has a panel
	}
	header, body = m.answerHeader, m.answer
	if !secrets {
		header, body = without(header), bodyWithout(header, body)
	}
	b.Reset()
	b.WriteString("HTTP/1.1 " + strconv.Itoa(m.status) + "\r\n")
	wireHeader(&b, header)
	b.Write(body)
	return in, unwrapped([]byte(b.String()), header, "", body)
}

// bodyWithout returns a body as it may be kept.
func bodyWithout(h http.Header, body []byte) []byte {
	switch t := mediaType(h); {
	case len(body) == 0:
		return nil
	case t == "application/x-www-form-urlencoded":
		v, err := url.ParseQuery(string(body))
		if err != nil {
			return nil
		}
		for name := range v {
			if secretName(name) {
				v[name] = []string{HeldBack}
			}
		}
		return []byte(v.Encode())
	case strings.HasSuffix(t, "json"):
		var v any
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		if d.Decode(&v) != nil {
			return nil
		}
		b, err := json.Marshal(withoutSecrets(v))
		if err != nil {
			return nil
		}
		return b
	case strings.HasPrefix(t, "multipart/"):
		return []byte(HeldBack)
	}
	return body
}

func withoutSecrets(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name := range v {
			if secretMember(name) {
				v[name] = HeldBack
			} else {
				v[name] = withoutSecrets(v[name])
			}
		}
	case []any:
		for i := range v {
			v[i] = withoutSecrets(v[i])
		}
	}
	return v
}

// unwrapped appends to wire what its encodings hide from a search: percent
// escapes, JSON escapes, base64 and the parts of a JWS, two layers deep.
func unwrapped(wire []byte, h http.Header, uri string, body []byte) []byte {
	out := wire
	seen := map[string]bool{}
	var layer func(s string, depth int)
	layer = func(s string, depth int) {
		if depth == 0 || s == "" || seen[s] || len(out) > 6*maxBody {
			return
		}
		seen[s] = true
		for _, word := range strings.FieldsFunc(s, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("+/-_=", r))
		}) {
			if b, ok := fromBase64(word); ok {
				out = append(append(out, '\n'), b...)
				layer(string(b), depth-1)
			}
		}
		var v any
		if json.Unmarshal([]byte(s), &v) == nil {
			texts(v, func(t string) {
				out = append(append(out, '\n'), t...)
				layer(t, depth-1)
			})
		}
		if strings.ContainsRune(s, '%') || strings.ContainsRune(s, '+') {
			if t, err := url.QueryUnescape(s); err == nil && t != s {
				out = append(append(out, '\n'), t...)
				layer(t, depth-1)
			}
		}
	}
	for _, values := range h {
		for _, v := range values {
			layer(v, 3)
		}
	}
	if _, query, ok := strings.Cut(uri, "?"); ok {
		layer(query, 3)
	}
	layer(string(body), 3)
	return bytes.Clone(out)
}

func texts(v any, yield func(string)) {
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			texts(e, yield)
		}
	case []any:
		for _, e := range v {
			texts(e, yield)
		}
	case string:
		yield(v)
	}
}

func fromBase64(s string) ([]byte, bool) {
	if len(s) < 16 {
		return nil, false
	}
	s = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(s), "=")
	b, err := base64.RawStdEncoding.DecodeString(s)
	return b, err == nil
}

// Search returns how many of the messages contain one of the values, each of
// which is looked for as text, and where it is hexadecimal also as the bytes
// that it stands for. Empty values are passed over.
func Search(messages [][]byte, values []string) int {
	var needles [][]byte
	for _, v := range values {
		if v == "" {
			continue
		}
		needles = append(needles, []byte(v))
		if b, err := hex.DecodeString(v); err == nil && len(b) >= 16 {
			needles = append(needles, b)
		}
	}
	found := 0
	for _, m := range messages {
		for _, n := range needles {
			if bytes.Contains(m, n) {
				found++
				break
			}
		}
	}
	return found
}
