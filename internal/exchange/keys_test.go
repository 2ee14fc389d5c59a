package exchange_test

import (
	"encoding/base64"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/internal/keyring"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func TestKeysSurviveTheirText(t *testing.T) {
	a, b := derive(t, 7, "a"), derive(t, 1<<32-1, "b")
	set, err := pst.NewKeySet(a, b)
	if err != nil {
		t.Fatal(err)
	}
	expiry := map[uint32]time.Time{7: now.Add(time.Hour), 1<<32 - 1: now.Add(2 * time.Hour)}
	keys, err := exchange.NewKeys(set, expiry)
	if err != nil {
		t.Fatal(err)
	}
	word := func(k *pst.PrivateKey) string {
		return base64.StdEncoding.EncodeToString(k.Bytes()) + "," + expiry[k.ID()].Format(time.RFC3339)
	}
	first := "# the issuer's keys\n\n  " + word(a) + "\n\t" + word(b) + "\n# end\n"
	for _, text := range []string{keys.Secret(), strings.TrimSuffix(keys.Secret(), "\n"), first, word(a) + " " + word(b), strings.ReplaceAll(first, "\n", "\r\n")} {
		got, err := exchange.ParseKeys(text)
		if err != nil {
			t.Fatal(err)
		}
		if got.Secret() != keys.Secret() || got.Set().Active().ID() != 7 {
			t.Errorf("%q became other keys", text)
		}
		if e := got.Expiry(); len(e) != 2 || !e[1<<32-1].Equal(now.Add(2*time.Hour)) {
			t.Errorf("expiry %v", e)
		}
		if r := got.Ring(); fmt.Sprint(r.Keys) != "[key 7 (current) key 4294967295 (next)]" {
			t.Errorf("%v", r)
		}
	}
	c, err := keys.Commitment(5, 30)
	if err != nil || c.ID != 5 || c.BatchSize != 30 || len(c.Keys) != 2 || c.Keys[1].Label != "4294967295" || c.Keys[0].Expiry != now.Add(time.Hour).UnixMicro() {
		t.Errorf("%+v, %v", c, err)
	}
	if k, refused := keys.Signing(now.Add(time.Hour - 1)); refused != nil || k.ID() != 7 {
		t.Errorf("a moment before it expires: %v", refused)
	}
	if _, refused := keys.Signing(now.Add(time.Hour)); refused != exchange.NoActiveKey {
		t.Errorf("once it has expired: %v", refused)
	}
}

// The current key signs, wherever it stands.
func TestTheCurrentKeySigns(t *testing.T) {
	ring := keyring.Ring{Kind: keyring.Token, Commitment: 4, Batch: 20}
	for id, state := range []keyring.State{keyring.Retired, keyring.Next, keyring.Current} {
		ring.Keys = append(ring.Keys, keyring.Key{ID: uint32(id), State: state, Expires: now.AddDate(0, 0, 1)})
	}
	if _, err := exchange.RingKeys(ring); err == nil {
		t.Error("keys that are not made yet were taken")
	}
	if err := exchange.MakeKeys(&ring); err != nil {
		t.Fatal(err)
	}
	made := ring.Keys[0].Text
	if err := exchange.MakeKeys(&ring); err != nil || ring.Keys[0].Text != made {
		t.Error("a key was made anew")
	}
	keys, err := exchange.RingKeys(ring)
	if err != nil || keys.Set().Active().ID() != 2 || !reflect.DeepEqual(keys.Ring(), ring) {
		t.Fatalf("%v, %v", keys, err)
	}
	ring.Kind, ring.Commitment, ring.Batch = keyring.Gate, 0, 0
	if _, err := exchange.RingKeys(ring); err == nil {
		t.Error("keys of another kind were taken")
	}
}

