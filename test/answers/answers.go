// Package answers holds what an issuer answers over HTTP, as readable scripts:
// the native issuer and the Worker must both give exactly these answers. Bodies
// and headers are equal byte for byte; where they cannot be (a proof is random, a
// record holds the hour), the script has a placeholder, and what stands there is
// verified with the issuer's keys.
//
// A script is a text file of exchanges:
//
//	# issuer: main
//	# A token works once.
//	> POST /redeem
//	> Sec-Private-State-Token: {{redeem a}}
//	> Sec-Private-State-Token-Crypto-Version: PrivateStateTokenV1VOPRF
//	< 200
//	< Content-Type: application/json
//	< ...
//	<
//	< {"redeemed":true}
//
// Lines with ">" are the request: method and path, header fields, and after an
// empty one the body. Lines with "<" are the answer in the same way; with a body
// of JSON the line feed at its end is written {{lf}}. All header fields of the
// answer that mean something stand in the script (see judged); one that is
// missing there must be missing in the answer. Placeholders are in make.go and
// judge.go. The issuer that the script talks to is one of those in issuers.go.
package answers

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/pst"
)

//go:embed scripts/*.txt
var files embed.FS

// A Script is one file.
type Script struct {
	Name   string // of the file
	Issuer string // the name of the issuer that it talks to
	steps  []step
}

type step struct {
	line          int // where it begins
	method, path  string
	header        []field
	body          string
	status        int
	answer        []field
	answerBody    string
	hasAnswerBody bool
}

type field struct{ name, value string }

