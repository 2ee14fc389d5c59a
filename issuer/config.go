package issuer

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/issuer/exchange"
	"github.com/bonafides-dev/bonafides/protocol/jws"
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

// Config is an issuer's configuration. Fields without a stated default are
// required.
type Config struct {
	// Origin is the issuer's own origin, as browsers write it:
	// "https://issuer.example". Plain http is for loopback hosts only, as
	// browsers take tokens from no other.
	Origin string

	// Keys are the token keys; the active one signs. At most six.
	Keys *pst.KeySet
	// KeyExpiry tells for each key id when browsers stop to use it. From then on
	// its tokens are refused here too, and a SpentStore may forget them.
	KeyExpiry map[uint32]time.Time
	// CommitmentID is the version of the key commitments: raise it with every
	// change of the keys. 0 means 1.
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
	// at a time, and the most that one request is given. 0 means 30, at most 60.
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
	keys       *exchange.Keys
	recorder   exchange.Recorder
	allowed    map[string]bool
	commitment *published
	recordKeys *published
}

// New checks the configuration, tries the record signer against the published
// record keys, and returns the issuer. Errors name the field at fault.
func New(c Config) (*Issuer, error) {
	c.BatchSize = cmp.Or(c.BatchSize, DefaultBatch)
	c.RecordLifetime = cmp.Or(c.RecordLifetime, 24*time.Hour)
	c.CommitmentID = cmp.Or(c.CommitmentID, 1)
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
	if i.keys, err = exchange.NewKeys(c.Keys, c.KeyExpiry); err != nil {
		return nil, fmt.Errorf("issuer: Keys: %w", err)
	}
	if i.commitment, err = publishCommitment(i.keys, c.CommitmentID, c.BatchSize); err != nil {
		return nil, err
	}
	i.recorder = exchange.Recorder{Issuer: c.Origin, Signer: c.RecordSigner, Lifetime: c.RecordLifetime, Single: c.Record == Single}
	if err := i.tryRecords(); err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	i.recordKeys = publish("application/jwk-set+json", c.RecordKeys)
	return i, nil
}

func (i *Issuer) check() error {
	c := &i.c
	switch {
	case !pst.IsOrigin(c.Origin):
		return fault("Origin", `is not an origin like "https://issuer.example" (no path, no default port, lower case)`)
	case !trustworthy(c.Origin):
		return fault("Origin", "is plain http: browsers take tokens from https or loopback hosts only")
	case c.Policy == nil:
		return fault("Policy", "is missing")
	case c.Spent == nil:
		return fault("Spent", "is missing: without a store of spent tokens a token works for ever")
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
		if !pst.IsOrigin(o) {
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
	trial := &exchange.Redemption{KeyID: i.c.Keys.Active().ID(), Origin: i.c.Origin}
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

// Commitment returns the key commitments as served: one JSON object.
func (i *Issuer) Commitment() []byte { return append([]byte(nil), i.commitment.body...) }

// trustworthy tells whether browsers treat the origin as a secure context
// (Secure Contexts section 3.1, "potentially trustworthy").
func trustworthy(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	host := u.Hostname()
	if u.Scheme == "https" || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
