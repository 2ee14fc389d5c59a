package mirror

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func TestWhatIsNoCommitmentChangesNothing(t *testing.T) {
	m := newMirrorOf(t)
	good := commitment(t, 5, published{id: 1})
	m.after(0, good, Taken)
	for name, body := range map[string]string{
		"nothing": "", "a page": "<!doctype html>", "an empty object": "{}", "twice": string(good) + string(good),
		"no keys":            `{"PrivateStateTokenV1VOPRF":{"protocol_version":"PrivateStateTokenV1VOPRF","id":6,"batchsize":1,"keys":{}}}`,
		"a duplicate name":   strings.Replace(string(good), `"id":5`, `"id":5,"id":6`, 1),
		"longer than 64 KiB": string(good) + strings.Repeat(" ", 64<<10),
		"by own, as Chrome":  `{"` + own + `":` + string(good) + `}`,
	} {
		if e := m.after(8*day/8, []byte(body), Malformed); !e[0].Trouble {
			t.Errorf("%s: %+v", name, e)
		}
		m.publishes(1)
	}
	if e := m.answered(hour, Answer{Issuer: own, Err: errors.New("dial: port 1")}, Unanswered); !e[0].Trouble || e[0].Again {
		t.Errorf("%+v", e)
	}
	if e := m.answered(hour, Answer{Issuer: own, Err: errors.New("dial: port 2")}, Unanswered); !e[0].Again {
		t.Errorf("%+v", e)
	}
	m.publishes(1)
	m.after(hour, good)
}

func TestAnOlderCopyOutOfACacheChangesNothing(t *testing.T) {
	m := newMirrorOf(t)
	older, newer := commitment(t, 1, published{id: 1}), commitment(t, 2, published{id: 1}, published{id: 2})
	m.after(0, newer, Taken, Taken)
	m.after(hour, older, Old)
	m.publishes(1, 2)
	m.after(hour, newer)
	m.publishes(1, 2)
}

// One bad answer, by mistake or by somebody else's hand, may not shut an issuer out
// longer than the keys last that it had.
func TestACommitmentIDServedOnceByMistakeCountsUntilTheKeysHaveExpired(t *testing.T) {
	m := newMirrorOf(t)
	m.after(0, commitment(t, 1, published{id: 1}), Taken)
	m.after(time.Hour, commitment(t, 2147483647, published{id: 1}), Changed)
	m.after(time.Hour, commitment(t, 2, published{id: 1}), Old)
	fresh := commitment(t, 3, published{id: 2, expiry: later.AddDate(1, 0, 0)})
	m.after(time.Hour, fresh, Old)
	m.after(later.Sub(m.now), fresh, Expired, Changed, Added)
	m.after(day, commitment(t, 4, published{id: 2, expiry: later.AddDate(1, 0, 0)}), Changed)
}

func TestIssuersDoNotDisturbEachOther(t *testing.T) {
	other := "https://other.example"
	list := []string{own, other}
	state, _ := Update(State{}, []Answer{{Issuer: other, Body: commitment(t, 1, published{id: 2})}, {Issuer: own, Body: commitment(t, 1, published{id: 1})}}, start)
	doc := state.Document(list)
	if want := `{"bonafides":1,"issuers":{"https://issuer.example":` + string(relabelled(t, 1)) + `,"https://other.example":` + string(relabelled(t, 2)) + `}}`; string(doc) != want {
		t.Errorf("%s\nwant\n%s", doc, want)
	}
	if !bytes.Equal(doc, state.Document([]string{other, own, other})) {
		t.Error("the order of the list is in the document")
	}
	state, _ = Update(state, []Answer{{Issuer: own, Body: []byte("x")}, {Issuer: other, Body: commitment(t, 2, published{id: 2})}}, start.Add(hour))
	if !bytes.Equal(doc, bytes.Replace(state.Document(list), []byte(`"id":2,`), []byte(`"id":1,`), 1)) {
		t.Errorf("%s", state.Document(list))
	}
	// Who is struck off the list is not in the document, and no newcomer when it is
	// put back.
	if got := state.Document([]string{other}); bytes.Contains(got, []byte(own)) {
		t.Errorf("%s", got)
	}
	state, _ = Update(state, []Answer{{Issuer: other, Body: commitment(t, 2, published{id: 2})}}, start.Add(2*hour))
	_, events := Update(state, []Answer{
		{Issuer: own, Body: commitment(t, 1, published{id: 1, which: 1})}, {Issuer: other, Body: commitment(t, 2, published{id: 2})},
	}, start.Add(3*hour))
	if len(events) != 2 || events[0].Code != Listed || events[1].Code != Replaced {
		t.Errorf("%+v", events)
	}
}

func TestWhoIsStruckOffTheListIsNamedOnce(t *testing.T) {
	other := "https://other.example"
	answers := []Answer{{Issuer: own, Body: commitment(t, 1, published{id: 1})}, {Issuer: other, Body: commitment(t, 1, published{id: 2})}}
	state, _ := Update(State{}, answers, start)
	state, events := Update(state, answers[:1], start.Add(hour))
	if len(events) != 1 || events[0].Code != Unlisted || events[0].Issuer != other || events[0].Trouble || events[0].Again {
		t.Errorf("%+v", events)
	}
	if state, events = Update(state, answers[:1], start.Add(2*hour)); len(events) != 1 || !events[0].Again {
		t.Errorf("%+v", events)
	}
	// Back on the list it is no newcomer.
	if state, events = Update(state, answers, start.Add(3*hour)); len(events) != 1 || events[0].Code != Listed || events[0].Issuer != other {
		t.Errorf("%+v", events)
	}
	if _, events = Update(state, answers, start.Add(4*hour)); len(events) != 0 {
		t.Errorf("%+v", events)
	}
}

// Each change is one more document that is kept for good.
func TestAnIssuerThatChangesWhatIsNoKeyEachHourMakesADocumentADay(t *testing.T) {
	m := newMirrorOf(t)
	m.after(0, commitment(t, 1, published{id: 1}), Taken)
	documents, said := map[string]bool{}, 0
	for n := 1; n <= 10*24; n++ {
		m.now = m.now.Add(hour)
		var events []Event
		m.state, events = Update(m.state, []Answer{{Issuer: own,
			Body: commitment(t, uint32(n+1), published{id: 1, expiry: later.Add(-time.Duration(n) * time.Second)})}}, m.now)
		documents[string(m.state.Document([]string{own}))] = true
		for _, e := range events {
			if !e.Again {
				said++
			}
		}
	}
	if len(documents) > 12 || said > 60 {
		t.Errorf("%d documents and %d lines in ten days", len(documents), said)
	}
	// An end that is here is taken at once.
	m.after(hour, commitment(t, 1000, published{id: 1, expiry: later.Add(-hour)}), Changed, Shortened)
	m.after(hour, commitment(t, 1001, published{id: 1, expiry: later.Add(-2 * hour)}), Waits, Waits)
	m.after(hour, commitment(t, 1001, published{id: 1, expiry: m.now}), Shortened, Waits, Keyless)
}

// relabelled is the commitment of one key as the document has it.
func relabelled(t *testing.T, id uint32) []byte {
	c := &pst.Commitment{ID: 1, BatchSize: 10, Keys: []pst.CommittedKey{{Label: strconv.Itoa(int(id)), PublicKey: public(t, id, 0), Expiry: later.UnixMicro()}}}
	return c.JSON()
}
