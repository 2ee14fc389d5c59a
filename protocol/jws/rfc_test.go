package jws

import (
	"encoding/json"
	"errors"
	"testing"
)

func refusedAs(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return "not an *Error: " + err.Error()
	}
	return ""
}

// The examples of RFC 7515 appendix A.
func TestRFC7515Examples(t *testing.T) {
	const payload = ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
	const text = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"
	for _, test := range []struct{ name, key, token, code string }{
		{"A.1 HS256", `{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}`,
			"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9" + payload + "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", CodeAlgUnsupported},
		{"A.2 RS256", `{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}`,
			"eyJhbGciOiJSUzI1NiJ9" + payload + "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw", ""},
		{"A.3 ES256", `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`,
			"eyJhbGciOiJFUzI1NiJ9" + payload + "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q", ""},
		{"A.5 none", `{"kty":"oct","k":"AA"}`, "eyJhbGciOiJub25lIn0" + payload, CodeAlgUnsupported},
	} {
		m, err := Verify(test.token, asSet(t, json.RawMessage(test.key)), Policy{AllowNoType: true, Types: []string{"JWT"}})
		if refusedAs(err) != test.code {
			t.Errorf("%s: %v, want %q", test.name, err, test.code)
		} else if err == nil && string(m.Payload) != text {
			t.Errorf("%s: payload %q", test.name, m.Payload)
		}
	}
}

// The cookbooks: RFC 7520 section 4, RFC 8037 appendix A.4, RFC 7797 section 4.2.
func TestCookbookExamples(t *testing.T) {
	type example struct {
		Input struct {
			Payload string
			Key     map[string]any
		}
		Output struct{ Compact string }
	}
	for file, code := range map[string]string{
		"rfc7520_4_1.rsa_v15_signature.json": "",
		"rfc7520_4_2.rsa-pss_signature.json": "", // PS384
		"rfc7520_4_3.ecdsa_signature.json":   "", // ES512
		"rfc7520_4_4.hmac-sha2.json":         CodeAlgUnsupported,
		"rfc8037_a_4.ed25519.json":           "",
	} {
		var e example
		readJSON(t, file, &e)
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi"} {
			delete(e.Input.Key, private)
		}
		key, err := json.Marshal(e.Input.Key)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Verify(e.Output.Compact, asSet(t, key), Policy{AllowNoType: true})
		if refusedAs(err) != code {
			t.Errorf("%s: %v, want %q", file, err, code)
		} else if err == nil && string(m.Payload) != e.Input.Payload {
			t.Errorf("%s: payload %q", file, m.Payload)
		}
	}
	// The unencoded payload of RFC 7797, brought into compact form.
	var e struct {
		Signing struct {
			Input string `json:"sig-input"`
			Sig   string
		}
	}
	readJSON(t, "rfc7797_4.2.hmac-sha2_b64_false.json", &e)
	_, err := Verify(e.Signing.Input+"."+e.Signing.Sig, nil, Policy{AllowNoType: true})
	if code := refusedAs(err); code != CodeMalformed { // "$.02" holds a dot of its own
		t.Errorf("unencoded payload: %v", err)
	}
}

// RFC 7520 section 3: public keys are read, private ones refused.
func TestCookbookKeys(t *testing.T) {
	for file, want := range map[string]string{
		"rfc7520_3_1.ec_public_key.json":                 "read", // P-521
		"rfc7520_3_2.ec_private_key.json":                "rejected",
		"rfc7520_3_3.rsa_public_key.json":                "read",
		"rfc7520_3_4.rsa_private_key.json":               "rejected",
		"rfc7520_3_5.symmetric_key_mac_computation.json": "ignored",
	} {
		var raw json.RawMessage
		readJSON(t, file, &raw)
		set := asSet(t, raw)
		got := "ignored"
		switch {
		case len(set.Keys()) == 1:
			got = "read"
		case len(set.Rejected()) == 1:
			got = "rejected"
		}
		if got != want {
			t.Errorf("%s: %s, want %s (%v)", file, got, want, set.Rejected())
		}
	}
}

// RFC 8037 appendix A.4 and A.2: Ed25519 is deterministic, so our own signature
// must be the same bytes.
func TestRFC8037Signature(t *testing.T) {
	seed, ok := decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
	if !ok {
		t.Fatal("seed")
	}
	token, err := Sign(NewEd25519Signer("", newEd25519(seed)), "", []byte("Example of Ed25519 signing"))
	if err != nil {
		t.Fatal(err)
	}
	const want = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
	if token != want {
		t.Errorf("%s", token)
	}
}
