package keyring

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// keys reads "2:current@180 1:retired@90/-90": the id, the state, the day on which
// the key expires and the one since which it is published.
func keys(t *testing.T, text string) (list []Key) {
	t.Helper()
	for word := range strings.FieldsSeq(text) {
		k := Key{Text: "made-before"}
		word, published, known := strings.Cut(word, "/")
		word, expires, ends := strings.Cut(word, "@")
		id, state, _ := strings.Cut(word, ":")
		k.State = State(state)
		var e, p int
		fmt.Sscan(id, &k.ID)
		fmt.Sscan(expires, &e)
		fmt.Sscan(published, &p)
		if ends {
			k.Expires = day(e)
		}
		if known {
			k.Published = day(p)
		}
		list = append(list, k)
	}
	return list
}

func written(list []Key) string {
	var words []string
	for _, k := range list {
		w := number(k.ID) + ":" + string(k.State)
		if !k.Expires.IsZero() {
			w += fmt.Sprint("@", (k.Expires.Unix()-start.Unix())/86400)
		}
		if k.Text == "" {
			w += "+"
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}

const days = 24 * time.Hour

// The rules of each kind.
var (
	tokens   = Rules{Ahead: true, Every: 90 * days, Notice: 7 * days, Most: 6}
	records  = Rules{Keep: 2 * days}
	provider = Rules{Ahead: true, Notice: 7 * days, Keep: 1 * days}
)

// A key that is to be made has a plus.
func TestRotate(t *testing.T) {
	for _, c := range []struct {
		name     string
		rules    Rules
		day      int
		ring     string
		want     string // of an error: what it says
		mistaken bool
	}{
		{"the first time", tokens, 0, "", "1:current@180+ 2:next@270+", false},
		{"in its turn", tokens, 90, "1:current@180 2:next@270/0", "2:current@270 1:retired@180 3:next@360+", false},
		{"in its turn again", tokens, 180, "2:current@270 1:retired@180 3:next@360/90", "3:current@360 2:retired@270 4:next@450+", false},
		{"early", tokens, 10, "1:current@180 2:next@270/0", "2:current@270 1:retired@180 3:next@360+", false},
		{"too early", tokens, 6, "1:current@180 2:next@270/0", "Rotate after 2026-12-04T20:00:00Z", true},
		{"on the day", tokens, 7, "1:current@180 2:next@270/0", "2:current@270 1:retired@180 3:next@360+", false},
		{"nobody knows since when", tokens, 90, "1:current@180 2:next@270", "published=2027-02-25T20:00:00Z", true},
		{"nobody knows since when, without notice", Rules{Ahead: true, Every: 90 * days}, 90, "1:current@180 2:next@270", "2:current@270 1:retired@180 3:next@360+", false},
		{"there is no next key", tokens, 30, "7:current@180", "7:current@180 8:next@300+", false},
		{"there is no next key and the current one lives long", tokens, 30, "7:current@1000", "7:current@1000 8:next@1090+", false},
		{"the current key has expired", tokens, 200, "1:current@180 2:next@270/199", "2:current@270 3:next@470+", false},
		{"the current key expires now", tokens, 180, "1:current@180 2:next@270/179", "2:current@270 3:next@450+", false},
		{"the current key has expired, and there is no next one", tokens, 200, "1:current@180 0:retired@300", "2:current@380+ 0:retired@300 3:next@470+", false},
		{"all have expired", tokens, 10_000, "3:current@180 2:retired@90 4:next@270", "5:current@10180+ 6:next@10270+", false},
		{"of two next keys the one that ends first", tokens, 90, "1:current@180 3:next@360/0 2:next@270/0", "2:current@270 1:retired@180 3:next@360 4:next@360+", false},
		{"six are there", tokens, 90, "5:current@500 4:retired@400 3:retired@300 2:retired@200 1:retired@190 6:next@600/0", "6 keys that have not expired, and no more than 6 can be published. The first of them expires at 2027-06-05T20:00:00Z", true},
		{"one of six has expired", tokens, 190, "5:current@500 4:retired@400 3:retired@300 2:retired@200 1:retired@190 6:next@600/0", "6:current@600 5:retired@500 4:retired@400 3:retired@300 2:retired@200 7:next@690+", false},
		{"no ids are left", tokens, 90, "4294967294:current@180 2:next@270/0", "no key ids left", true},
		{"turns of 179 years", Rules{Ahead: true, Every: 65535 * days}, 0, "", "1:current@131070+ 2:next@196605+", false},
		{"the last ids", tokens, 200, "4294967293:current@180", "4294967294:current@380+ 4294967295:next@470+", false},

		{"the first record key", records, 0, "", "1:current+", false},
		{"a record key at once", records, 0, "1:current/0", "2:current+ 1:retired@2", false},
		{"a retired record key stays", records, 1, "2:current/0 1:retired@2", "3:current+ 2:retired@3 1:retired@2", false},
		{"and goes", records, 2, "2:current/0 1:retired@2", "3:current+ 2:retired@4", false},
		{"a retired one of which nobody knows", records, 5, "2:current 1:retired", "3:current+ 2:retired@7 1:retired@7", false},

		{"the first provider key", provider, 0, "", "1:current+ 2:next+", false},
		{"a provider key in its turn", provider, 30, "1:current 2:next/0", "2:current 1:retired@31 3:next+", false},
		{"a provider key too early", provider, 1, "1:current 2:next/0", "Rotate after", true},
	} {
		kind := Token
		if c.rules.Every == 0 && c.rules.Keep > 0 {
			kind = Provider
		}
		before := Ring{Kind: kind, Keys: keys(t, c.ring)}
		if kind == Token {
			before.Commitment = 7
		}
		given := written(before.Keys)
		got, err := Rotate(before, day(c.day), c.rules)
		switch {
		case written(before.Keys) != given:
			t.Errorf("%s: the ring that was given was changed: %s", c.name, written(before.Keys))
		case c.mistaken:
			if err == nil || !strings.Contains(err.Error(), c.want) || written(got.Keys) != given || got.Commitment != before.Commitment {
				t.Errorf("%s: %s, %v; want %q", c.name, written(got.Keys), err, c.want)
			}
			continue
		case err != nil || written(got.Keys) != c.want:
			t.Errorf("%s: %s, %v; want %s", c.name, written(got.Keys), err, c.want)
		case kind == Token && got.Commitment != 8, kind != Token && got.Commitment != 0:
			t.Errorf("%s: commitment %d", c.name, got.Commitment)
		}
		for i := range got.Keys {
			k := &got.Keys[i]
			if k.Text == "" && !k.Published.Equal(day(c.day)) {
				t.Errorf("%s: %v is new and published since %v", c.name, k, k.Published)
			}
			if k.Text == "" {
				k.Text = "made"
			}
		}
		if err := got.Check(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestWithdraw(t *testing.T) {
	for _, c := range []struct {
		name     string
		day      int
		id       uint32
		ring     string
		want     string
		mistaken bool
	}{
		{"the current key, however new the next one is", 1, 1, "1:current@180 2:next@270/0", "2:current@270 3:next@360+", false},
		{"the current key without a next one", 1, 1, "1:current@180 0:retired@90", "2:current@181+ 0:retired@90 3:next@271+", false},
		{"the next key", 1, 2, "1:current@180 2:next@270/0", "1:current@180 3:next@271+", false},
		{"a retired key", 1, 1, "2:current@270 1:retired@180 3:next@360/0", "2:current@270 3:next@360", false},
		{"one of seven", 1, 7, "6:current@500 1:retired@90 2:retired@91 3:retired@92 4:retired@93 5:retired@94 7:next@600 8:next@700", "6:current@500 1:retired@90 2:retired@91 3:retired@92 4:retired@93 5:retired@94 8:next@700", false},
		{"none of these", 1, 9, "1:current@180", "there is no key 9", true},
		{"an expired one", 180, 1, "1:current@180 2:next@270/0", "has expired", true},
		{"no ids are left", 1, 1, "1:current@180 4294967294:next@270/0", "no key ids left", true},
	} {
		before := Ring{Kind: Token, Commitment: 7, Keys: keys(t, c.ring)}
		got, err := Withdraw(before, c.id, day(c.day), tokens)
		switch {
		case written(before.Keys) != written(keys(t, c.ring)):
			t.Errorf("%s: the ring that was given was changed: %s", c.name, written(before.Keys))
		case c.mistaken:
			if err == nil || !strings.Contains(err.Error(), c.want) || got.Commitment != 7 {
				t.Errorf("%s: %s, %v; want %q", c.name, written(got.Keys), err, c.want)
			}
		case err != nil || written(got.Keys) != c.want || got.Commitment != 8:
			t.Errorf("%s: %s, %v; want %s", c.name, written(got.Keys), err, c.want)
		}
	}
}

// The clock's zone and its hidden reading stay out of the text.
func TestRotateTakesAnyClock(t *testing.T) {
	for _, now := range []time.Time{time.Now(), start.In(time.FixedZone("", 3600))} {
		r, err := Rotate(Ring{Kind: Token}, now, tokens)
		if err != nil {
			t.Fatal(err)
		}
		for i := range r.Keys {
			r.Keys[i].Text = "made"
		}
		text, err := r.Text()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(text)
		if err != nil || fmt.Sprintf("%+v", again) != fmt.Sprintf("%+v", r) || again.Keys[0].Published != r.Keys[0].Published {
			t.Errorf("%v, %v; want %v", again.Keys[0].Published, err, r.Keys[0].Published)
		}
	}
}

func TestRolesAtATime(t *testing.T) {
	list := keys(t, "2:current@2 1:retired@1 3:next@3 4:next")
	for at, want := range map[time.Time]string{
		start:                    "current retired next next",
		day(1):                   "current expired next next",
		day(2).Add(-time.Second): "current expired next next",
		day(2):                   "expired expired next next",
		day(3):                   "expired expired expired next",
	} {
		var got []string
		for _, k := range list {
			got = append(got, string(k.Role(at)))
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%v: %s, want %s", at, s, want)
		}
	}
}
