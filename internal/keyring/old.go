package keyring

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Read reads the text of a ring of this kind. old says that it has the form that was
// written before there were rings; see oldTokens, oldRecord, oldProvider and oldGate.
// Errors tell nothing of the keys.
func Read(kind Kind, text string) (r Ring, old bool, err error) {
	if strings.HasPrefix(text, first) {
		r, err = Parse(text)
		if err == nil && r.Kind != kind {
			err = errors.New("line 1: these are keys of kind " + string(r.Kind) + ", not " + string(kind))
		}
		return r, false, err
	}
	switch {
	case len(text) > MaxText:
		err = errors.New("the keys are longer than 64 KiB")
	case kind == Token:
		r, err = oldTokens(text)
	case kind == Record:
		r, err = oldRecord(text)
	case kind == Provider && strings.HasPrefix(strings.TrimSpace(text), "{"):
		r, err = oldProvider(text)
	case kind == Gate:
		r, err = oldGate(text)
	default:
		r, err = Parse(text)
		return r, false, err
	}
	if err == nil {
		err = r.check(true)
	}
	if err != nil {
		return Ring{}, true, err
	}
	return r, true, nil
}

const tokenKeySize = 52 // a 4-byte id and a scalar of P-384

// oldTokens reads words separated by white space, each "KEY,EXPIRY": the base64 of
// the key's bytes and a time. The first one signs. What a rotation has to know stood
// in comments:
//
//	# commitment 3, batch 10
//	# key 2 published 2027-02-25T10:00:00Z
func oldTokens(text string) (Ring, error) {
	r := Ring{Kind: Token}
	since := map[uint32]time.Time{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			r.oldComment(line, since)
			continue
		}
		for word := range strings.FieldsSeq(line) {
			k, err := oldToken(word)
			for _, before := range r.Keys {
				if err == nil && before.ID == k.ID {
					err = errors.New("an earlier key has the same id")
				}
			}
			if err != nil {
				return r, errors.New("token key " + strconv.Itoa(len(r.Keys)+1) + ": " + err.Error())
			}
			r.Keys = append(r.Keys, k)
		}
	}
	for i := range r.Keys {
		r.Keys[i].Published = since[r.Keys[i].ID]
	}
	Infer(r.Keys)
	return r, nil
}

func oldToken(word string) (Key, error) {
	text, expires, _ := strings.Cut(word, ",")
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return Key{}, errors.New("want KEY,EXPIRY with KEY the base64 of 52 bytes")
	}
	defer clear(b)
	if len(b) != tokenKeySize {
		return Key{}, errors.New("KEY is not 52 bytes: a 4-byte id and a scalar of P-384")
	}
	t, ok := readTime(expires)
	if !ok || !writable(t) {
		return Key{}, errors.New("EXPIRY is not a time like 2027-05-01T00:00:00Z")
	}
	return Key{ID: binary.BigEndian.Uint32(b), Expires: t, Text: text}, nil
}

// oldComment takes what a comment says of a rotation. Other comments say nothing: they
// stand in files and secrets that work, and a rotation asks for what it misses.
func (r *Ring) oldComment(line string, since map[uint32]time.Time) {
	words := strings.Fields(strings.ReplaceAll(line, ",", " "))
	if len(words) != 5 || words[0] != "#" {
		return
	}
	n, err := strconv.ParseUint(words[2], 10, 32)
	switch {
	case err != nil:
	case words[1] == "commitment" && words[3] == "batch":
		batch, err := strconv.ParseUint(words[4], 10, 16)
		if err == nil && n <= maxCommitment && batch <= maxBatch {
			r.Commitment, r.Batch = uint32(n), int(batch)
		}
	case words[1] == "key" && words[3] == "published":
		if at, ok := readTime(words[4]); ok && writable(at) {
			since[uint32(n)] = at
		}
	}
}

// oldRecord reads words separated by white space, each the base64 of 32 bytes: the
// seed of the key that signs, then public keys that signed before, the newest first.
// Until when one of those stays stood in a comment above it:
//
//	# published until 2027-02-25T10:00:00Z
func oldRecord(text string) (Ring, error) {
	r := Ring{Kind: Record}
	var until time.Time
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			until = time.Time{}
			if s, ok := strings.CutPrefix(line, "# published until "); ok {
				if t, ok := readTime(s); ok && writable(t) {
					until = t
				}
			}
			continue
		}
		for word := range strings.FieldsSeq(line) {
			b, err := base64.StdEncoding.Strict().DecodeString(word)
			clear(b)
			if err != nil || len(b) != 32 {
				return r, errors.New("record key " + strconv.Itoa(len(r.Keys)+1) + " is not the base64 of 32 bytes")
			}
			k := Key{State: Retired, Expires: until, Text: Public + word}
			if len(r.Keys) == 0 {
				k = Key{State: Current, Text: Seed + word}
			}
			r.Keys, until = append(r.Keys, k), time.Time{}
		}
	}
	for i := range r.Keys { // the newest has the highest id
		r.Keys[i].ID = uint32(len(r.Keys) - i)
	}
	return r, nil
}
