package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/wasm"
	"github.com/bonafides-dev/bonafides/wasm/mirror"
)

// issuerOf publishes a key and counts who asked.
func issuerOf(t *testing.T) (origin string, asked *int) {
	t.Helper()
	key, err := pst.GenerateKey(1)
	if err != nil {
		t.Fatal(err)
	}
	asked = new(int)
	doc := fmt.Sprintf(`{%q:{"protocol_version":%q,"id":1,"batchsize":10,"keys":{"1":{"Y":%q,"expiry":"%d"}}}}`, pst.Version, pst.Version,
		base64.StdEncoding.EncodeToString(key.PublicKey().Bytes()), time.Now().Add(24*time.Hour).UnixMicro())
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked++
		_, _ = w.Write([]byte(doc))
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

func TestEveryVisitorGetsTheSameKeysAndTheIssuerIsAskedOnce(t *testing.T) {
	issuer, asked := issuerOf(t)
	handler, keys, err := newHandler([]string{issuer})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	get := func(path string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "http://keeper.localhost:8093"+path, nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	one, other := get(mirror.Path, "User-Agent", "one", "Cookie", "who=ada"), get(mirror.Path, "User-Agent", "other")
	if one.Body.String() != other.Body.String() || !strings.Contains(one.Body.String(), issuer) || *asked != 1 {
		t.Errorf("asked %d times: %s, %s", *asked, one.Body, other.Body)
	}
	script, _, err := wasm.Script("tokens", wasm.Classic)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{
		"/": 200, "/keeper": 200, "/bonafides/" + script: 200, "/other": 404,
		"/.well-known/private-state-token/key-commitment": 204,
	} {
		if w := get(path); w.Code != want || len(w.Result().Cookies()) > 0 {
			t.Errorf("%s: %d, want %d; cookies %v", path, w.Code, want, w.Result().Cookies())
		}
	}
}
