package ads

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/look"
	kit "github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/rpserver/record"
)

const nothingTitle, nothingText = "No redemption record has arrived here yet.",
	"Open the newspaper, press \"Use one token\", and try again when its ad has changed."

// tamper sends the last record again with another redeeming site in its claims,
// the signature as it was.
func (s *site) tamper(r *http.Request) look.Outcome {
	return s.withRecord(r.Context(), func(_ *http.Request, list []pst.OriginRecord) string {
		for i := range list {
			part := strings.Split(list[i].Record, ".")
			if len(part) != 3 {
				continue
			}
			claims, err := base64.RawURLEncoding.DecodeString(part[1])
			if err != nil {
				continue
			}
			changed := strings.ReplaceAll(string(claims), s.origins.News, s.origins.Shop)
			list[i].Record = part[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(changed)) + "." + part[2]
		}
		return "the last record with " + s.origins.Shop + " as the site that redeemed, its signature as it was"
	})
}

// otherSite sends the last record as a request from another site's page: one
// without Origin, whose Referer tells where it comes from.
func (s *site) otherSite(r *http.Request) look.Outcome {
	return s.withRecord(r.Context(), func(req *http.Request, _ []pst.OriginRecord) string {
		req.Header.Del("Origin")
		req.Header.Set("Referer", s.origins.Shop+"/")
		return "the last record, as it came, from a page of " + s.origins.Shop
	})
}

// forge sends a record that the network signed itself, with no signature that
// the issuer could have made.
func (s *site) forge(r *http.Request) look.Outcome {
	return s.withRecord(r.Context(), func(_ *http.Request, list []pst.OriginRecord) string {
		for i := range list {
			_, rest, _ := strings.Cut(list[i].Record, ".")
			payload, _, _ := strings.Cut(rest, ".")
			const none = "eyJhbGciOiJub25lIiwidHlwIjoicHN0LXJyK2p3dCJ9" // {"alg":"none","typ":"pst-rr+jwt"}
			list[i].Record = none + "." + payload + "."
		}
		return "the claims of the last record under the header {\"alg\":\"none\"}, without a signature"
	})
}

// withRecord takes the last request that carried a record, lets change alter
// it, and asks for an ad with it.
func (s *site) withRecord(ctx context.Context, change func(*http.Request, []pst.OriginRecord) string) look.Outcome {
	last, ok := s.received.Again(ctx, s.origins.Ads)
	if !ok {
		return instrument.Nothing(nothingTitle, nothingText)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.origins.Ads+"/ad", nil)
	if err != nil {
		return instrument.Unreachable(err)
	}
	instrument.Mark(req)
	req.Header.Set("Origin", s.origins.News)
	name, value := record.HeaderNative, last.Header.Get(record.HeaderNative)
	if value == "" {
		name, value = record.HeaderPolyfill, last.Header.Get(record.HeaderPolyfill)
	}
	list, err := pst.ParseRedemptionRecordHeader(value)
	if err != nil {
		return instrument.Nothing(nothingTitle, nothingText)
	}
	sent := change(req, list)
	if value, err = pst.FormatRedemptionRecordHeader(list); err != nil {
		return instrument.Nothing(nothingTitle, nothingText)
	}
	req.Header.Set(name, value)
	got, err := instrument.Try(s.client, req)
	if err != nil {
		return instrument.Unreachable(err)
	}
	return judged(got, sent)
}

// judged reports what the ad server made of a record. Its refusal is not an
// error status: everybody gets an ad, and this is the plain one.
func judged(got *instrument.Refusal, sent string) look.Outcome {
	var a answer
	if got.Status != http.StatusOK || json.Unmarshal([]byte(got.Body), &a) != nil {
		return got.Outcome(sent)
	}
	o := look.Outcome{State: kit.Refused, Title: a.Reason, Text: "The record counted for nothing: the plain ad was served.",
		Evidence: []look.Evidence{{Name: "sent", Value: sent}, {Name: "code", Value: a.Code}, {Name: "answer", Value: got.Body}}}
	if a.Ad != plainAd.kind {
		o.State, o.Title, o.Text = kit.Failed, "The attack was not refused.", "It should have been. This is a fault of the software: please report it."
	}
	return o
}
