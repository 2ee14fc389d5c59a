package recordcheck

import (
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/internal/refusal"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

const (
	now    = 1_800_000_000
	issuer = "https://issuer.example"
	news   = "https://news.example"
)

var (
	private = ed25519.NewKeyFromSeed(make([]byte, 32))
	public  = private.Public().(ed25519.PublicKey)
	jwks    = []byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":"` + jws.EncodeBase64URL(public) + `"}]}`)
)

func code(err error) string {
	var r *refusal.Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	return ""
}

func header(t *testing.T) (string, string) {
	t.Helper()
	record, err := pst.SignRecord(jws.NewEd25519Signer("k", private), pst.NewRecord(issuer, news, pst.ViaPolyfill, 3, time.Unix(now, 0), 24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	h, err := pst.FormatRedemptionRecordHeader([]pst.OriginRecord{{Origin: issuer, Record: record}})
	if err != nil {
		t.Fatal(err)
	}
	return h, record
}

func TestARecordIsReadJudgedAndConfirmed(t *testing.T) {
	h, want := header(t)
	for _, in := range [][2]string{{h, ""}, {"", h}, {h, "ignored"}} {
		more, from, record, err := ReadRecord(in[0], in[1], 0)
		if !more || from != issuer || record != want || err != nil {
			t.Errorf("%v %s %v", more, from, err)
		}
		if more, _, _, err := ReadRecord(in[0], in[1], 1); more || err != nil {
			t.Errorf("a second record: %v %v", more, err)
		}
	}
	alg, key, input, signature, err := JudgeRecord(issuer, jwks, want, now)
	if err != nil || alg != "EdDSA" || len(key) == 0 || !ed25519.Verify(public, input, signature) {
		t.Fatal(alg, err)
	}
	from, keyID, via, site, id, issued, expires, err := ConfirmRecord(want, true, news, "", "", "", false)
	if err != nil || from != issuer || keyID != 3 || via != pst.ViaPolyfill || site != news || id != "" || issued != now || expires != now+24*3600 {
		t.Errorf("%s %d %s %s %q %d %d %v", from, keyID, via, site, id, issued, expires, err)
	}
}

func TestRecordsAreRefused(t *testing.T) {
	_, record := header(t)
	if _, _, _, err := ReadRecord("", "", 0); code(err) != "no_record" {
		t.Error(err)
	}
	if _, _, _, err := ReadRecord("x", "", 0); code(err) != "header_invalid" {
		t.Error(err)
	}
	for want, judge := range map[string]func() error{
		"keyset_invalid": func() error { _, _, _, _, err := JudgeRecord(issuer, nil, record, now); return err },
		pst.RecordCodeExpired: func() error {
			_, _, _, _, err := JudgeRecord(issuer, jwks, record, now+24*3600)
			return err
		},
		pst.RecordCodeIssuer: func() error { _, _, _, _, err := JudgeRecord(news, jwks, record, now); return err },
		"signature_invalid": func() error {
			_, _, _, _, _, _, _, err := ConfirmRecord(record, false, news, "", "", "", false)
			return err
		},
		"origin_unknown": func() error {
			_, _, _, _, _, _, _, err := ConfirmRecord(record, true, "", "", "", "", false)
			return err
		},
		"origin_mismatch": func() error {
			_, _, _, _, _, _, _, err := ConfirmRecord(record, true, "https://ads.example", "", "", "", false)
			return err
		},
		"issuer_unknown": func() error { _, err := RefuseRecord("issuer_unknown"); return err },
	} {
		if err := judge(); code(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if known, err := RefuseRecord("made_up"); known || err != nil {
		t.Error("a refusal of no name")
	}
	// A frame of ours sends what it has from the site around it.
	if _, _, _, _, _, _, _, err := ConfirmRecord(record, true, "https://ads.example", "", "https://ads.example https://x.example", news, false); err != nil {
		t.Error(err)
	}
}
