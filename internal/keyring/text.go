package keyring

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Bounds of a text.
const (
	MaxText = 64 << 10 // bytes of all
	MaxKeys = 64
	maxKey  = 8 << 10 // bytes of one key's text: an RSA key of 4096 bits is half of it

	maxCommitment = 1<<31 - 1
	maxBatch      = 100 // tokens that one message can hold
)

// first is how a text of this form begins; no text of the first form does.
const first = "bonafides-keyring="

const version = "1"

// Text writes the ring, or says what is wrong with it. The text is the secret
// itself.
func (r Ring) Text() (string, error) {
	if err := r.Check(); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(first + version + " kind=" + string(r.Kind))
	if r.Commitment != 0 {
		b.WriteString(" commitment=" + number(r.Commitment))
	}
	if r.Batch != 0 {
		b.WriteString(" batch=" + strconv.Itoa(r.Batch))
	}
	b.WriteByte('\n')
	for _, k := range r.Keys {
		b.WriteString("id=" + number(k.ID) + " state=" + string(k.State))
		if !k.Published.IsZero() {
			b.WriteString(" published=" + stamp(k.Published))
		}
		if !k.Expires.IsZero() {
			b.WriteString(" expires=" + stamp(k.Expires))
		}
		b.WriteString(" key=" + k.Text + "\n")
	}
	return b.String(), nil
}

// Parse reads a text. Its errors name the line and nothing of what stands in it.
func Parse(text string) (Ring, error) {
	switch {
	case len(text) > MaxText:
		return Ring{}, errors.New("the key ring is longer than 64 KiB")
	case !strings.HasPrefix(text, first):
		return Ring{}, errors.New("line 1: this is no key ring: one begins with " + first + version)
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	r, err := parseHead(&fields{line: 1, left: strings.Split(lines[0], " ")})
	if err != nil {
		return Ring{}, err
	}
	for i, line := range lines[1:] {
		k, err := parseKey(&fields{line: i + 2, left: strings.Split(line, " ")})
		if err != nil {
			return Ring{}, err
		}
		r.Keys = append(r.Keys, k)
		if err := r.checkKey(len(r.Keys)-1, false); err != nil {
			return Ring{}, err
		}
	}
	return r, r.Check()
}

func parseHead(f *fields) (r Ring, err error) {
	if v, _ := f.take("bonafides-keyring"); v != version {
		return r, f.bad("this is a key ring of another version than " + version + ": a newer program wrote it")
	}
	kind, ok := f.take("kind")
	if r.Kind = Kind(kind); !ok || !r.Kind.known() {
		return r, f.bad("kind is none of token, record, provider and gate")
	}
	if v, ok := f.take("commitment"); ok {
		if r.Commitment, ok = parseNumber(v); !ok || r.Commitment < 1 || r.Commitment > maxCommitment {
			return r, f.bad("commitment is not a number from 1 to 2147483647")
		}
	}
	if v, ok := f.take("batch"); ok {
		n, ok := parseNumber(v)
		if !ok || n < 1 || n > maxBatch {
			return r, f.bad("batch is not a number from 1 to 100")
		}
		r.Batch = int(n)
	}
	return r, f.end()
}

func parseKey(f *fields) (k Key, err error) {
	id, _ := f.take("id")
	var ok bool
	if k.ID, ok = parseNumber(id); !ok {
		return k, f.bad("want id=NUMBER first, without zeros before it")
	}
	state, _ := f.take("state")
	if k.State = State(state); !k.State.kept() {
		return k, f.bad("want state=next, current or retired after the id")
	}
	for _, t := range []struct {
		name string
		to   *time.Time
	}{{"published", &k.Published}, {"expires", &k.Expires}} {
		if v, ok := f.take(t.name); ok {
			if *t.to, ok = parseTime(v); !ok {
				return k, f.bad(t.name + " is not a time in UTC like 2027-05-01T00:00:00Z")
			}
		}
	}
	if k.Text, ok = f.take("key"); !ok {
		if err := f.end(); err != nil {
			return k, err
		}
		return k, f.bad("the field key is missing")
	}
	return k, f.end()
}

// parseNumber reads a number as number writes it.
func parseNumber(s string) (uint32, bool) {
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err == nil && number(uint32(n)) == s
}

// parseTime reads a time as stamp writes it.
func parseTime(s string) (time.Time, bool) {
	t, ok := readTime(s)
	return t, ok && stamp(t) == s
}

// fields are the fields of a line that are not read yet.
type fields struct {
	line int
	left []string
}

func (f *fields) bad(what string) error { return bad(f.line, what) }

func bad(line int, what string) error {
	return errors.New("line " + strconv.Itoa(line) + ": " + what)
}

// take reads the next field if it has this name.
func (f *fields) take(name string) (value string, ok bool) {
	if len(f.left) == 0 {
		return "", false
	}
	if value, ok = strings.CutPrefix(f.left[0], name+"="); ok {
		f.left = f.left[1:]
	}
	return value, ok
}

// end refuses what is left.
func (f *fields) end() error {
	if len(f.left) == 0 {
		return nil
	}
	name, _, ok := strings.Cut(f.left[0], "=")
	switch {
	case !ok:
		return f.bad("want fields like name=value with one space between them, and nothing else")
	case strings.Contains(" bonafides-keyring kind commitment batch id state published expires key ", " "+name+" "):
		return f.bad("the field " + name + " stands there twice, or in the wrong place")
	}
	return f.bad("there is a field that nobody knows")
}
