package jws

import (
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

// TestWycheproofJWS runs every case of C2SP/wycheproof's JWS vectors. The ten
// valid RS256 and ES256 cases must be accepted, no invalid one may be. The other
// valid ones are of algorithms that this package does not have, or accepted
// where it has them (PS256), or among the six whose refusal is deserved: in 346,
// 347, 350 and 351 the key's alg is not the token's, 372 and 373 have a '?'
// inside their base64url.
func TestWycheproofJWS(t *testing.T) {
	var file wycheproofFile
	readJSON(t, "wycheproof_json_web_signature_test.json", &file)
	deserved := map[int]bool{346: true, 347: true, 350: true, 351: true, 372: true, 373: true}
	cases, validAccepted, invalidAccepted, baseAccepted, invalid := 0, 0, 0, 0, 0
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
			base := meta.Alg == string(RS256) || meta.Alg == string(ES256)
			switch {
			case c.Result != "valid":
				invalid++
				if accepted {
					invalidAccepted++
					t.Errorf("case %d (%s, %s): accepted, and invalid", c.ID, group.Comment, c.Comment)
				}
			case accepted:
				validAccepted++
				if base {
					baseAccepted++
				}
				if deserved[c.ID] {
					t.Errorf("case %d (%s, %s): accepted although it deserves refusal", c.ID, group.Comment, c.Comment)
				}
			case base || meta.Alg == string(PS256) && !deserved[c.ID]:
				t.Errorf("case %d (%s, %s): refused: %v", c.ID, group.Comment, c.Comment, err)
			}
		}
	}
	t.Logf("wycheproof jws: %d cases, %d valid accepted, %d invalid accepted", cases, validAccepted, invalidAccepted)
	t.Logf("refused as: %v", refusedAs)
	if cases != 401 || cases != file.NumberOfTests || invalid != 355 || baseAccepted != 10 || invalidAccepted != 0 {
		t.Errorf("%d cases (want 401), %d invalid (want 355), %d of RS256 and ES256 accepted (want 10)", cases, invalid, baseAccepted)
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
