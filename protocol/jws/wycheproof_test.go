package jws

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
)

type wycheproofFile struct {
	NumberOfTests int `json:"numberOfTests"`
	TestGroups    []struct {
		Comment string          `json:"comment"`
		Public  json.RawMessage `json:"public"`
		Private json.RawMessage `json:"private"`
		Tests   []struct {
			ID      int    `json:"tcId"`
			Comment string `json:"comment"`
			JWS     string `json:"jws"`
			Result  string `json:"result"`
		} `json:"tests"`
	} `json:"testGroups"`
}

func readJSON(t testing.TB, name string, into any) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// asSet makes a key set of a JWK or a JWK set.
func asSet(t testing.TB, raw json.RawMessage) *KeySet {
	t.Helper()
	var probe struct {
		Keys json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(raw, &probe); err != nil {
		t.Fatal(err)
	}
	if probe.Keys == nil {
		raw = append(append([]byte(`{"keys":[`), raw...), `]}`...)
	}
	set, err := ParseKeySet(raw)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestWycheproofJWS runs every case of C2SP/wycheproof's JWS vectors. Every valid one of
// an asymmetric algorithm must be accepted, no invalid one may be. The other valid ones
// are of HMAC, which this package does not have, or among the six whose refusal is
// deserved: in 346, 347, 350 and 351 the key's alg is not the token's ("ES521" is none at all), 372 and 373 have a
// '?' inside their base64url.
func TestWycheproofJWS(t *testing.T) {
	var file wycheproofFile
	readJSON(t, "wycheproof_json_web_signature_test.json", &file)
	deserved := map[int]bool{346: true, 347: true, 350: true, 351: true, 372: true, 373: true}
	cases, validAccepted, invalidAccepted, invalid := 0, 0, 0, 0
	byAlgorithm := map[string]int{}
	refusedAs := map[string]int{}
	for _, group := range file.TestGroups {
		key := group.Public
		if key == nil {
			key = group.Private
		}
		keys := asSet(t, key)
		var meta struct {
			Alg string `json:"alg"`
		}
		if err := json.Unmarshal(key, &meta); err != nil {
			t.Fatal(err)
		}
		for _, c := range group.Tests {
			cases++
			_, err := Verify(c.JWS, keys, Policy{AllowNoType: true, Types: []string{"JWT", "JOSE"}})
			accepted := err == nil
			if !accepted {
				refusedAs[err.(*Error).Code]++
			}
			_, ours := parseAlgorithm(meta.Alg)
			switch {
			case c.Result != "valid":
				invalid++
				if accepted {
					invalidAccepted++
					t.Errorf("case %d (%s, %s): accepted, and invalid", c.ID, group.Comment, c.Comment)
				}
			case accepted:
				validAccepted++
				byAlgorithm[meta.Alg]++
				if deserved[c.ID] {
					t.Errorf("case %d (%s, %s): accepted although it deserves refusal", c.ID, group.Comment, c.Comment)
				}
			case ours && !deserved[c.ID]:
				t.Errorf("case %d (%s, %s): refused: %v", c.ID, group.Comment, c.Comment, err)
			}
		}
	}
	t.Logf("wycheproof jws: %d cases, %d valid accepted, %d invalid accepted", cases, validAccepted, invalidAccepted)
	t.Logf("accepted: %v, refused as: %v", byAlgorithm, refusedAs)
	if cases != 401 || cases != file.NumberOfTests || invalid != 355 || byAlgorithm["RS256"]+byAlgorithm["ES256"] != 10 || invalidAccepted != 0 {
		t.Errorf("%d cases (want 401), %d invalid (want 355), accepted by algorithm: %v", cases, invalid, byAlgorithm)
	}
	for _, a := range []Algorithm{RS256, RS384, RS512, PS256, PS384, PS512, ES256} { // the file has no other
		if byAlgorithm[string(a)] == 0 {
			t.Errorf("no case of %s was accepted", a)
		}
	}
}

// TestWycheproofJWK runs C2SP/wycheproof's key vectors: each is a token whose
// key or key set has, or has not, a fault. HMAC keys are none of this package.
func TestWycheproofJWK(t *testing.T) {
	var file wycheproofFile
	readJSON(t, "wycheproof_json_web_key_test.json", &file)
	accepted := map[int]bool{}
	for _, group := range file.TestGroups {
		key := group.Public
		if key == nil {
			key = group.Private
		}
		for _, c := range group.Tests {
			_, err := Verify(c.JWS, asSet(t, key), Policy{AllowNoType: true, Types: []string{"JWT", "JOSE"}})
			if err == nil {
				accepted[c.ID] = true
			}
			if err == nil && c.Result != "valid" {
				t.Errorf("case %d (%s, %s): accepted", c.ID, group.Comment, c.Comment)
			}
			t.Logf("case %d (%s, %s) %s: %v", c.ID, group.Comment, c.Comment, c.Result, err)
		}
	}
	if !accepted[5] {
		t.Error("case 5, a good RS256 key, was refused")
	}
}

// TestWycheproofSignatures runs C2SP/wycheproof's signature vectors on the check
// alone, as Verify calls it: with the length that the key gives. (They are
// stripped to key, message, signature and result. Their messages are no signing
// inputs, so that they cannot be tokens.)
func TestWycheproofSignatures(t *testing.T) {
	for _, c := range []struct {
		alg   Algorithm
		file  string
		valid int
	}{
		{ES256, "wycheproof_ecdsa_secp256r1_sha256_p1363.json", 173},
		{ES384, "../../../internal/p384/testdata/wycheproof-ecdsa_secp384r1_sha384_p1363.json", 193},
		{EdDSA, "wycheproof_ed25519.json", 88},
		{RS256, "wycheproof_rsa_signature_2048_sha256.json", 9},
	} {
		t.Run(string(c.alg), func(t *testing.T) {
			var file struct {
				NumberOfTests int `json:"numberOfTests"`
				TestGroups    []struct {
					PublicKeyJWK json.RawMessage `json:"publicKeyJwk"`
					Tests        []struct {
						ID                        int `json:"tcId"`
						Comment, Msg, Sig, Result string
					} `json:"tests"`
				} `json:"testGroups"`
			}
			readJSON(t, c.file, &file)
			cases, accepted := 0, 0
			for _, g := range file.TestGroups {
				key, err := ParseKey(g.PublicKeyJWK)
				if err != nil || !key.Fits(c.alg) {
					t.Fatalf("%s: %v", g.PublicKeyJWK, err)
				}
				for _, v := range g.Tests {
					msg, err1 := hex.DecodeString(v.Msg)
					sig, err2 := hex.DecodeString(v.Sig)
					if err1 != nil || err2 != nil {
						t.Fatal(err1, err2)
					}
					ok := len(sig) == key.size() && verify(key, c.alg, msg, string(sig))
					cases++
					if ok {
						accepted++
					}
					// One RSA case is "acceptable": a DigestInfo without its NULL.
					if ok != (v.Result == "valid") {
						t.Errorf("case %d, %s: it is %s, and the check says %v", v.ID, v.Comment, v.Result, ok)
					}
				}
			}
			if cases != file.NumberOfTests || accepted != c.valid {
				t.Errorf("%d cases of %d, %d accepted of %d", cases, file.NumberOfTests, accepted, c.valid)
			}
		})
	}
}
