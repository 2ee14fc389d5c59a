package jwks

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// A discovery document and a key set behind a byte order mark, as some servers on Windows
// write them, mean what they say.
func TestDocumentsBehindAByteOrderMark(t *testing.T) {
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`
		if r.URL.Path != "/keys" {
			body = `{"issuer":"` + s.URL + `","jwks_uri":"` + s.URL + `/keys","authorization_endpoint":"` + s.URL + `/a"}`
		}
		_, _ = w.Write([]byte("\ufeff" + body))
	}))
	defer s.Close()
	keys, err := Discovered(Config{Now: newClock().now})
	if err != nil {
		t.Fatal(err)
	}
	if set, err := keys.KeySet(t.Context(), s.URL); err != nil || len(set.Keys()) != 1 {
		t.Errorf("%v, %v", set, err)
	}
}
