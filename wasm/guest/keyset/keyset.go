// Package keyset hands jws.KeySetState to JavaScript: Go decides when an issuer's
// keys are fetched, for how long they count and when a token is refused for want
// of them; JavaScript fetches and keeps the state. Its functions stand in
// ../../abi.json under "shared".
package keyset

import (
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/wasm/guest/abi"
)

// What to do next, as JavaScript reads it.
var names = [...]string{jws.KeySetRefuse: "refuse", jws.KeySetUse: "use", jws.KeySetFetch: "fetch", jws.KeySetWait: "wait"}

var errEvent = abi.Refuse(0, "event_unknown", "The event is none of wanted, missing, fetched and failed.")

// KeySetNext takes an event. A state that cannot be read counts as none: it is a
// cache's, and was not ours or is of an older version.
func KeySetNext(state []byte, event string, body []byte, cacheControl, age string, now int64, millis uint16) (
	next []byte, do string, noCache bool, jwks []byte, waitUntil int64, code, message string, err error) {
	s, perr := jws.ParseKeySetState(state)
	if perr != nil {
		s = jws.KeySetState{}
	}
	var e jws.KeySetEvent
	switch event {
	case "wanted":
		e = jws.Wanted{}
	case "missing":
		e = jws.Missing{}
	case "fetched":
		e = jws.Fetched{Body: body, CacheControl: cacheControl, Age: age}
	case "failed":
		e = jws.FetchFailed{}
	default:
		return nil, "", false, nil, 0, "", "", errEvent
	}
	s, a := s.Next(e, time.Unix(now, int64(millis)*1e6), jws.KeySetRules{})
	switch a.Do {
	case jws.KeySetUse:
		jwks = s.Document()
	case jws.KeySetWait:
		waitUntil = a.Until.UnixMilli()
	case jws.KeySetRefuse:
		code, message = a.Err.Code, a.Err.Message
	}
	return s.Bytes(), names[a.Do], a.NoCache, jwks, waitUntil, code, message, nil
}
