package idpserver

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// argonParams are the costs of argon2id (RFC 9106 section 3.1). Memory is in
// KiB.
type argonParams struct {
	memory  uint32
	passes  uint32
	threads uint8
}

// The default is OWASP's first choice for argon2id: 19 MiB, two passes, one
// lane, some 20 ms of one core.
var defaultArgon = argonParams{memory: 19 * 1024, passes: 2, threads: 1}

const (
	saltSize = 16 // bytes; RFC 9106 section 3.1
	hashSize = 32 // bytes
)

var errBadHash = errors.New("idpserver: stored password hash is not a PHC string of argon2id")

// hasher makes and checks password hashes. At most a fixed number run at once,
// so that a burst of sign-ins cannot take all memory.
type hasher struct {
	params argonParams
	slots  chan struct{}
	dummy  string // checked when there is no account, so that the answer takes as long
}

func newHasher(p argonParams) (*hasher, error) {
	h := &hasher{params: p, slots: make(chan struct{}, max(2, runtime.GOMAXPROCS(0)))}
	var err error
	h.dummy, err = h.hash(context.Background(), rand.Text())
	return h, err
}

// key derives a key of hashSize bytes, waiting for a slot.
func (h *hasher) key(ctx context.Context, secret, salt []byte, p argonParams) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey(secret, salt, p.passes, p.memory, p.threads, hashSize), nil
}

// hash returns a PHC string with a fresh salt.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltSize)
	rand.Read(salt) // never fails (crypto/rand)
	key, err := h.key(ctx, []byte(password), salt, h.params)
	if err != nil {
		return "", err
	}
	p, b64 := h.params, base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		p.memory, p.passes, p.threads, b64.EncodeToString(salt), b64.EncodeToString(key)), nil
}

// verify says whether password is the one that phc was made of, and whether phc
// should be made again because the parameters have changed since. An empty phc
// stands for an account without a password or no account: it costs the same
// time and is never right.
func (h *hasher) verify(ctx context.Context, password, phc string) (ok, outdated bool, err error) {
	known := phc != ""
	if !known {
		phc = h.dummy
	}
	p, salt, want, err := parsePHC(phc)
	if err != nil {
		return false, false, err
	}
	got, err := h.key(ctx, []byte(password), salt, p)
	if err != nil {
		return false, false, err
	}
	ok = subtle.ConstantTimeCompare(got, want) == 1 && known
	return ok, ok && p != h.params, nil
}

// parsePHC reads exactly what hash writes. The bounds keep a damaged row from
// costing gigabytes.
func parsePHC(s string) (p argonParams, salt, key []byte, err error) {
	f := strings.Split(s, "$")
	if len(f) != 6 || f[0] != "" || f[1] != "argon2id" || f[2] != "v="+strconv.Itoa(argon2.Version) {
		return p, nil, nil, errBadHash
	}
	costs := strings.Split(f[3], ",")
	if len(costs) != 3 {
		return p, nil, nil, errBadHash
	}
	var n [3]uint64
	for i, limit := range []struct {
		name string
		max  uint64
	}{{"m=", 1 << 20}, {"t=", 16}, {"p=", 16}} {
		digits, found := strings.CutPrefix(costs[i], limit.name)
		n[i], err = strconv.ParseUint(digits, 10, 32)
		if !found || err != nil || n[i] == 0 || n[i] > limit.max || strconv.FormatUint(n[i], 10) != digits {
			return p, nil, nil, errBadHash
		}
	}
	p = argonParams{memory: uint32(n[0]), passes: uint32(n[1]), threads: uint8(n[2])}
	b64 := base64.RawStdEncoding.Strict()
	salt, err1 := b64.DecodeString(f[4])
	key, err2 := b64.DecodeString(f[5])
	if err1 != nil || err2 != nil || len(salt) < 8 || len(key) != hashSize {
		return p, nil, nil, errBadHash
	}
	return p, salt, key, nil
}
