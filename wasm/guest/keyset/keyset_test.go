package keyset

import (
	"bytes"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

const now = 1_800_000_000

var jwks = []byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`)

// TestAKeySetsLife walks through what a gate does: fetch, use, fetch for a key
// that is missing, refuse when the provider is away.
func TestAKeySetsLife(t *testing.T) {
	var state []byte
	step := func(event string, body []byte, at int64, millis uint16, want, code string) []byte {
		t.Helper()
		next, action, _, set, _, c, message, err := KeySetNext(state, event, body, "max-age=60", "", at, millis)
		if err != nil || action != want || c != code || (code != "") != (message != "") {
			t.Fatalf("%s: %s %s %q %v, want %s %s", event, action, c, message, err, want, code)
		}
		if (want == "use") != bytes.Equal(set, jwks) {
			t.Fatalf("%s: the set is %s", event, set)
		}
		state = next
		return set
	}
	step("wanted", nil, now, 0, "fetch", "")
	step("wanted", nil, now, 10, "wait", "")
	step("fetched", jwks, now, 20, "use", "")
	step("wanted", nil, now+60, 19, "use", "")
	step("missing", nil, now+59, 0, "fetch", "")
	step("failed", nil, now+59, 5, "use", "")
	step("wanted", nil, now+60, 21, "fetch", "")
	step("fetched", []byte("no set"), now+61, 0, "refuse", jws.CodeKeysUnavailable)
}

func TestAStateOfAnotherMakeCountsAsNone(t *testing.T) {
	for _, state := range []string{"x", `{"v":2}`, `{"v":1,"set":"x"}`} {
		if _, action, _, _, _, _, _, err := KeySetNext([]byte(state), "wanted", nil, "", "", now, 0); action != "fetch" || err != nil {
			t.Errorf("%q: %s %v", state, action, err)
		}
	}
	if _, _, _, _, _, _, _, err := KeySetNext(nil, "guessed", nil, "", "", now, 0); err == nil {
		t.Error("an event of no kind was taken")
	}
}

func TestWaitTellsUntilWhen(t *testing.T) {
	state, _, _, _, _, _, _, _ := KeySetNext(nil, "wanted", nil, "", "", now, 500)
	_, action, _, _, until, _, _, _ := KeySetNext(state, "wanted", nil, "", "", now, 600)
	if action != "wait" || until != now*1000+500+10_000 {
		t.Errorf("%s until %d", action, until)
	}
}
