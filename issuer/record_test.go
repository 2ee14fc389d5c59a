package issuer_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

type signer = jws.Signer

func TestSharedRecordsOfOneOriginAndHourAreTheSameBytes(t *testing.T) {
	f := serve(t, nil)
	tokens := append(f.issue("POST", issuer.IssuePath, 5), f.issue("POST", issuer.IssuePath, 1)...)
	hour := start.Truncate(time.Hour)
	f.at(hour)
	first := f.redeem("POST", issuer.RedeemPath, tokens[0], news)
	f.at(hour.Add(time.Hour - time.Nanosecond))
	if other := f.redeem("GET", issuer.TrustTokenPath, tokens[5], news); other != first {
		t.Errorf("records of one hour differ:\n%s\n%s", first, other)
	}
	if other := f.redeem("POST", issuer.RedeemPath, tokens[1], "https://shop.example"); other == first {
		t.Error("records of two origins are the same")
	}
	f.at(hour.Add(time.Hour))
	if other := f.redeem("POST", issuer.RedeemPath, tokens[2], news); other == first {
		t.Error("records of two hours are the same")
	}
	if rec := f.judge(first); rec.ID != "" {
		t.Errorf("a shared record has the id %q", rec.ID)
	}
}

func TestSingleRecordsDifferByTheirID(t *testing.T) {
	f := serve(t, func(_ *fixture, c *issuer.Config) { c.Record = issuer.Single })
	seen := map[string]bool{}
	var common pst.Record
	for _, tok := range f.issue("POST", issuer.IssuePath, 5) {
		rec := f.judge(f.redeem("POST", issuer.RedeemPath, tok, news))
		if len(rec.ID) != 22 || seen[rec.ID] {
			t.Errorf("id %q", rec.ID)
		}
		seen[rec.ID] = true
		rec.ID = ""
		if common != (pst.Record{}) && *rec != common {
			t.Errorf("records differ by more than the id: %+v, %+v", *rec, common)
		}
		common = *rec
	}
}

func TestRecordLifetime(t *testing.T) {
	for _, c := range []struct {
		set  time.Duration
		want string
	}{{0, "86249"}, {2 * time.Hour, "7049"}, {48 * time.Hour, "172649"}} { // it is 151 s past the hour
		f := serve(t, func(_ *fixture, cfg *issuer.Config) { cfg.RecordLifetime = c.set })
		r := f.send("POST", issuer.RedeemPath, redemption(f.issue("POST", issuer.IssuePath, 1)[0], news))
		if got := r.header.Get(pst.HeaderLifetime); got != c.want {
			t.Errorf("lifetime %v: header %q, want %q", c.set, got, c.want)
		}
	}
}

func TestRecordsFitAHeader(t *testing.T) {
	f := serve(t, func(_ *fixture, c *issuer.Config) { c.Record = issuer.Single })
	long := "https://" + strings.Repeat("a", 63) + strings.Repeat("."+strings.Repeat("b", 60), 3) + ".example:65535"
	rec := f.redeem("POST", issuer.RedeemPath, f.issue("POST", issuer.IssuePath, 1)[0], long)
	value, err := pst.FormatRedemptionRecordHeader([]pst.OriginRecord{{Origin: self, Record: rec}})
	if err != nil || len(value) > 2000 {
		t.Errorf("a header of %d bytes, %v", len(value), err)
	}
}

func TestRecordKeysSurviveTheirText(t *testing.T) {
	std := base64.StdEncoding.EncodeToString
	old := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32)).Public().(ed25519.PublicKey)
	text := "# secret\n" + std(recordKey.Seed()) + "\n # retired\r\n" + std(old) + "\n"
	for _, text := range []string{text, std(recordKey.Seed()) + " " + std(old)} {
		key, public, err := issuer.ParseRecordKeys(text)
		if err != nil || !key.Equal(recordKey) || len(public) != 2 || !public[0].Equal(recordKey.Public()) || !public[1].Equal(old) {
			t.Errorf("%q: %v %v", text, public, err)
		}
	}
	for _, text := range []string{"", "# none", "sesame", std(recordKey), std(recordKey.Seed()) + ",", std(recordKey.Seed()[1:]), std(recordKey.Seed()) + " sesame"} {
		if key, _, err := issuer.ParseRecordKeys(text); err == nil || key != nil || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
