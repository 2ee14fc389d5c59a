package gate

import (
	"errors"
	"net/http"

	"github.com/bonafides-dev/bonafides/internal/refusal"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// Refused is why a request is not believed to come from the gate. Status is the
// HTTP status of the answer, Code stable, Detail a sentence for people; none of
// them repeats what was sent.
type Refused struct {
	Status int
	Code   string
	Detail string
}

// Error returns "code: reason".
func (r *Refused) Error() string { return r.Code + ": " + r.Detail }

// Is reports whether target is a *Refused with the same code.
func (r *Refused) Is(target error) bool {
	t, ok := target.(*Refused)
	return ok && t.Code == r.Code
}

// Codes of Refused, beside those of package jws for an assertion whose form,
// header, key or signature is not good.
const (
	CodeMissing         = "assertion_missing"    // the request carries none
	CodeDuplicated      = "assertion_duplicated" // the header appears twice
	CodeKeysUnavailable = "keys_unavailable"     // the gate's keys could not be had
	CodeClaimsInvalid   = "claims_invalid"       // a claim is missing or not of its kind
	CodeGateMismatch    = "gate_mismatch"        // signed at another address of the gate
	CodeOriginMismatch  = "origin_mismatch"      // made for another origin
	CodeMethodMismatch  = "method_mismatch"      // made for another method
	CodeTargetMismatch  = "target_mismatch"      // made for another path or query
	CodeExpired         = "expired"              // its minute is over
	CodeNotYetValid     = "not_yet_valid"        // from the future: a clock is wrong
	CodeLifetime        = "lifetime_invalid"     // it claims to live longer than a minute
)

const again = " Open the page at the gate's address once more."

var reasons = map[string]string{
	CodeMissing:         "The request did not come through the gate, and this server answers no other. Use the gate's address.",
	CodeDuplicated:      "The request carries more than one assertion, so something between the gate and this server adds headers. Let it pass Gate-Assertion as it is.",
	CodeKeysUnavailable: "The gate's keys cannot be had at the moment, so nothing it says can be checked. Try again later.",
	CodeClaimsInvalid:   "The gate's assertion cannot be read: a claim is missing or not what it must be. Gate and server are of different versions.",
	CodeGateMismatch:    "The assertion was made at another address of the gate than this server is configured for. Use the gate's own address, or set Config.Gate to the one that visitors use.",
	CodeOriginMismatch:  "The assertion was made for another origin. Set Config.Origin to what the gate's settings call this server.",
	CodeMethodMismatch:  "The assertion was made for a request with another method." + again,
	CodeTargetMismatch:  "The assertion was made for another path or query: it was sent again, or something between the gate and this server changes paths." + again,
	CodeExpired:         "The assertion is older than its minute: it was sent again, or the clocks of gate and server differ." + again,
	CodeNotYetValid:     "The assertion is from the future, so this server's clock is slow. Set the clock.",
	CodeLifetime:        "The assertion claims to live longer than a minute, which no gate writes.",
}

func refuse(code string) *Refused {
	status := http.StatusForbidden
	if code == CodeKeysUnavailable {
		status = http.StatusServiceUnavailable
	}
	return &Refused{status, code, reasons[code]}
}

// refusedFor turns an error of jws into a Refused of the same code.
func refusedFor(err error) *Refused {
	var e *jws.Error
	if !errors.As(err, &e) || e.Code == jws.CodeKeysUnavailable {
		return refuse(CodeKeysUnavailable)
	}
	return &Refused{http.StatusForbidden, e.Code, "The gate's assertion is not good: " + e.Message + "."}
}

// Write answers with the refusal as problem details (RFC 9457).
func (r *Refused) Write(w http.ResponseWriter) {
	web.Refuse(w, refusal.New(r.Status, r.Code, r.Detail))
}
