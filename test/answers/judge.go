package answers

import (
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// placeholders of an answer:
//
//	{{tokens N NAME ...}}  N tokens signed with key 1, which verify as the answer to
//	                       the {{issue}} before; names are for later redemptions
//	{{record WORDS}}       a redemption record that verifies, with via=native or
//	                       via=polyfill, origin=ORIGIN, key=ID
//	{{seconds}}            the rest of a record's life
//	{{unix}}               a time of the next day in Unix seconds
//	{{challenge}}          a challenge of the proof of work
//	{{lf}}                 a line feed
//	{{document NAME}}      what issuers.go says
var inAnswer = regexp.MustCompile(`\{\{([^}]*)\}\}`)

// match compares what came with what the script wants.
func (p *player) match(want, got string) error {
	want = strings.ReplaceAll(want, "{{lf}}", "\n")
	places := inAnswer.FindAllStringSubmatchIndex(want, -1)
	if places == nil {
		if want != got {
			return fmt.Errorf("\n    got  %q\n    want %q", got, want)
		}
		return nil
	}
	// Every placeholder matches anything at first; then it is judged.
	pattern, at := `^`, 0
	var what []string
	for _, m := range places {
		pattern += regexp.QuoteMeta(want[at:m[0]]) + `(.*?)`
		what = append(what, want[m[2]:m[3]])
		at = m[1]
	}
	found := regexp.MustCompile(`(?s)` + pattern + regexp.QuoteMeta(want[at:]) + `$`).FindStringSubmatch(got)
	if found == nil {
		return fmt.Errorf("\n    got  %q\n    want %q", got, want)
	}
	for i, w := range what {
		if err := p.judge(strings.Fields(w), found[i+1]); err != nil {
			return fmt.Errorf("{{%s}} is %q: %w", w, found[i+1], err)
		}
	}
	return nil
}

func (p *player) judge(words []string, got string) error {
	if len(words) == 0 {
		return errors.New("an empty placeholder")
	}
	now := p.now()
	switch words[0] {
	case "tokens":
		return p.finish(words[1:], got)
	case "record":
		return judgeRecord(words[1:], got, now)
	case "seconds":
		n, err := strconv.Atoi(got)
		if err != nil || n < 1 || n > int(recordLifetime/time.Second) {
			return errors.New("not the rest of a record's life")
		}
		return nil
	case "unix":
		n, err := strconv.ParseInt(got, 10, 64)
		if left := time.Unix(n, 0).Sub(now); err != nil || left < 0 || left > 24*time.Hour {
			return errors.New("no time of the next day")
		}
		return nil
	case "challenge":
		b, err := base64.RawURLEncoding.Strict().DecodeString(got)
		if err != nil || len(b) != 58 || b[0] != 1 || b[1] != workBits {
			return errors.New("no challenge")
		}
		return nil
	case "document":
		want, ok := documents()[words[1]]
		if !ok || got != want {
			return fmt.Errorf("want %q", want)
		}
		return nil
	}
	return errors.New("no such placeholder")
}

// finish does what the client does with the issuer's answer.
func (p *player) finish(words []string, got string) error {
	n, err := strconv.Atoi(words[0])
	if err != nil {
		return err
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(got)
	if err != nil {
		return err
	}
	resp, err := pst.ParseIssueResponse(raw)
	if err != nil {
		return err
	}
	if len(p.asked) == 0 {
		return errors.New("no tokens were asked for")
	}
	last := p.asked[len(p.asked)-1]
	tokens, err := last.Finish(resp)
	if err != nil {
		return err
	}
	if len(tokens) != n || resp.KeyID() != 1 {
		return fmt.Errorf("%d tokens of key %d, want %d of key 1", len(tokens), resp.KeyID(), n)
	}
	for i, name := range words[1:] {
		p.tokens[name] = tokens[i].Bytes()
	}
	return nil
}

func judgeRecord(words []string, got string, now time.Time) error {
	set, err := jws.ParseKeySet([]byte(documents()["record-keys"]))
	if err != nil {
		return err
	}
	r, err := pst.JudgeRecord(got, set, Origin, now)
	if err != nil {
		return err
	}
	for _, w := range words {
		what, value, _ := strings.Cut(w, "=")
		is := map[string]string{"via": r.Via, "origin": r.Origin, "key": strconv.FormatUint(uint64(r.KeyID), 10)}[what]
		if is != value {
			return fmt.Errorf("its %s is %q", what, is)
		}
	}
	if r.ID != "" || r.Expiry-r.IssuedAt != int64(recordLifetime/time.Second) {
		return fmt.Errorf("its id is %q, its life %d s", r.ID, r.Expiry-r.IssuedAt)
	}
	return nil
}
