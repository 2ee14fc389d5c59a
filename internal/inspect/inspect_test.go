package inspect_test

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/internal/inspect"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func messages(t *testing.T, stamp uint32, site string) map[string][]byte {
	t.Helper()
	secret, err := pst.GenerateKey(7)
	if err != nil {
		t.Fatal(err)
	}
	req, pending, err := pst.Begin(secret.PublicKey(), 3)
	if err != nil {
		t.Fatal(err)
	}
	res, err := secret.Issue(req, 2)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := pending.Finish(res)
	if err != nil {
		t.Fatal(err)
	}
	c := pst.ClientData{RedeemingOrigin: site, RedemptionTimestamp: stamp}
	return map[string][]byte{
		"issue request": req.Bytes(), "issue response": res.Bytes(), "token": tokens[0].Bytes(), "public key": secret.PublicKey().Bytes(),
		"redeem request": (&pst.RedeemRequest{Token: tokens[0], ClientData: c}).Bytes(), "client data": c.Bytes(),
	}
}

// Where a field says that it stands, its bytes are: every field of every message, with
// client data of each length that CBOR writes another way.
func TestFieldsStandWhereTheySay(t *testing.T) {
	long := "https://" + strings.Repeat("a.", 130) + "example"
	for _, stamp := range []uint32{0, 23, 24, 255, 256, 65_535, 65_536, 1_700_000_000} {
		for _, site := range []string{"https://a.example", "https://longer.than.24.example", long} {
			for kind, b := range messages(t, stamp, site) {
				m, err := inspect.Bytes(b)
				if err != nil || m.Kind != kind || m.Size != len(b) {
					t.Fatalf("%s of %d bytes: %+v, %v", kind, len(b), m, err)
				}
				end := 0
				for _, f := range m.Fields {
					if f.Offset < end || f.Spec == "" || f.Group == "" {
						t.Errorf("%s: %s stands at %d, where the one before ends at %d; %q %q", kind, f.Name, f.Offset, end, f.Group, f.Spec)
					}
					end = f.Offset + f.Size
					got := b[f.Offset:end]
					switch f.Encoding {
					case "hex":
						if f.Value != hex.EncodeToString(got) {
							t.Errorf("%s: %s is not what stands at %d", kind, f.Name, f.Offset)
						}
					case "text":
						if f.Value != string(got) {
							t.Errorf("%s: %s is %q, and %q stands there", kind, f.Name, f.Value, got)
						}
					case "decimal":
						var n uint64
						switch len(got) {
						case 1:
							n = uint64(got[0])
						case 2:
							n = uint64(binary.BigEndian.Uint16(got))
						case 4:
							n = uint64(binary.BigEndian.Uint32(got))
						}
						if f.Value != strconv.FormatUint(n, 10) {
							t.Errorf("%s: %s is %s, and %d stands at %d", kind, f.Name, f.Value, n, f.Offset)
						}
					}
				}
				if end != len(b) {
					t.Errorf("%s: the last field ends at %d of %d", kind, end, len(b))
				}
			}
		}
	}
}

func TestBytesRefuses(t *testing.T) {
	secret, err := pst.GenerateKey(7)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := inspect.Bytes(secret.Bytes()); !errors.Is(err, inspect.ErrPrivateKey) {
		t.Errorf("a private key: %v", err)
	}
	all := messages(t, 1, "https://a.example")
	for name, c := range map[string]struct {
		b    []byte
		want string
	}{
		"nothing": {nil, "as an issue request: pst: "}, "noise": {[]byte("hello"), "as an issue request: "},
		"half a redeem request": {all["redeem request"][:100], "as a redeem request: "}, "a byte more": {append(all["token"], 0), "as "},
	} {
		if m, err := inspect.Bytes(c.b); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}

func TestJWS(t *testing.T) {
	encode := func(s string) string { return jws.EncodeBase64URL([]byte(s)) }
	s, err := inspect.JWS(encode(`{"typ":"JWT","alg":"ES256"}`)+"."+encode(`{"iss":"a","exp":1700000000,"n":{"a":[true,{}],"b":"x\"y"},"aud":["c","d"],"e":[]}`)+"."+encode("abc"), 1000)
	if err != nil || s.HeaderError != nil || s.ClaimsError != nil {
		t.Fatalf("%+v, %v", s, err)
	}
	var got []string
	for _, f := range append(append(s.Header, s.Claims...), s.Signature) {
		if f.Offset != -1 || f.Size != len(f.Value) && f.Encoding != "hex" {
			t.Errorf("%s: offset %d, size %d", f.Name, f.Offset, f.Size)
		}
		got = append(got, f.Group+" "+f.Name+"="+f.Value+" "+f.Encoding)
	}
	want := `header typ=JWT text|header alg=ES256 text|claims iss=a text|claims exp=1700000000 decimal|claims n.a[0]=true JSON|` +
		`claims n.a[1]={} JSON|claims n.b=x"y text|claims aud[0]=c text|claims aud[1]=d text|claims e=[] JSON|signature signature=616263 hex`
	if all := strings.Join(got, "|"); all != want {
		t.Errorf("got  %s\nwant %s", all, want)
	}
	if e := s.Claims[1]; !e.Time.Equal(time.Unix(1_700_000_000, 0)) || e.Spec != "RFC 7519 section 4.1.4" || s.Header[1].Spec != "RFC 7515 section 4.1.1" {
		t.Errorf("%+v", e)
	}
	// A part that is refused says why, and what it was.
	s, err = inspect.JWS(encode(`{"alg":"a","alg":"b"}`)+"."+encode(`[]`)+".", 1000)
	if err != nil || s.HeaderError == nil || s.Header != nil || s.HeaderJSON != `{"alg":"a","alg":"b"}` || !errors.Is(s.ClaimsError, inspect.ErrNoObject) || s.Signature.Size != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	for _, bad := range []string{"", "a.b", "a.b!.c", strings.Repeat("a", 1001)} {
		if _, err := inspect.JWS(bad, 1000); err == nil {
			t.Errorf("%.10q was read", bad)
		}
	}
}