// All reads the scripts, sorted by name.
func All() ([]Script, error) {
	list, err := files.ReadDir("scripts")
	if err != nil {
		return nil, err
	}
	var all []Script
	for _, entry := range list {
		text, err := files.ReadFile("scripts/" + entry.Name())
		if err != nil {
			return nil, err
		}
		s, err := parse(entry.Name(), string(text))
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func parse(name, text string) (Script, error) {
	s := Script{Name: strings.TrimSuffix(name, ".txt")}
	var e *step
	inBody, inAnswer := false, false
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		bad := func(what string) error { return fmt.Errorf("%s:%d: %s", name, i+1, what) }
		switch {
		case line == "":
		case strings.HasPrefix(line, "#"):
			if v, ok := strings.CutPrefix(line, "# issuer: "); ok {
				s.Issuer = v
			}
		case line[0] == '>':
			rest := strings.TrimPrefix(strings.TrimPrefix(line, ">"), " ")
			if e == nil || inAnswer {
				s.steps = append(s.steps, step{line: i + 1})
				e, inAnswer, inBody = &s.steps[len(s.steps)-1], false, false
				var ok bool
				if e.method, e.path, ok = strings.Cut(rest, " "); !ok || !strings.HasPrefix(e.path, "/") {
					return s, bad("a request begins with METHOD /path")
				}
				continue
			}
			if err := read(rest, &inBody, &e.header, &e.body, nil); err != nil {
				return s, bad(err.Error())
			}
		case line[0] == '<' && e != nil:
			rest := strings.TrimPrefix(strings.TrimPrefix(line, "<"), " ")
			if !inAnswer {
				inAnswer, inBody = true, false
				var err error
				if e.status, err = strconv.Atoi(rest); err != nil {
					return s, bad("an answer begins with a status")
				}
				continue
			}
			if err := read(rest, &inBody, &e.answer, &e.answerBody, &e.hasAnswerBody); err != nil {
				return s, bad(err.Error())
			}
		default:
			return s, bad("neither a comment, nor a request (>), nor an answer (<)")
		}
	}
	if s.Issuer == "" || len(s.steps) == 0 || !inAnswer {
		return s, fmt.Errorf("%s: no issuer, no exchange, or the last one has no answer", name)
	}
	return s, nil
}

// read takes a line of a message after its first.
func read(rest string, inBody *bool, header *[]field, body *string, has *bool) error {
	switch {
	case *inBody:
		*body += rest
	case rest == "":
		*inBody = true
		if has != nil {
			*has = true
		}
	default:
		name, value, ok := strings.Cut(rest, ":")
		if !ok {
			return errors.New("a header field without a colon")
		}
		*header = append(*header, field{name, strings.TrimPrefix(value, " ")})
	}
	return nil
}

// judged are the header fields of an answer that a script must have if the
// answer has them, and the other way round. The rest (Date, Content-Length and
// what a front adds) is not the issuer's.
var judged = []string{
	"Access-Control-Allow-Credentials", "Access-Control-Allow-Headers", "Access-Control-Allow-Methods", "Access-Control-Allow-Origin",
	"Access-Control-Expose-Headers", "Access-Control-Max-Age", "Allow", "Cache-Control", "Content-Encoding", "Content-Type", "ETag", "Location",
	"Private-State-Token", "Private-State-Token-Lifetime", "Retry-After", "Sec-Private-State-Token", "Sec-Private-State-Token-Lifetime",
	"Set-Cookie", "Vary", "Www-Authenticate", "X-Content-Type-Options",
}

// Run plays the script against the issuer at this URL and returns how many
// answers it compared. The error has every difference.
func (s Script) Run(client *http.Client, url string, now func() time.Time) (answers int, err error) {
	p := &player{client: client, url: url, now: now, tokens: map[string][]byte{}, proofs: map[string]string{}}
	var all []error
	for _, e := range s.steps {
		if err := p.play(e); err != nil {
			all = append(all, fmt.Errorf("%s.txt:%d: %s %s: %w", s.Name, e.line, e.method, e.path, err))
		}
		answers++
	}
	return answers, errors.Join(all...)
}

// player plays one script; tokens that one exchange gets may be spent in a later
// one.
type player struct {
	client *http.Client
	url    string
	now    func() time.Time
	asked  []*pst.Pending    // issuances that have not been answered yet
	tokens map[string][]byte // by name
	proofs map[string]string // solved challenges, by name
}

func (p *player) play(e step) error {
	body, err := p.fill(e.body)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(e.method, p.url+e.path, strings.NewReader(body))
	if err != nil {
		return err
	}
	if body == "" {
		req.Body, req.ContentLength = nil, 0
	}
	for _, f := range e.header {
		value, err := p.fill(f.value)
		if err != nil {
			return err
		}
		req.Header.Add(f.name, value)
	}
	client := *p.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	// A server that refuses a body for its size may close before all of it is written, and
	// the client then finds that sooner than the answer. Nothing happened: ask again.
	for try := 0; err != nil && e.status == http.StatusRequestEntityTooLarge && try < 10; try++ {
		req.Body = io.NopCloser(strings.NewReader(body))
		resp, err = client.Do(req)
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	return errors.Join(p.compare(e, resp, got)...)
}

func (p *player) compare(e step, resp *http.Response, got []byte) (wrong []error) {
	if resp.StatusCode != e.status {
		return []error{fmt.Errorf("status %d, want %d: %s", resp.StatusCode, e.status, bytes.TrimSpace(got))}
	}
	want := map[string][]string{}
	for _, f := range e.answer {
		name := http.CanonicalHeaderKey(f.name)
		if !slices.ContainsFunc(judged, func(j string) bool { return http.CanonicalHeaderKey(j) == name }) {
			wrong = append(wrong, fmt.Errorf("the script has %s, which is not judged", f.name))
		}
		want[name] = append(want[name], f.value)
	}
	for _, name := range judged {
		name = http.CanonicalHeaderKey(name)
		values := resp.Header.Values(name)
		if len(values) != len(want[name]) {
			wrong = append(wrong, fmt.Errorf("%s is %q, want %q", name, values, want[name]))
			continue
		}
		for i, v := range values {
			if err := p.match(want[name][i], v); err != nil {
				wrong = append(wrong, fmt.Errorf("%s: %w", name, err))
			}
		}
	}
	if err := p.match(e.answerBody, string(got)); err != nil {
		wrong = append(wrong, fmt.Errorf("body: %w", err))
	}
	return wrong
}
