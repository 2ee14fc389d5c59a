package stack

import (
	"net/http"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/wasm/mirror"
)

// The keeper takes the issuer's keys from its own origin, the same bytes for
// every browser.
func TestTheKeeperServesOneDocumentOfCommitments(t *testing.T) {
	s := start(t, Config{})
	get := func(path string) *recorder {
		r := &http.Request{Method: "GET", Host: hostname(s.Origins.Keeper), URL: mustURL(path), Header: http.Header{}, RemoteAddr: "127.0.0.1:1"}
		w := &recorder{header: http.Header{}, status: 200}
		s.Handler().ServeHTTP(w, r)
		return w
	}
	one, two := get(mirror.Path), get(mirror.Path)
	want := `{"bonafides":1,"issuers":{"` + s.Origins.Issuer + `":` + string(s.commitment) + `}}`
	if one.status != 200 || one.body.String() != want {
		t.Errorf("%d %s, want %s", one.status, one.body.String(), want)
	}
	if one.body.String() != two.body.String() || one.header.Get("ETag") != two.header.Get("ETag") {
		t.Error("two browsers get different documents")
	}
	if page := get("/keeper").body.String(); !strings.Contains(page, `<meta name="bonafides-commitments" content="`+mirror.Path+`">`) {
		t.Errorf("the page does not say where the document is:\n%s", page)
	}
}