func TestKeysThatAreRefused(t *testing.T) {
	good := base64.StdEncoding.EncodeToString(derive(t, 1, "a").Bytes())
	const exp = ",2027-05-01T00:00:00Z"
	var seven strings.Builder
	for id := range uint32(7) {
		seven.WriteString(base64.StdEncoding.EncodeToString(derive(t, id, "x").Bytes()) + exp + "\n")
	}
	zero := base64.StdEncoding.EncodeToString(make([]byte, 52))
	ring := func(id, key string) string {
		return "bonafides-keyring=1 kind=token\nid=" + id + " state=current expires=2027-05-01T00:00:00Z key=" + key + "\n"
	}
	if _, err := exchange.ParseKeys(ring("1", good)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"nothing": {"", "no token keys"}, "only a comment": {"# " + good + exp, "no token keys"}, "no expiry": {good, "token key 1"}, "an empty expiry": {good + ",", "token key 1"},
		"expiry in seconds": {good + ",1790000000", "token key 1"}, "expiry without a zone": {good + ",2027-05-01T00:00:00", "token key 1"},
		"expiry before 1970": {good + ",1969-05-01T00:00:00Z", "token key 1"}, "not base64": {"!" + good[1:] + exp, "token key 1"}, "no padding": {strings.TrimRight(good, "=") + exp, "token key 1"},
		"cut short": {good[4:] + exp, "token key 1"}, "scalar of zero": {zero + exp, "token key 1"}, "one key twice": {good + exp + " " + good + exp, "token key 2"},
		"seven keys": {seven.String(), "between 1 and 6"}, "three fields": {good + exp + ",x", "token key 1"}, "spaces around the comma": {good + " , " + exp[1:], "token key 1"},
		"a ring with another id":       {ring("2", good), "line 2: the id is not that of the key"},
		"a ring with a scalar of zero": {ring("0", zero), "line 2: the key is not 52 bytes"},
		"a ring with a short key":      {ring("1", good[4:]), "line 2: the key is not 52 bytes"},
		"a ring without padding":       {ring("1", strings.TrimRight(good, "=")), "line 2: the key is not the base64"},
		"a ring of record keys":        {strings.Replace(ring("1", good), "token", "record", 1), "kind record"},
	} {
		k, err := exchange.ParseKeys(c.text)
		if err == nil {
			t.Errorf("%s: accepted as %v", name, k.Set().Active().ID())
			continue
		}
		if strings.Contains(err.Error(), good[8:20]) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q and nothing of the key", name, err, c.want)
		}
	}
	if _, err := exchange.NewKeys(nil, nil); err == nil {
		t.Error("no keys were accepted")
	}
}

func TestOrphans(t *testing.T) {
	make := func(ids ...uint32) *exchange.Keys {
		var keys []*pst.PrivateKey
		expiry := map[uint32]time.Time{}
		for _, id := range ids {
			keys = append(keys, derive(t, id, "a"))
			expiry[id] = now.AddDate(0, 0, int(id))
		}
		set, err := pst.NewKeySet(keys[0], keys[1:]...)
		if err != nil {
			t.Fatal(err)
		}
		k, err := exchange.NewKeys(set, expiry)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	k := make(2, 1, 3)
	if lost := k.Orphaned(make(3, 2, 1, 4), now); len(lost) != 0 {
		t.Errorf("a rotation orphans %v", lost)
	}
	if lost := k.Orphaned(make(3, 4), now.AddDate(0, 0, 1)); len(lost) != 1 || lost[0] != 2 {
		t.Errorf("%v, want key 2 alone: key 1 has expired", lost)
	}
	other, _ := pst.NewKeySet(derive(t, 2, "b"))
	replaced, _ := exchange.NewKeys(other, map[uint32]time.Time{2: now.AddDate(1, 0, 0)})
	if lost := make(2).Orphaned(replaced, now); len(lost) != 1 {
		t.Error("another key with the same id took over")
	}
	same, _ := pst.NewKeySet(derive(t, 2, "a"))
	shorter, _ := exchange.NewKeys(same, map[uint32]time.Time{2: now.Add(time.Hour)})
	if lost := make(2).Orphaned(shorter, now); len(lost) != 1 {
		t.Error("an earlier expiry is no loss")
	}
}

func TestRecordKeysAreReadByWhatTheyAreFor(t *testing.T) {
	b := func(c byte) []byte { return []byte(strings.Repeat(string(c), 32)) }
	std := base64.StdEncoding.EncodeToString
	text, err := keyring.Ring{Kind: keyring.Record, Keys: []keyring.Key{
		{ID: 3, State: keyring.Next, Text: exchange.RecordKeyText(b('n'))},
		{ID: 1, State: keyring.Retired, Expires: now, Text: exchange.RetiredKeyText(b('r'))},
		{ID: 2, State: keyring.Current, Text: exchange.RecordKeyText(b('c'))},
	}}.Text()
	if err != nil {
		t.Fatal(err)
	}
	got, err := exchange.ParseRecordKeys(text)
	if err != nil || !reflect.DeepEqual(got, &exchange.RecordKeys{Seeds: [][]byte{b('c'), b('n')}, Retired: [][]byte{b('r')}}) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err = exchange.ParseRecordKeys(std(b('c')) + " " + std(b('r'))); err != nil || !reflect.DeepEqual(got, &exchange.RecordKeys{Seeds: [][]byte{b('c')}, Retired: [][]byte{b('r')}}) {
		t.Errorf("the first form: %v, %v", got, err)
	}
	// A seed that was retired by hand is a secret, and would be published.
	for name, c := range map[string]struct{ from, to, want string }{
		"a retired seed":          {"key=public:", "key=seed:", "line 3: a retired record key is public:"},
		"a public key that signs": {exchange.RecordKeyText(b('c')), exchange.RetiredKeyText(b('c')), "line 4: a current record key is seed:"},
		"a seed without its name": {exchange.RecordKeyText(b('n')), std(b('n')), "line 2: a next record key is seed:"},
		"31 bytes":                {std(b('c')), std(b('c')[1:]), "line 4"},
		"no padding":              {std(b('c')), strings.TrimRight(std(b('c')), "="), "line 4"},
	} {
		changed := strings.Replace(text, c.from, c.to, 1)
		if _, err := exchange.ParseRecordKeys(changed); changed == text || err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), std(b('r'))) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
