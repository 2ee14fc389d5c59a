package people

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/bonafides-dev/bonafides/internal/kdf"
)

// Costs are those of argon2id (RFC 9106 section 3.1). Memory is in KiB.
type Costs struct {
	Memory  uint32
	Passes  uint32
	Threads uint8
}

// DefaultCosts are OWASP's first choice for argon2id: 19 MiB, two passes, one
// lane, some 20 ms of one core.
var DefaultCosts = Costs{Memory: 19 * 1024, Passes: 2, Threads: 1}

const (
	saltSize = 16 // bytes; RFC 9106 section 3.1
	hashSize = 32 // bytes
)

var errBadHash = errors.New("people: stored password hash is not a PHC string of argon2id")

// hasher makes and checks password hashes. Who calls it sees to it that not too many
// do at once: each takes the memory of its costs (People.worked).
type hasher struct {
	params Costs
	secret []byte // what chooses the costs of whoever has no account

	mu    sync.Mutex
	inUse []Costs // the present ones, and others that stored hashes were met with
}

// mostInUse bounds the costs that are remembered: nobody changes them that often.
const mostInUse = 4

func newHasher(p Costs, secret []byte) *hasher {
	return &hasher{params: p, secret: secret, inUse: []Costs{p}}
}

// met remembers the costs of a stored hash.
func (h *hasher) met(p Costs) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Contains(h.inUse, p) && len(h.inUse) < mostInUse {
		h.inUse = append(h.inUse, p)
	}
}

// pretend are the costs of an account that is not there: one of those in use, always
// the same for one name. Where costs were changed, accounts that did not sign in since
// have the old ones, and a name that took the new ones could be told from them.
func (h *hasher) pretend(name string) Costs {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.inUse[int(kdf.MAC(h.secret, []byte(name))[0])%len(h.inUse)]
}

// key derives a key of hashSize bytes.
func (p Costs) key(secret, salt []byte) []byte {
	return argon2.IDKey(secret, salt, p.Passes, p.Memory, p.Threads, hashSize)
}

// normal is the one form of a password in which it is measured and hashed: the same
// letters are other bytes where they are typed on another machine. RFC 8265 section
// 4.2.1 wants NFC.
func normal(password string) string { return norm.NFC.String(password) }

// hash returns a PHC string with a fresh salt.
func (h *hasher) hash(password string) string {
	salt := make([]byte, saltSize)
	rand.Read(salt) // never fails (crypto/rand)
	key := h.params.key([]byte(normal(password)), salt)
	p, b64 := h.params, base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		p.Memory, p.Passes, p.Threads, b64.EncodeToString(salt), b64.EncodeToString(key))
}

// verify says whether password is the one that phc was made of, and whether phc
// should be made again because the parameters, or the form of what is hashed, have
// changed since. An empty phc
// stands for an account without a password or no account: it costs the same
// time as one of that name would and is never right.
func (h *hasher) verify(name, password, phc string) (ok, outdated bool, err error) {
	known := phc != ""
	p, salt, want := h.pretend(name), make([]byte, saltSize), make([]byte, hashSize)
	if known {
		if p, salt, want, err = parsePHC(phc); err != nil {
			return false, false, err
		}
		h.met(p)
	}
	right := func(typed string) bool {
		return subtle.ConstantTimeCompare(p.key([]byte(typed), salt), want) == 1 && known
	}
	one := normal(password)
	if right(one) {
		return true, p != h.params, nil
	}
	// Hashes were made of what was typed, before there was the one form.
	if one != password && right(password) {
		return true, true, nil
	}
	return false, false, nil
}

// parsePHC reads exactly what hash writes. The bounds keep a damaged row from
// costing gigabytes.
func parsePHC(s string) (p Costs, salt, key []byte, err error) {
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
	p = Costs{Memory: uint32(n[0]), Passes: uint32(n[1]), Threads: uint8(n[2])}
	b64 := base64.RawStdEncoding.Strict()
	salt, err1 := b64.DecodeString(f[4])
	key, err2 := b64.DecodeString(f[5])
	if err1 != nil || err2 != nil || len(salt) < 8 || len(key) != hashSize {
		return p, nil, nil, errBadHash
	}
	return p, salt, key, nil
}
