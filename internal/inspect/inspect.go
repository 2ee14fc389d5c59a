// Package inspect decodes messages for people: each field with its name, where it
// stands, and the section of the specification that defines it. The operator's
// command prints them and the demo's trace explains them. It judges nothing: neither
// signatures nor times, and what it shows may not be believed.
//
// It takes bytes and returns values, and reads no clock.
package inspect

import (
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// A Field is one named value inside a message.
type Field struct {
	Group string // the structure that it belongs to: IssueRequest, Token, claims
	Name  string // as the specification names it
	// Value is the value as text: in hex (Encoding "hex"), a number ("decimal"), a
	// string's content ("text") or JSON ("JSON").
	Value, Encoding string
	// Offset and Size say which bytes of the message it is, before the message was
	// put into base64. Offset is -1 in a token, whose parts are in base64 each; Size
	// is then that of the value.
	Offset, Size int
	// Time is what a number of seconds stands for; zero for other fields.
	Time time.Time
	Spec string // where it is defined: "RFC 7515 section 4.1.1"
}

// The structures of messages, as Field.Group has them.
const (
	IssueRequest  = "IssueRequest"
	IssueResponse = "IssueResponse"
	Token         = "Token"
	ClientData    = "Client data"
	PublicKey     = "PublicKey"
)

// A Message is a message of Private State Tokens.
type Message struct {
	Kind   string // "issue request"
	Size   int    // bytes
	Fields []Field
}

// ErrPrivateKey refuses to show a private key.
var ErrPrivateKey = errors.New("this is a private key, and is not shown")

const (
	specIssueRequest  = "Private State Token API: IssueRequest"
	specIssueResponse = "Private State Token API: IssueResponse"
	specToken         = "Private State Token API: RedeemRequest, Token"
	specClientData    = "Private State Token API: client data (CBOR, RFC 8949)"
	specKey           = "Private State Token API: key commitments"
	specProof         = "RFC 9497 section 2.2.1"
)

// Bytes tells by its structure what a message is, and decodes it. An error says what
// is wrong with it as the message that it most looks like.
func Bytes(b []byte) (*Message, error) {
	if len(b) == pst.PrivateKeySize {
		if _, err := pst.ParsePrivateKey(b); err == nil {
			return nil, ErrPrivateKey
		}
	}
	for _, try := range []func([]byte) (*Message, error){
		ParseRedeemRequest, parseToken, ParseIssueRequest, ParseIssueResponse, parsePublicKey, parseClientData,
	} {
		if m, err := try(b); err == nil {
			return m, nil
		}
	}
	if pst.IsRedeemRequest(b) {
		_, err := pst.ParseRedeemRequest(b)
		return nil, errors.New("as a redeem request: " + err.Error())
	}
	_, err := pst.ParseIssueRequest(b)
	return nil, errors.New("as an issue request: " + err.Error())
}

// ParseIssueRequest decodes what a client sends to get tokens.
func ParseIssueRequest(b []byte) (*Message, error) {
	r, err := pst.ParseIssueRequest(b)
	if err != nil {
		return nil, err
	}
	d := &decoder{b: b, group: IssueRequest, spec: specIssueRequest}
	d.number("count", 2, uint64(r.Count()))
	for i := range r.Count() {
		d.bytes("blinded element "+strconv.Itoa(i+1), pst.ElementSize)
	}
	return d.message("issue request"), nil
}

// ParseIssueResponse decodes what an issuer signed.
func ParseIssueResponse(b []byte) (*Message, error) {
	r, err := pst.ParseIssueResponse(b)
	if err != nil {
		return nil, err
	}
	d := &decoder{b: b, group: IssueResponse, spec: specIssueResponse}
	d.number("issued", 2, uint64(r.Issued()))
	d.number("key id", 4, uint64(r.KeyID()))
	for i := range r.Issued() {
		d.bytes("evaluated element "+strconv.Itoa(i+1), pst.ElementSize)
	}
	d.skip(2) // the proof's length
	d.spec = specProof
	d.bytes("proof c", pst.ProofSize/2)
	d.bytes("proof s", pst.ProofSize/2)
	return d.message("issue response"), nil
}

// ParseRedeemRequest decodes a token that is spent, and what the client says of it.
func ParseRedeemRequest(b []byte) (*Message, error) {
	r, err := pst.ParseRedeemRequest(b)
	if err != nil {
		return nil, err
	}
	d := &decoder{b: b}
	d.skip(2) // the token's length
	d.token(&r.Token)
	d.skip(2) // that of the client data
	d.clientData(&r.ClientData)
	return d.message("redeem request"), nil
}

func parseToken(b []byte) (*Message, error) {
	t, err := pst.ParseToken(b)
	if err != nil {
		return nil, err
	}
	d := &decoder{b: b}
	d.token(t)
	return d.message("token"), nil
}

func parsePublicKey(b []byte) (*Message, error) {
	k, err := pst.ParsePublicKey(b)
	if err != nil {
		return nil, err
	}
	d := &decoder{b: b, group: PublicKey, spec: specKey}
	d.number("key id", 4, uint64(k.ID()))
	d.bytes("point", pst.ElementSize)
	return d.message("public key"), nil
}

func parseClientData(b []byte) (*Message, error) {
	c, err := pst.ParseClientData(b)
	if err != nil {
		return nil, err
	}
	d := &decoder{b: b}
	d.clientData(c)
	return d.message("client data"), nil
}

// decoder goes through a message that was parsed, field by field.
type decoder struct {
	b           []byte
	at          int
	group, spec string
	fields      []Field
}

func (d *decoder) skip(n int) { d.at += n }

func (d *decoder) add(name, value, encoding string, size int) *Field {
	d.fields = append(d.fields, Field{Group: d.group, Name: name, Value: value, Encoding: encoding, Offset: d.at, Size: size, Spec: d.spec})
	d.at += size
	return &d.fields[len(d.fields)-1]
}

func (d *decoder) number(name string, size int, n uint64) *Field {
	return d.add(name, strconv.FormatUint(n, 10), "decimal", size)
}

func (d *decoder) bytes(name string, size int) {
	d.add(name, hex.EncodeToString(d.b[d.at:d.at+size]), "hex", size)
}

func (d *decoder) token(t *pst.Token) {
	d.group, d.spec = Token, specToken
	d.number("key id", 4, uint64(t.KeyID))
	d.bytes("nonce", pst.NonceSize)
	d.bytes("W", pst.ElementSize)
}

// clientData decodes CBOR of the one form that is taken: a map of two, each name with
// a head of one byte, and the heads of the values as short as they can be.
func (d *decoder) clientData(c *pst.ClientData) {
	d.group, d.spec = ClientData, specClientData
	const origin, stamp = "redeeming-origin", "redemption-timestamp"
	d.skip(1 + 1 + len(origin) + 1 + argument(uint32(len(c.RedeemingOrigin))))
	d.add(origin, c.RedeemingOrigin, "text", len(c.RedeemingOrigin))
	d.skip(1 + len(stamp))
	// A small number stands in its head.
	n := argument(c.RedemptionTimestamp)
	if n > 0 {
		d.skip(1)
	}
	d.number(stamp, max(n, 1), uint64(c.RedemptionTimestamp)).Time = time.Unix(int64(c.RedemptionTimestamp), 0).UTC()
}

// argument is how many bytes follow a head with this number (RFC 8949 section 3).
func argument(n uint32) int {
	switch {
	case n < 24:
		return 0
	case n < 1<<8:
		return 1
	case n < 1<<16:
		return 2
	}
	return 4
}

func (d *decoder) message(kind string) *Message { return &Message{kind, len(d.b), d.fields} }
