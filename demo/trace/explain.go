package trace

import (
	"strings"

	"github.com/bonafides-dev/bonafides/internal/inspect"
)

// explanation is what the trace says of a field that package inspect decoded.
type explanation struct {
	help       string
	unlinkable bool
}

// explanations are by group and name, without the number of an element.
var explanations = map[[2]string]explanation{
	{inspect.IssueRequest, "count"}: {"How many tokens the browser asks for. It is the batch size of the key commitments.", false},
	{inspect.IssueRequest, "blinded element"}: {"A point of P-384: the hash of a nonce that only the browser knows, multiplied by a random number that only the browser knows. " +
		"Random to everybody else.", true},
	{inspect.IssueResponse, "issued"}: {"How many the issuer signed: its policy may grant fewer than were asked.", false},
	{inspect.IssueResponse, "key id"}: {keyHelp, true},
	{inspect.IssueResponse, "evaluated element"}: {"The blinded element multiplied by the issuer's secret key. The browser takes its random number out again, so this value never " +
		"appears anywhere else.", true},
	{inspect.IssueResponse, "proof c"}: {"With s: a proof that one key, the committed one, signed all elements. So an issuer cannot mark a person with a key of their own.", true},
	{inspect.IssueResponse, "proof s"}: {"The second half of the proof.", true},
	{inspect.Token, "key id"}:          {keyHelp, true},
	{inspect.Token, "nonce"}:           {"Random, made by the browser. The issuer sees it for the first time now, and keeps a part of its hash, so that the token works once.", true},
	{inspect.Token, "W"}: {"The hash of the nonce multiplied by the issuer's secret key. The issuer computes the same and compares. It never saw this value " +
		"before.", true},
	{inspect.ClientData, "redeeming-origin"}:     {"The site on which the token is redeemed, as the browser states it. Nothing in the token proves it.", false},
	{inspect.ClientData, "redemption-timestamp"}: {"The browser's clock, in seconds since 1970.", false},
}

const keyHelp = "Which of at most six keys. It is the only thing that an issuance and a redemption have in common, and all people served under this key share it."

// explained are the fields of a message with what is said of them.
func explained(fields []inspect.Field) []Field {
	out := make([]Field, len(fields))
	for i, f := range fields {
		e := explanations[[2]string{f.Group, strings.TrimRight(f.Name, " 0123456789")}]
		out[i] = field(f)
		out[i].Help, out[i].Unlinkable = e.help, e.unlinkable
	}
	return out
}

// field is a field as the trace shows it.
func field(f inspect.Field) Field {
	shown := Field{Group: f.Group, Name: f.Name, Value: f.Value, Encoding: f.Encoding, Size: f.Size, Spec: f.Spec}
	if !f.Time.IsZero() {
		shown.Value += " = " + f.Time.Format("2006-01-02 15:04:05 UTC")
	}
	if f.Encoding == "text" && len(f.Value) > maxText {
		shown.Value = textField("", "", f.Value, "").Value
	}
	return shown
}
