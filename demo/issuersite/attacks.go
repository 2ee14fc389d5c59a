package issuersite

import (
	"encoding/base64"
	"net/http"

	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// isRedemption tells the requests that spend a token from all others.
func isRedemption(r *http.Request) bool {
	switch r.URL.Path {
	case issuer.RedeemPath, issuer.TrustTokenPath, issuer.PolyfillRedeemPath:
	default:
		return false
	}
	b, err := base64.StdEncoding.DecodeString(r.Header.Get(tokenHeader(r)))
	return err == nil && pst.IsRedeemRequest(b)
}

// tokenHeader names the header that carries the token: the browser's own, or the
// polyfill's at its endpoint.
func tokenHeader(r *http.Request) string {
	if r.URL.Path == issuer.PolyfillRedeemPath {
		return exchange.Polyfill.Token
	}
	return pst.HeaderToken
}

func nothingRedeemed() look.Outcome {
	return instrument.Nothing("No token has been redeemed here yet.",
		"Get tokens, open the newspaper, press \"Use one token\", and try again.")
}

// replay sends the last redemption that really arrived once more, byte for
// byte.
func (s *site) replay(r *http.Request) look.Outcome {
	req, ok := s.received.Again(r.Context(), s.origins.Issuer)
	if !ok {
		return nothingRedeemed()
	}
	got, err := instrument.Try(s.client, req)
	if err != nil {
		return instrument.Unreachable(err)
	}
	return got.Outcome("the last redemption request, every byte as it was")
}

// tamper sends it with one bit of the token's nonce changed: a token that was
// never issued.
func (s *site) tamper(r *http.Request) look.Outcome {
	req, ok := s.received.Again(r.Context(), s.origins.Issuer)
	if !ok {
		return nothingRedeemed()
	}
	b, err := base64.StdEncoding.DecodeString(req.Header.Get(tokenHeader(req)))
	// u16 length, u32 key id, then the nonce (Private State Token API, "Redeem
	// request").
	const nonceAt = 2 + 4
	if err != nil || len(b) <= nonceAt {
		return nothingRedeemed()
	}
	b[nonceAt] ^= 1
	req.Header.Set(tokenHeader(req), base64.StdEncoding.EncodeToString(b))
	got, err := instrument.Try(s.client, req)
	if err != nil {
		return instrument.Unreachable(err)
	}
	return got.Outcome("the last redemption request, one bit of the token's nonce changed")
}
