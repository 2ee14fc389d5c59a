package issuer

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math/bits"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
)

// ProofOfWork is a Policy that grants tokens for a solved puzzle. It is rate
// control, not proof of humanity: it says that some machine spent about
// 2^Difficulty SHA-256 hashes, which an attacker's machine does as gladly as a
// visitor's.
//
// The page fetches a challenge (ServeHTTP), finds a number such that
//
//	SHA-256(challenge "." number)
//
// begins with Difficulty zero bits, and sends "challenge.number" in the
// ProofHeader with its token-request. A challenge expires, and works once:
//
//	challenge = base64url(
//	  u8  version = 1
//	  u8  difficulty
//	  u64 expiry, Unix seconds
//	  opaque random[16]
//	  opaque tag[32]  // HMAC-SHA-256 under a key of this process, of the above
//	)
//
// Make one with NewProofOfWork.
type ProofOfWork struct {
	c   WorkConfig
	key [32]byte
}

// WorkConfig is the configuration of ProofOfWork.
type WorkConfig struct {
	Difficulty int       // zero bits, 8 to 40; each one more doubles the work
	Tokens     int       // granted for one solution
	Once       OnceStore // remembers solved challenges until they expire

	// Key authenticates challenges: 32 random bytes that all servers of the
	// issuer share. nil makes one, good for this process alone.
	Key []byte
	// Lifetime of a challenge; 0 means 5 minutes.
	Lifetime time.Duration
	Now      func() time.Time // nil means time.Now
}

const (
	workVersion   = 1
	workSigned    = 1 + 1 + 8 + 16
	workChallenge = workSigned + sha256.Size
)

// NewProofOfWork checks the configuration.
func NewProofOfWork(c WorkConfig) (*ProofOfWork, error) {
	if c.Lifetime == 0 {
		c.Lifetime = 5 * time.Minute
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	p := &ProofOfWork{c: c}
	switch {
	case c.Difficulty < 8 || c.Difficulty > 40:
		return nil, errors.New("issuer: Difficulty of the proof of work is not between 8 and 40 bits")
	case c.Once == nil:
		return nil, errors.New("issuer: Once of the proof of work is missing: without it a solution works for ever")
	case c.Lifetime < time.Second || c.Lifetime > 24*time.Hour:
		return nil, errors.New("issuer: Lifetime of a challenge is not between 1 second and 24 hours")
	case c.Key == nil:
		if _, err := rand.Read(p.key[:]); err != nil {
			return nil, err
		}
	case len(c.Key) != len(p.key):
		return nil, errors.New("issuer: Key of the proof of work is not 32 bytes")
	}
	copy(p.key[:], c.Key)
	p.c.Key = nil
	return p, nil
}

// Challenge makes a challenge, good from now on for its lifetime.
func (p *ProofOfWork) Challenge(now time.Time) (string, error) {
	b := make([]byte, 0, workChallenge)
	b = append(b, workVersion, byte(p.c.Difficulty))
	b = binary.BigEndian.AppendUint64(b, uint64(now.Add(p.c.Lifetime).Unix()))
	b = b[:workSigned]
	if _, err := rand.Read(b[10:]); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(p.tag(b)), nil
}

// tag appends the tag to the signed part.
func (p *ProofOfWork) tag(b []byte) []byte {
	m := hmac.New(sha256.New, p.key[:])
	m.Write(b)
	return m.Sum(b)
}

// ServeHTTP answers GET with a challenge, which the site's mux puts where its
// pages find it: {"challenge":"...","difficulty":16,"expires":1790000000}.
func (p *ProofOfWork) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if refused := web.CheckMethod(w, r, http.MethodGet); refused != nil {
		refused.Write(w)
		return
	}
	now := p.c.Now()
	challenge, err := p.Challenge(now)
	if err != nil {
		web.NewProblem(http.StatusServiceUnavailable, "challenge_unavailable",
			"No challenge can be made at the moment. Try again.").Write(w)
		return
	}
	body, err := json.Marshal(struct {
		Challenge  string `json:"challenge"`
		Difficulty int    `json:"difficulty"`
		Expires    int64  `json:"expires"`
	}{challenge, p.c.Difficulty, now.Add(p.c.Lifetime).Unix()})
	if err != nil { // a string and two ints always marshal
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(body)
}

// Decide grants tokens for a solution that was not used before. Cheap checks
// come before the store.
func (p *ProofOfWork) Decide(ctx context.Context, f Facts) (Decision, error) {
	if f.Proof == "" {
		return Decision{0, ReasonWorkMissing}, nil
	}
	expires, ok := p.verify(f.Proof)
	switch {
	case !ok:
		return Decision{0, ReasonWorkInvalid}, nil
	case !f.Now.Before(expires):
		return Decision{0, ReasonWorkExpired}, nil
	}
	// The challenge, not the solution: a puzzle has many solutions.
	challenge, _, _ := strings.Cut(f.Proof, ".")
	switch err := p.c.Once.Use(ctx, sha256.Sum256([]byte("proof of work\x00"+challenge)), expires); {
	case err == nil:
		return Decision{p.c.Tokens, ReasonGranted}, nil
	case errors.Is(err, ErrUsed):
		return Decision{0, ReasonWorkUsed}, nil
	default:
		return Decision{}, err
	}
}

// verify checks form, tag and work, and returns when the challenge expires.
func (p *ProofOfWork) verify(proof string) (time.Time, bool) {
	challenge, number, ok := strings.Cut(proof, ".")
	if !ok || len(challenge) != base64.RawURLEncoding.EncodedLen(workChallenge) {
		return time.Time{}, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(challenge)
	if err != nil || len(b) != workChallenge {
		return time.Time{}, false
	}
	if n, err := strconv.ParseUint(number, 10, 64); err != nil || strconv.FormatUint(n, 10) != number {
		return time.Time{}, false
	}
	if want := p.tag(b[:workSigned:workSigned]); !hmac.Equal(want, b) || b[0] != workVersion {
		return time.Time{}, false
	}
	if zeroBits(sha256.Sum256([]byte(proof))) < int(b[1]) {
		return time.Time{}, false
	}
	return time.Unix(int64(binary.BigEndian.Uint64(b[2:])), 0), true
}

func zeroBits(sum [32]byte) int {
	n := 0
	for _, c := range sum {
		n += bits.LeadingZeros8(c)
		if c != 0 {
			break
		}
	}
	return n
}

// SolveWork solves a challenge as a page's script does, for clients and tests in
// Go: it returns the value for the ProofHeader.
func SolveWork(ctx context.Context, challenge string) (string, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(challenge)
	if err != nil || len(b) != workChallenge || b[0] != workVersion {
		return "", errors.New("issuer: this is not a proof-of-work challenge")
	}
	try := []byte(challenge + ".")
	head := len(try)
	for n := uint64(0); ; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return "", ctx.Err()
		}
		try = strconv.AppendUint(try[:head], n, 10)
		if zeroBits(sha256.Sum256(try)) >= int(b[1]) {
			return string(try), nil
		}
	}
}
