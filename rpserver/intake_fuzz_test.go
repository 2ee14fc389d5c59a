package rpserver

import (
	"bytes"
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/bonafides-dev/bonafides/internal/web"
)

// FuzzReadIntake: any body gives a token and a provider's name, or a problem of
// the 400s with a code, and what was read never exceeds the limits.
func FuzzReadIntake(f *testing.F) {
	for _, s := range []string{
		`{"token":"a.b.c"}`, `{"token":"a.b.c","config_url":"https://idp.example/fedcm.json"}`,
		`{"token":"\u0061"}`, `{"token":1}`, `{"token":"a","token":"b"}`, `[]`, `null`, ``, `{"token":"a"} x`,
		`token=a.b.c`, `token=a&token=b`, `token=%61&config_url=x`, `token=%`, `token`, "\xff", `token=a;b`,
	} {
		f.Add(true, []byte(s))
		f.Add(false, []byte(s))
	}
	f.Fuzz(func(t *testing.T, form bool, body []byte) {
		r := httptest.NewRequest("POST", "/signin/fedcm", bytes.NewReader(body))
		r.Header.Set("Content-Type", jsonType)
		if form {
			r.Header.Set("Content-Type", formType)
		}
		in, err := readIntake(httptest.NewRecorder(), r, 1<<10)
		if err != nil {
			var p *web.Problem
			if !errors.As(err, &p) || p.Status < 400 || p.Status > 499 || p.Code == "" || p.Detail == "" {
				t.Fatalf("not a problem that names the fault: %v", err)
			}
			return
		}
		if in.token == "" || len(in.token) > 1<<10 {
			t.Fatalf("a token of %d bytes passed", len(in.token))
		}
	})
}
