package answers

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// fill replaces the placeholders of a request:
//
//	{{issue N}}          a request for N tokens of key 1, fresh
//	{{redeem NAME ...}}  the redemption of the token with this name; one that no
//	                     exchange gave is made with the fixed keys. Words after it:
//	                     key=1, key=2, key=3 (expired), key=9 (unknown), key=forged
//	                     (of somebody else, claims id 1); origin=ORIGIN; cut=N bytes
//	                     missing at the end; more=N bytes too many; flip=N for one
//	                     bit of byte N turned
//	{{bytes HEX}}        these bytes in base64
//	{{text A N}}         N times the letter A
//	{{work}}             a solved challenge of this issuer; {{work NAME}} the same one
//	                     each time
//	{{document NAME}}    what issuers.go says
func (p *player) fill(s string) (string, error) {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "{{")
		b.WriteString(before)
		if !ok {
			return b.String(), nil
		}
		inner, after, ok := strings.Cut(rest, "}}")
		if !ok {
			return "", fmt.Errorf("{{%s has no end", rest)
		}
		made, err := p.make(strings.Fields(inner))
		if err != nil {
			return "", fmt.Errorf("{{%s}}: %w", inner, err)
		}
		b.WriteString(made)
		s = after
	}
}

func (p *player) make(words []string) (string, error) {
	if len(words) == 0 {
		return "", fmt.Errorf("is empty")
	}
	std := base64.StdEncoding.EncodeToString
	switch words[0] {
	case "issue":
		n, err := strconv.Atoi(words[1])
		if err != nil {
			return "", err
		}
		req, pending, err := pst.BeginAny(publicKeys(), n)
		if err != nil {
			return "", err
		}
		p.asked = append(p.asked, pending)
		return std(req.Bytes()), nil
	case "redeem":
		m, err := p.redemption(words[1], words[2:])
		return std(m), err
	case "bytes":
		m, err := hex.DecodeString(strings.Join(words[1:], ""))
		return std(m), err
	case "text":
		n, err := strconv.Atoi(words[2])
		return strings.Repeat(words[1], n), err
	case "work":
		if len(words) == 1 {
			return p.work()
		}
		if p.proofs[words[1]] == "" {
			proof, err := p.work()
			if err != nil {
				return "", err
			}
			p.proofs[words[1]] = proof
		}
		return p.proofs[words[1]], nil
	case "document":
		return documents()[words[1]], nil
	}
	return "", fmt.Errorf("no such placeholder")
}

// redemption makes a redeem request (or what is left of one).
func (p *player) redemption(name string, words []string) ([]byte, error) {
	r := pst.RedeemRequest{ClientData: pst.ClientData{RedeemingOrigin: "https://news.example", RedemptionTimestamp: 1_790_000_000}}
	key, cut, more, flip := "1", 0, 0, -1
	for _, w := range words {
		what, value, _ := strings.Cut(w, "=")
		n, err := strconv.Atoi(value)
		switch what {
		case "key":
			key, err = value, nil
		case "origin":
			r.ClientData.RedeemingOrigin, err = value, nil
		case "cut":
			cut = n
		case "more":
			more = n
		case "flip":
			flip = n
		default:
			return nil, fmt.Errorf("no such word: %s", what)
		}
		if err != nil {
			return nil, err
		}
	}
	token := p.tokens[name]
	if token == nil {
		var err error
		if token, err = mint(key); err != nil {
			return nil, err
		}
		p.tokens[name] = token
	}
	t, err := pst.ParseToken(token)
	if err != nil {
		return nil, err
	}
	r.Token = *t
	m := r.Bytes()
	if flip >= 0 {
		m[flip] ^= 1
	}
	return append(bytes.Clone(m[:len(m)-cut]), make([]byte, more)...), nil
}

// mint makes a token with one of the fixed keys.
func mint(key string) ([]byte, error) {
	k, ok := keys[key]
	if !ok {
		return nil, fmt.Errorf("no key %s", key)
	}
	req, pending, err := pst.Begin(k.PublicKey(), 1)
	if err != nil {
		return nil, err
	}
	resp, err := k.Issue(req, 1)
	if err != nil {
		return nil, err
	}
	tokens, err := pending.Finish(resp)
	if err != nil {
		return nil, err
	}
	return tokens[0].Bytes(), nil
}

// work fetches a challenge and solves it.
func (p *player) work() (string, error) {
	resp, err := p.client.Get(p.url + ChallengePath)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	var c struct {
		Challenge  string
		Difficulty int
		Expires    int64
	}
	if err := json.Unmarshal(b, &c); err != nil || resp.StatusCode != 200 {
		return "", fmt.Errorf("no challenge: %d %s", resp.StatusCode, b)
	}
	if c.Difficulty != workBits || time.Unix(c.Expires, 0).Before(p.now()) {
		return "", fmt.Errorf("a challenge of %d bits until %d", c.Difficulty, c.Expires)
	}
	for n := 0; ; n++ {
		proof := c.Challenge + "." + strconv.Itoa(n)
		if sha256.Sum256([]byte(proof))[0] == 0 { // workBits is 8
			return proof, nil
		}
	}
}
