package answers

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// What all issuers of the scripts have in common.
const (
	Origin        = "https://issuer.example"
	Members       = "https://members.example" // an origin whose pages may ask for tokens
	ChallengePath = "/issue/challenge"

	batch          = 10
	commitmentID   = 3
	workBits       = 8
	workTokens     = 5
	recordLifetime = 24 * time.Hour
)

// The keys are made from fixed secrets, so that scripts can hold documents: they
// are public and must never serve a site.
var (
	keys = map[string]*pst.PrivateKey{
		"1": derive(1, "answers 1"), "2": derive(2, "answers 2"), "3": derive(3, "answers 3"),
		"9": derive(9, "answers 9"), "forged": derive(1, "answers, somebody else"),
	}
	expiry = map[string]string{
		"1": "2035-01-01T00:00:00Z", "2": "2035-07-01T00:00:00Z", "3": "2026-01-01T00:00:00Z",
	}
	recordSeed = sha256.Sum256([]byte("answers: the key of records"))
	workSeed   = sha256.Sum256([]byte("answers: the key of challenges"))
)

func derive(id uint32, secret string) *pst.PrivateKey {
	k, err := pst.DeriveKey(id, []byte(secret))
	if err != nil {
		panic(err)
	}
	return k
}

func publicKeys() []*pst.PublicKey {
	return []*pst.PublicKey{keys["1"].PublicKey(), keys["2"].PublicKey()}
}

// tokenKeys are the keys with these names as an operator keeps them; the first one
// signs.
func tokenKeys(names ...string) string {
	text := "bonafides-keyring=1 kind=token\n"
	for i, n := range names {
		state := "retired"
		if i == 0 {
			state = "current"
		}
		text += "id=" + n + " state=" + state + " expires=" + expiry[n] + " key=" + base64.StdEncoding.EncodeToString(keys[n].Bytes()) + "\n"
	}
	return text
}

// firstForm are the same keys as they were kept before there were key rings.
func firstForm(names ...string) string {
	var words []string
	for _, n := range names {
		words = append(words, base64.StdEncoding.EncodeToString(keys[n].Bytes())+","+expiry[n])
	}
	return strings.Join(words, " ")
}

// The record key in both forms.
var (
	recordKeys      = "bonafides-keyring=1 kind=record\nid=1 state=current key=seed:" + recordFirstForm + "\n"
	recordFirstForm = base64.StdEncoding.EncodeToString(recordSeed[:])
)

// An Issuer is one that scripts talk to.
type Issuer struct {
	Name     string
	Keys     string // token keys, see issuer.ParseKeys
	Record   string // record keys, see issuer.ParseRecordKeys
	Polyfill bool
	Down     bool // its store cannot answer
}

// Issuers are all of them.
func Issuers() []Issuer {
	main := tokenKeys("1", "2", "3")
	return []Issuer{
		{Name: "main", Keys: main, Record: recordKeys, Polyfill: true},
		{Name: "native-only", Keys: firstForm("1", "2", "3"), Record: recordFirstForm},
		{Name: "expired", Keys: tokenKeys("3", "1"), Record: recordKeys, Polyfill: true},
		{Name: "store-down", Keys: main, Record: recordKeys, Polyfill: true, Down: true},
	}
}

// Worker returns the variables of the issuer as a Worker.
func (i Issuer) Worker() map[string]string {
	on := map[bool]string{true: "on", false: "off"}
	return map[string]string{
		"ISSUER_KEYS": i.Keys, "ISSUER_RECORD_KEY": i.Record,
		"ISSUER_ORIGIN": Origin, "ISSUER_ALLOWED_ORIGINS": Members, "ISSUER_COMMITMENT_ID": strconv.Itoa(commitmentID),
		"ISSUER_BATCH_SIZE": strconv.Itoa(batch), "ISSUER_CPU_MS": "30", "ISSUER_RECORD_LIFETIME": strconv.Itoa(int(recordLifetime / time.Second)),
		"ISSUER_POLICY": "work", "ISSUER_TOKENS": strconv.Itoa(workTokens), "WORK_DIFFICULTY": strconv.Itoa(workBits),
		"ISSUER_POLYFILL": on[i.Polyfill],
	}
}

// Store is what an issuer keeps.
type Store interface {
	issuer.SpentStore
	issuer.OnceStore
	issuer.Counter
}

// Native is the issuer in Go.
func (i Issuer) Native(store Store) (http.Handler, error) {
	all, err := issuer.ParseKeys(i.Keys)
	if err != nil {
		return nil, err
	}
	if i.Down {
		store = down{}
	}
	work, err := issuer.NewProofOfWork(issuer.WorkConfig{Difficulty: workBits, Tokens: workTokens, Once: store, Key: workSeed[:]})
	if err != nil {
		return nil, err
	}
	record, public, err := issuer.ParseRecordKeys(i.Record)
	if err != nil {
		return nil, err
	}
	iss, err := issuer.New(issuer.Config{
		Origin: Origin, AllowedOrigins: []string{Members},
		Keys: all, CommitmentID: commitmentID, BatchSize: batch,
		RecordSigner: issuer.NewRecordSigner(record), RecordKeys: issuer.RecordKeySet(public...),
		RecordLifetime: recordLifetime, Policy: work, Polyfill: i.Polyfill, Spent: store, Counter: store,
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(ChallengePath, work)
	mux.Handle("/", iss)
	return mux, nil
}

type down struct{}

var errDown = errors.New("the store is down")

func (down) Admit(context.Context, ...issuer.TokenKey) error          { return nil }
func (down) Spend(context.Context, uint32, [pst.NonceSize]byte) error { return errDown }
func (down) Use(context.Context, [32]byte, time.Time) error           { return errDown }
func (down) Count(context.Context, string, issuer.Day) error          { return errDown }

// documents are what issuers publish about the fixed keys.
func documents() map[string]string {
	all, err := exchange.ParseKeys(tokenKeys("1", "2", "3"))
	if err != nil {
		panic(err)
	}
	c, err := all.Commitment(commitmentID, batch)
	if err != nil {
		panic(err)
	}
	record := ed25519.NewKeyFromSeed(recordSeed[:]).Public().(ed25519.PublicKey)
	d := map[string]string{"commitments": string(c.JSON()), "record-keys": string(issuer.RecordKeySet(record))}
	for name, doc := range map[string]string{"commitments-etag": d["commitments"], "record-keys-etag": d["record-keys"]} {
		sum := sha256.Sum256([]byte(doc))
		d[name] = strconv.Quote(hex.EncodeToString(sum[:12]))
	}
	return d
}
