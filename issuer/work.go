package issuer

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/internal/web"
)

// ProofOfWork is a Policy that grants tokens for a solved puzzle. It is rate
// control, not proof of humanity: it says that some machine spent about
// 2^Difficulty SHA-256 hashes, which an attacker's machine does as readily as a
// visitor's.
//
// The page fetches a challenge (ServeHTTP), finds a number such that
//
//	SHA-256(challenge "." number)
//
// begins with Difficulty zero bits, and sends "challenge.number" in the
// ProofHeader with its token-request. A challenge expires, and works once.
//
// Make one with NewProofOfWork.
type ProofOfWork struct {
	c    WorkConfig
	work exchange.Work
}

// DefaultWorkLifetime is how long a challenge is good.
const DefaultWorkLifetime = 5 * time.Minute

// WorkConfig is the configuration of ProofOfWork.
type WorkConfig struct {
	// Difficulty is in zero bits, 8 to 40; 0 means 20. Each one more doubles the work,
	// which is for one solution, however many Tokens it is worth. On one core of a
	// server, at 200 ns a hash (BenchmarkSolveWork), a solution takes 13 ms with 16
	// bits, 0.2 s with 20 and 3.4 s with 24: with 10 tokens a solution, somebody
	// who wants nothing else gets 66 million, 4 million or 260,000 tokens a day
	// from it. A visitor's telephone does the same work, and a script that calls
	// WebCrypto for each hash is slower by far: try it on the slowest machine that
	// is to get tokens.
	Difficulty int
	Tokens     int       // granted for one solution
	Once       OnceStore // remembers solved challenges until they expire

	// Key authenticates challenges: 32 random bytes that all servers of the
	// issuer share. nil makes one, good for this process alone.
	Key []byte
	// Lifetime of a challenge; 0 means 5 minutes.
	Lifetime time.Duration
	Now      func() time.Time // nil means time.Now
}

// NewProofOfWork checks the configuration.
func NewProofOfWork(c WorkConfig) (*ProofOfWork, error) {
	if c.Difficulty == 0 {
		c.Difficulty = 20
	}
	if c.Lifetime == 0 {
		c.Lifetime = DefaultWorkLifetime
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	p := &ProofOfWork{c: c, work: exchange.Work{Difficulty: c.Difficulty, Lifetime: c.Lifetime}}
	if err := p.work.Check(); err != nil {
		return nil, errors.New("issuer: " + err.Error())
	}
	switch {
	case c.Once == nil:
		return nil, errors.New("issuer: Once of the proof of work is missing: without it a solution works forever")
	case c.Key == nil:
		if _, err := rand.Read(p.work.Key[:]); err != nil {
			return nil, err
		}
	case len(c.Key) != len(p.work.Key):
		return nil, errors.New("issuer: Key of the proof of work is not 32 bytes")
	}
	copy(p.work.Key[:], c.Key)
	p.c.Key = nil
	return p, nil
}

// Challenge makes a challenge, good from now on for its lifetime.
func (p *ProofOfWork) Challenge(now time.Time) (string, error) {
	challenge, _, err := p.work.Challenge(now)
	return challenge, err
}

// ServeHTTP answers GET with a challenge, which the site's mux puts where its
// pages find it: {"challenge":"...","difficulty":20,"expires":1790000000}.
func (p *ProofOfWork) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if refused := web.CheckMethod(w, r, http.MethodGet); refused != nil {
		refused.Write(w)
		return
	}
	challenge, expires, err := p.work.Challenge(p.c.Now())
	if err != nil {
		web.Refuse(w, exchange.NoChallenge)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(p.work.ChallengeBody(challenge, expires))
}

// Decide grants tokens for a solution that was not used before. Cheap checks
// come before the store.
func (p *ProofOfWork) Decide(ctx context.Context, f Facts) (Decision, error) {
	id, expires, reason := p.work.Judge(f.Proof, f.Now)
	if reason != "" {
		return Decision{0, reason}, nil
	}
	switch err := p.c.Once.Use(ctx, id, expires); {
	case err == nil:
		return Decision{p.c.Tokens, ReasonGranted}, nil
	case errors.Is(err, ErrUsed):
		return Decision{0, ReasonWorkUsed}, nil
	default:
		return Decision{}, err
	}
}

// SolveWork solves a challenge as a page's script does, for clients and tests in
// Go: it returns the value for the ProofHeader.
func SolveWork(ctx context.Context, challenge string) (string, error) {
	proof, ok := exchange.SolveWork(challenge, func() bool { return ctx.Err() != nil })
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case !ok:
		return "", errors.New("issuer: this is not a proof-of-work challenge")
	}
	return proof, nil
}
