package keyring

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
)

// oldProvider reads one private JWK (RFC 7517), with or without white space between
// its members: the key that signs.
func oldProvider(text string) (Ring, error) {
	var b strings.Builder
	inside, escaped := false, false // a JSON string, and behind a backslash there
	for i := range len(text) {
		c := text[i]
		if !inside && (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
			continue
		}
		inside = inside != (c == '"' && !escaped)
		escaped = inside && c == '\\' && !escaped
		b.WriteByte(c)
	}
	return Ring{Kind: Provider, Keys: []Key{{ID: 1, State: Current, Text: b.String()}}}, nil
}

const maxOldGate = 6

// oldGate reads words separated by white space, each the base64 of 32 bytes: the key
// that signs, then keys that are published too. Lines that begin with # are comments.
// An operator who had two was about to change their places, so they come next.
func oldGate(text string) (Ring, error) {
	r := Ring{Kind: Gate}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for word := range strings.FieldsSeq(line) {
			b, err := base64.StdEncoding.Strict().DecodeString(word)
			clear(b)
			if err != nil || len(b) != GateKeySize {
				return r, errors.New("gate key " + strconv.Itoa(len(r.Keys)+1) + " is not the base64 of 32 bytes")
			}
			k := Key{ID: uint32(len(r.Keys) + 1), State: Next, Text: Seed + word}
			if len(r.Keys) == 0 {
				k.State = Current
			}
			for i, before := range r.Keys {
				if before.Text == k.Text {
					return r, errors.New("gate key " + number(k.ID) + " is the same as key " + strconv.Itoa(i+1))
				}
			}
			r.Keys = append(r.Keys, k)
		}
	}
	if len(r.Keys) > maxOldGate {
		return r, errors.New("there are more than 6 gate keys")
	}
	return r, nil
}
