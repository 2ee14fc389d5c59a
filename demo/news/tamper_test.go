package news

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
	kit "github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/rpserver/record"
)

func TestTamperRecordSendsARecordThatDiffersInOneCharacter(t *testing.T) {
	const good = "aGVhZA.Y2xhaW1z.c2lnbmF0dXJl"
	header, err := pst.FormatRedemptionRecordHeader([]pst.OriginRecord{{Origin: "http://issuer.localhost", Record: good}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	c := &clock{t: time.Now()}
	server := httptest.NewServer(nil)
	defer server.Close()
	h, err := New(Config{
		Origins: instrument.Origins{Issuer: "http://issuer.localhost", News: server.URL, Ads: "http://ads.localhost"},
		Hub:     trace.NewHub(), Client: server.Client(), Now: c.now,
		Records: checkerFunc(func(r *http.Request) record.Result {
			list, err := pst.ParseRedemptionRecordHeader(r.Header.Get(record.HeaderNative))
			if err != nil || len(list) != 1 {
				return record.Refused{Code: "header_invalid", Detail: "unreadable"}
			}
			got = append(got, list[0].Record)
			if list[0].Record != good {
				return record.Refused{Code: "signature_invalid", Detail: "The signature does not verify."}
			}
			return record.Vouched{}
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = h
	attack := func() look.Outcome {
		r, _ := http.NewRequest(http.MethodPost, server.URL+"/attack/tamper-record", nil)
		r.Header.Set("Accept", "application/json")
		resp, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var o look.Outcome
		if err := json.NewDecoder(resp.Body).Decode(&o); err != nil {
			t.Fatal(err)
		}
		return o
	}
	if o := attack(); o.State != kit.Failed || len(got) != 0 {
		t.Fatalf("before any record arrived: %+v", o)
	}
	r, _ := http.NewRequest(http.MethodPost, server.URL+"/vote", strings.NewReader("option=yes"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", server.URL)
	r.Header.Set(record.HeaderNative, header)
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	o := attack()
	if o.State != kit.Refused || o.Title != "The signature does not verify." {
		t.Errorf("%+v", o)
	}
	if len(got) != 2 || got[0] != good || len(got[1]) != len(good) {
		t.Fatalf("records received: %q", got)
	}
	differ := 0
	for i := range good {
		if good[i] != got[1][i] {
			differ++
		}
	}
	if differ != 1 {
		t.Errorf("the tampered record differs in %d characters", differ)
	}
}
