package issuer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/origin"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// RecordMode is what a redemption record may be used for.
type RecordMode int

const (
	// Shared records of one origin, hour and key are the same bytes: they say
	// that a person was here and identify nobody. It is the default.
	Shared RecordMode = iota
	// Single gives each record a random id, so that a publisher can count its
	// uses. Everybody whom the browser sends the record to sees that id, and can
	// compare notes.
	Single
)

// Batch sizes: tokens that a browser asks for at a time.
const (
	DefaultBatch = 30
	MaxBatch     = 60 // 60 tokens are 7.8 KB of header; many proxies stop at 8 KiB
)

// DefaultRecordLifetime is how long records are good.
const DefaultRecordLifetime = 24 * time.Hour

// Config is an issuer's configuration. Fields without a stated default are
// required.
type Config struct {
	// Origin is the issuer's own origin, as browsers write it:
	// "https://issuer.example". Plain http is for loopback hosts only: browsers
	// refuse it elsewhere.
	Origin string

	// Keys are the token keys, each with its expiry: ParseKeys, NewKeys or
	// GenerateKeys. At most six.
	Keys *Keys
	// CommitmentID is the version of the key commitments: raise it with every
	// change of the keys. 0 means what Keys say, and 1 where they say nothing.
	CommitmentID uint32

	// RecordSigner signs redemption records: jws.NewEd25519Signer, or another
	// signer that is deterministic where Record is Shared.
	RecordSigner jws.Signer
	// RecordKeys is the JWK set, in JSON, with which anybody can verify the
	// records. It holds the public key of RecordSigner.
	RecordKeys []byte
	// RecordLifetime is how long a record is good, counted from the full hour
	// before the redemption. 0 means 24 hours; the least is 2 hours.
	RecordLifetime time.Duration
	// Record is the kind of record; the zero value is Shared.
	Record RecordMode

	// Policy decides who gets how many tokens.
	Policy Policy
	// Facts tells who is asking, from the site's own session. It is called for
	// issuance only. An error means that this cannot be told now: 503. nil means
	// that nobody is ever signed in.
	Facts func(*http.Request) (Facts, error)
	// AllowedOrigins are other origins whose pages may ask for tokens with the
	// visitor's cookies. Redemption is open to every origin, without cookies.
	AllowedOrigins []string

	// Polyfill opens the endpoints for browsers without Private State Tokens.
	// A polyfill's tokens are kept by JavaScript, which can read them; their
	// records say "polyfill". False keeps the issuer to tokens that browsers keep.
	Polyfill bool

	// Spent remembers spent tokens.
	Spent SpentStore
	// Counter counts redemptions; nil counts nothing.
	Counter Counter

	// BatchSize is how many tokens the key commitments ask browsers to request
	// at a time, and the most that one request is given; at most 60. 0 means what
	// Keys say, and 30 where they say nothing.
	BatchSize int

	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log gets failures (level Error), issuances (Info: numbers and reason, no
	// account) and refusals (Debug: the code). nil means slog.Default().
	Log *slog.Logger
}

// Issuer is the issuer. Make one with New. It is safe for concurrent use.
type Issuer struct {
	c          Config
	recorder   exchange.Recorder
	allowed    map[string]bool
	commitment *web.Document
	recordKeys *web.Document
}

// New checks the configuration, tries the record signer against the published
// record keys, makes the token keys known to the store of spent tokens, and
// returns the issuer. Errors name the field at fault.
func New(c Config) (*Issuer, error) {
	if c.Keys == nil || c.Keys.core == nil {
		return nil, errors.New("issuer: Keys are missing")
	}
	c.BatchSize = cmp.Or(c.BatchSize, c.Keys.BatchSize(), DefaultBatch)
	c.RecordLifetime = cmp.Or(c.RecordLifetime, DefaultRecordLifetime)
	c.CommitmentID = cmp.Or(c.CommitmentID, c.Keys.CommitmentID(), 1)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Facts == nil {
		c.Facts = func(*http.Request) (Facts, error) { return Facts{}, nil }
	}
	i := &Issuer{c: c, allowed: map[string]bool{c.Origin: true}}
	if err := i.check(); err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	var err error
	if i.commitment, err = publishCommitment(c.Keys, c.CommitmentID, c.BatchSize); err != nil {
		return nil, err
	}
	i.recorder = exchange.Recorder{Issuer: c.Origin, Signer: c.RecordSigner, Lifetime: c.RecordLifetime, Single: c.Record == Single}
	if err := i.tryRecords(); err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	i.recordKeys = publish("application/jwk-set+json", c.RecordKeys)
	// Last, since it is kept for good.
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	if err := c.Spent.Admit(ctx, c.Keys.TokenKeys()...); err != nil {
		return nil, fmt.Errorf("issuer: Keys: the store of spent tokens does not admit them: %w", err)
	}
	return i, nil
}

func (i *Issuer) check() error {
	c := &i.c
	switch {
	case !origin.Is(c.Origin):
		return fault("Origin", `is not an origin like "https://issuer.example" (no path, no default port, lower case)`)
	case !origin.IsSecure(c.Origin):
		return fault("Origin", "is plain http: browsers take tokens from https or loopback hosts only")
	case c.Policy == nil:
		return fault("Policy", "is missing")
	case c.Spent == nil:
		return fault("Spent", "is missing: without a store of spent tokens a token works forever")
	case c.RecordSigner == nil:
		return fault("RecordSigner", "is missing")
	case c.BatchSize < 1 || c.BatchSize > MaxBatch:
		return fmt.Errorf("BatchSize is %d; want 1 to %d", c.BatchSize, MaxBatch)
	case c.RecordLifetime < pst.MinRecordLifetime:
		return fmt.Errorf("RecordLifetime is %v; the least is %v", c.RecordLifetime, pst.MinRecordLifetime)
	case c.Record != Shared && c.Record != Single:
		return fault("Record", "is neither Shared nor Single")
	}
	for _, o := range c.AllowedOrigins {
		if !origin.Is(o) {
			return fmt.Errorf("AllowedOrigins: %q is not an origin", o)
		}
		i.allowed[o] = true
	}
	return nil
}

// fault is the error of one field.
func fault(field, what string) error { return errors.New(field + " " + what) }

// tryRecords makes sure that what the signer signs is what the published keys
// verify, and that Shared records can be shared.
func (i *Issuer) tryRecords() error {
	keys, err := jws.ParseKeySet(i.c.RecordKeys)
	if err != nil {
		return fmt.Errorf("RecordKeys: %w", err)
	}
	now := i.c.Now()
	trial := &exchange.Redemption{KeyID: i.c.Keys.Set().Active().ID(), Origin: i.c.Origin}
	one, _, err := i.recorder.Sign(trial, pst.ViaNative, now)
	if err != nil {
		return fmt.Errorf("RecordSigner: %w", err)
	}
	if _, err := pst.JudgeRecord(one, keys, i.c.Origin, now); err != nil {
		return fmt.Errorf("RecordKeys do not verify what RecordSigner signs: %w", err)
	}
	if i.c.Record == Single {
		return nil
	}
	two, _, err := i.recorder.Sign(trial, pst.ViaNative, now)
	if err != nil {
		return fmt.Errorf("RecordSigner: %w", err)
	}
	if one != two {
		return fault("RecordSigner", "signs the same record differently each time, which would make every shared record an identifier: use Ed25519")
	}
	return nil
}

// Origin returns the issuer's origin.
func (i *Issuer) Origin() string { return i.c.Origin }

// TokenKeys returns the token keys without their secrets: the ring that a store's
// Purge wants.
func (i *Issuer) TokenKeys() []TokenKey { return i.c.Keys.TokenKeys() }

// Commitment returns the key commitments as served: one JSON object.
func (i *Issuer) Commitment() []byte { return append([]byte(nil), i.commitment.Bytes()...) }
