package exchange

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/internal/sha256"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// Work makes and checks the challenges of a proof of work. It is rate control,
// not proof of humanity. A challenge is solved by a number such that
//
//	SHA-256(challenge "." number)
//
// begins with Difficulty zero bits, and "challenge.number" proves it:
//
//	challenge = base64url(
//	  u8  version = 1
//	  u8  difficulty
//	  u64 expiry, Unix seconds
//	  opaque random[16]
//	  opaque tag[32]  // HMAC-SHA-256 under Key, of the above
//	)
type Work struct {
	Key        [32]byte // authenticates challenges; all servers of an issuer share it
	Difficulty int      // zero bits, 8 to 40; each one more doubles the work
	Lifetime   time.Duration
}

const (
	workVersion   = 1
	workSigned    = 1 + 1 + 8 + 16
	workChallenge = workSigned + sha256.Size
)

// Bounds of a proof of work.
const (
	MinDifficulty   = 8
	MaxDifficulty   = 40
	MaxWorkLifetime = 24 * time.Hour
)

// Check tells what is wrong with the settings.
func (w *Work) Check() error {
	switch {
	case w.Difficulty < MinDifficulty || w.Difficulty > MaxDifficulty:
		return errors.New("the difficulty of a proof of work is not between 8 and 40 bits")
	case w.Lifetime < time.Second || w.Lifetime > MaxWorkLifetime:
		return errors.New("the lifetime of a challenge is not between 1 second and 24 hours")
	}
	return nil
}

// Challenge makes a challenge and tells when it expires, in Unix seconds.
func (w *Work) Challenge(now time.Time) (challenge string, expires int64, err error) {
	expires = now.Add(w.Lifetime).Unix()
	b := make([]byte, 0, workChallenge)
	b = append(b, workVersion, byte(w.Difficulty))
	b = binary.BigEndian.AppendUint64(b, uint64(expires))
	b = b[:workSigned]
	if _, err := rand.Read(b[10:]); err != nil {
		return "", 0, pst.ErrRandom
	}
	return base64.RawURLEncoding.EncodeToString(w.tag(b)), expires, nil
}

// tag appends the tag to the signed part.
func (w *Work) tag(b []byte) []byte {
	tag := sha256.HMAC(&w.Key, b)
	return append(b, tag[:]...)
}

// ChallengeBody is a challenge as a page's script fetches it:
// {"challenge":"...","difficulty":16,"expires":1790000000}.
func (w *Work) ChallengeBody(challenge string, expires int64) []byte {
	b := append([]byte(nil), `{"challenge":"`+challenge+`","difficulty":`...) // base64url needs no escaping
	b = strconv.AppendInt(b, int64(w.Difficulty), 10)
	b = append(b, `,"expires":`...)
	b = strconv.AppendInt(b, expires, 10)
	return append(b, '}')
}

// Reasons for granting nothing to a proof; empty is a good one.
const (
	ReasonWorkMissing = "proof_of_work_missing"
	ReasonWorkInvalid = "proof_of_work_invalid"
	ReasonWorkExpired = "proof_of_work_expired"
	ReasonWorkUsed    = "proof_of_work_used"
)

// Judge checks form, tag, work and time of a proof. With an empty reason the
// proof is good as long as id was never used before, until expires: id stands for
// the challenge, not for the solution, of which a puzzle has many.
func (w *Work) Judge(proof string, now time.Time) (id [32]byte, expires time.Time, reason string) {
	if proof == "" {
		return id, expires, ReasonWorkMissing
	}
	challenge, number, ok := strings.Cut(proof, ".")
	if !ok || len(challenge) != base64.RawURLEncoding.EncodedLen(workChallenge) {
		return id, expires, ReasonWorkInvalid
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(challenge)
	if err != nil || len(b) != workChallenge {
		return id, expires, ReasonWorkInvalid
	}
	if n, err := strconv.ParseUint(number, 10, 64); err != nil || strconv.FormatUint(n, 10) != number {
		return id, expires, ReasonWorkInvalid
	}
	if want := w.tag(b[:workSigned:workSigned]); subtle.ConstantTimeCompare(want, b) != 1 || b[0] != workVersion {
		return id, expires, ReasonWorkInvalid
	}
	if zeroBits(sha256.Sum256([]byte(proof))) < int(b[1]) {
		return id, expires, ReasonWorkInvalid
	}
	expires = time.Unix(int64(binary.BigEndian.Uint64(b[2:])), 0)
	if !now.Before(expires) {
		return id, expires, ReasonWorkExpired
	}
	return sha256.Sum256([]byte("proof of work\x00" + challenge)), expires, ""
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

// SolveWork solves a challenge as a page's script does, and returns the proof. It
// is false where the text is no challenge, or once stop, asked now and then, says
// so.
func SolveWork(challenge string, stop func() bool) (proof string, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(challenge)
	if err != nil || len(b) != workChallenge || b[0] != workVersion {
		return "", false
	}
	try := []byte(challenge + ".")
	head := len(try)
	for n := uint64(0); ; n++ {
		if n%4096 == 0 && stop() {
			return "", false
		}
		try = strconv.AppendUint(try[:head], n, 10)
		if zeroBits(sha256.Sum256(try)) >= int(b[1]) {
			return string(try), true
		}
	}
}
