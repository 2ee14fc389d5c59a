package rpserver

import (
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/bonafides-dev/bonafides/internal/kdf"
	"github.com/bonafides-dev/bonafides/internal/secret"
)

// Nonces and states are made without being kept: whoever asks for one costs no row.
// What is to be known of one stands in it, sealed. These are its bytes, which travel
// in base64url without padding:
//
//	 8  when it was made, in nanoseconds since 1970, big endian
//	16  random
//	16  browser: the first bytes of HMAC-SHA256(browser key, random || cookie)
//	32  seal: HMAC-SHA256(key of the label, origin || 0 || provider || 0 || all the rest)
//	..  of a state: the path to go on to, nothing for "/", "#" and its SHA-256 for a
//	    path of more than 301 bytes
//
// A nonce so has 96 characters, a state 512 at most. The origin is the relying
// party's and the provider the Name of the one that it goes to; the nonce of
// signin/nonce is for whichever the person picks, and names none. Each key is
// HKDF-SHA256 of a secret of Config.Secrets with no salt and "bonafides relying party
// v1 " and its label for info: another form of these bytes gets another number there,
// and is unknown to this one.
//
// The provider sees the nonce. The cookie of a browser is in it only behind a key
// that the provider has not and together with bytes that are new each time, so that
// two nonces of one browser have nothing in common.
type label string

const (
	labelNonce     label = "nonce"              // of signin/nonce
	labelCodeNonce label = "nonce of code flow" // goes to one provider, by redirect
	labelState     label = "state"
	labelLink      label = "state of linking"    // bound to the sign-in as well
	labelConfirm   label = "state of confirming" // the same
	labelSignOut   label = "state of sign-out"
	labelBrowser   label = "browser" // no text of its own: binds the others to a cookie
)

const (
	randomAt, browserAt, sealAt, pathAt = 8, 24, 40, 72

	maxSealed = 512 // characters
)

// sealKeys are what one secret is good for.
type sealKeys kdf.Keys[label]

func newSealKeys(given [][]byte) ([]sealKeys, error) {
	derived, err := kdf.Derive(given, "bonafides relying party v1 ", labelNonce, labelCodeNonce, labelState, labelLink, labelConfirm, labelSignOut, labelTokens, labelBrowser)
	if err != nil {
		return nil, fmt.Errorf("rpserver: %w", err)
	}
	all := make([]sealKeys, 0, len(derived))
	for _, keys := range derived {
		all = append(all, sealKeys(keys))
	}
	return all, nil
}

func (k sealKeys) browser(random []byte, browser string) []byte {
	return kdf.MAC(k[labelBrowser], random, []byte(browser))[:sealAt-browserAt]
}

func (k sealKeys) seal(f sealedFor, origin string, b []byte) []byte {
	return kdf.MAC(k[f.label], []byte(origin+"\x00"+f.provider+"\x00"), b[:sealAt], b[pathAt:])
}

// sealedFor is what a nonce or state is good for.
type sealedFor struct {
	label    label
	provider string // its Name, "" for whichever
}

// seal makes a nonce or a state for this browser.
func (rp *RP) seal(f sealedFor, browser, path string, now time.Time) string {
	keys := rp.keys[0]
	b := make([]byte, pathAt, pathAt+len(path))
	binary.BigEndian.PutUint64(b, uint64(now.UnixNano()))
	_, _ = rand.Read(b[randomAt:browserAt]) // never fails: it ends the program instead
	copy(b[browserAt:], keys.browser(b[randomAt:browserAt], browser))
	b = append(b, path...)
	copy(b[sealAt:], keys.seal(f, rp.origin, b))
	return base64.RawURLEncoding.EncodeToString(b)
}

// sealed is a nonce or a state that was made here.
type sealed struct {
	hash [32]byte // what a store keeps of it when it was used
	made time.Time
	path string

	keys            sealKeys
	random, browser []byte
}

// open reads a nonce or a state, if it was made here for this. Only one text gives
// the bytes that were sealed: a decoder that takes line ends or loose bits would
// let a used nonce look like a new one.
func (rp *RP) open(f sealedFor, text string) (*sealed, bool) {
	if len(text) > maxSealed {
		return nil, false
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) < pathAt || base64.RawURLEncoding.EncodeToString(b) != text {
		return nil, false
	}
	for _, keys := range rp.keys {
		if hmac.Equal(b[sealAt:pathAt], keys.seal(f, rp.origin, b)) {
			return &sealed{
				hash: secret.Hash(string(f.label) + " " + text),
				made: time.Unix(0, int64(binary.BigEndian.Uint64(b))),
				path: string(b[pathAt:]),
				keys: keys, random: b[randomAt:browserAt], browser: b[browserAt:sealAt],
			}, true
		}
	}
	return nil, false
}

// of tells whether this browser asked for it.
func (s *sealed) of(browser string) bool {
	return hmac.Equal(s.browser, s.keys.browser(s.random, browser))
}
