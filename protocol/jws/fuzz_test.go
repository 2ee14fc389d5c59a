package jws

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

// Nothing panics, nothing that was not signed is accepted, and what is accepted
// is written in the one canonical way.
func FuzzVerify(f *testing.F) {
	good := edToken(`{"alg":"EdDSA","kid":"k1","typ":"JWT"}`, `{"sub":"1"}`)
	for _, seed := range []string{good, good + ".", "", "..", "....", good[:40], strings.ToLower(good), edToken(`{"alg":"none"}`, ""), edToken(`{"alg":"EdDSA","crit":[]}`, "x"), edToken(`{"alg":"ES256"}`, "x"), edToken(`{"alg":"RS256"}`, "x")} {
		f.Add(seed)
	}
	set, err := ParseKeySet([]byte(`{"keys":[
		{"kty":"OKP","crv":"Ed25519","x":"` + edPublic + `","kid":"k1"},
		{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
		{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}]}`))
	if err != nil || len(set.Keys()) != 3 {
		f.Fatal(err, set.Rejected())
	}
	f.Fuzz(func(t *testing.T, token string) {
		m, err := Verify(token, set, anyJWT)
		if err != nil {
			if refusedAs(err) == "" || strings.Contains(refusedAs(err), " ") {
				t.Fatalf("%v", err)
			}
			return
		}
		dot := strings.LastIndexByte(token, '.')
		sig, err := base64.RawURLEncoding.Strict().DecodeString(token[dot+1:])
		if err != nil || m.Header.Algorithm != EdDSA || !ed25519.Verify(edKey.Public().(ed25519.PublicKey), []byte(token[:dot]), sig) {
			t.Fatalf("accepted: %s", token)
		}
		parts := strings.Split(token, ".")
		if len(parts) != 3 || encode(m.Payload) != parts[1] {
			t.Fatalf("not canonical: %s", token)
		}
	})
}

// Header and payload vary, the signature is always good: the fuzzer explores the
// header's judgement.
func FuzzHeader(f *testing.F) {
	for _, seed := range []string{`{"alg":"EdDSA"}`, `{"alg":"EdDSA","kid":"k1","typ":"JWT","x":[1]}`, `{"alg":"EdDSA","alg":"EdDSA"}`, `{"alg":"EdDSA","jwk":{}}`, `{"alg":"EdDSA","jku":"x","x5c":[]}`, `null`, ``} {
		f.Add(seed, "p")
	}
	set := NewKeySet()
	k, err := ParseKey([]byte(`{"kty":"OKP","crv":"Ed25519","x":"` + edPublic + `","kid":"k1"}`))
	if err != nil {
		f.Fatal(err)
	}
	set = NewKeySet(k)
	f.Fuzz(func(t *testing.T, header, payload string) {
		m, err := Verify(edToken(header, payload), set, anyJWT)
		if err == nil && (m.Header.Algorithm != EdDSA || string(m.Payload) != payload || m.Header.HasType && m.Header.Type != "JWT" || m.Header.HasKeyID && m.Header.KeyID != "k1") {
			t.Fatalf("%s: %+v", header, m.Header)
		}
		// Hints that are ignored open tokens with hints, and no other.
		past := anyJWT
		past.IgnoreKeyHints = true
		_, err2 := Verify(edToken(header, payload), set, past)
		if hinted := refusedAs(err) == CodeHeaderForbidden; err == nil && err2 != nil || err != nil && err2 == nil && !hinted {
			t.Fatalf("%s: %v, and with hints ignored %v", header, err, err2)
		}
	})
}

func FuzzParseKeySet(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"` + edPublic + `","kid":"k1","use":"sig","key_ops":["verify"],"alg":"EdDSA"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},{"kty":"RSA","n":"AQAB","e":"AQAB"},{"kty":"oct","k":"AA"}]}`))
	f.Add([]byte(`{"keys":[]}`))
	f.Add([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"` + edPublic + `","kid":"k1","kid":"k1"},{"kty":"OKP","crv":"Ed25519","x":"` + edPublic + `","kid":"k1"}],"x":1,"x":2}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		set, err := ParseKeySet(b)
		if err != nil {
			if refusedAs(err) != CodeKeySet {
				t.Fatalf("%v", err)
			}
			return
		}
		if len(set.Keys()) > maxKeys {
			t.Fatalf("%d keys", len(set.Keys()))
		}
		for _, k := range set.Keys() {
			again, err := ParseKey(k.JWK())
			if err != nil || !bytes.Equal(again.JWK(), k.JWK()) {
				t.Fatalf("%s: %v", k.JWK(), err)
			}
		}
	})
}

func FuzzParseKeySetState(f *testing.F) {
	s, _ := KeySetState{}.Next(Fetched{Body: setOf("k1"), CacheControl: "max-age=60"}, time.Unix(1_700_000_000, 0), KeySetRules{})
	f.Add(s.Bytes())
	f.Add([]byte(`{"v":1,"retry":9007199254740991,"fails":9007199254740991}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseKeySetState(b)
		if err != nil {
			return
		}
		if again, err := ParseKeySetState(s.Bytes()); err != nil || !bytes.Equal(again.Bytes(), s.Bytes()) {
			t.Fatalf("%s: %v", s.Bytes(), err)
		}
		now := time.Unix(1_700_000_000, 0)
		for _, e := range []KeySetEvent{Wanted{}, Missing{}, FetchFailed{}, Fetched{Body: setOf("k2")}} {
			if _, a := s.Next(e, now, KeySetRules{}); a.Do == KeySetUse && a.Keys == nil || a.Do == KeySetRefuse && a.Err == nil {
				t.Fatalf("%T on %s: %+v", e, b, a)
			}
		}
	})
}
