package gate

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

func TestKeysOfTheGateAreFetchedOnceAndANewOneWorksAtOnce(t *testing.T) {
	first, second := newSigner(t, "first", 7), newSigner(t, "second", 8)
	published := []signer{first}
	hits, status := 0, http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits++
		if r.URL.Path != KeysPath {
			t.Errorf("asked for %s", r.URL.Path)
		}
		list := make([]string, len(published))
		for i, s := range published {
			list[i] = s.jwk(t)
		}
		w.Header().Set("Cache-Control", "max-age=300")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"keys":[` + strings.Join(list, ",") + `]}`))
	}))
	defer server.Close()
	v, err := New(Config{Gate: server.URL, Origin: appOrigin, Client: server.Client(), Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	signed := func(s signer) *http.Request {
		c := good()
		c["iss"] = server.URL
		return get(sign(t, s, c))
	}
	for range 3 {
		if _, why := v.Check(signed(first)); why != nil {
			t.Fatal(why)
		}
	}
	published = []signer{second, first}
	for _, s := range []signer{second, first} {
		if _, why := v.Check(signed(s)); why != nil {
			t.Fatal(why)
		}
	}
	if hits != 2 {
		t.Errorf("the keys were fetched %d times, want twice", hits)
	}
	if _, why := v.Check(signed(newSigner(t, "third", 9))); why == nil || why.Code != jws.CodeKeyUnknown || hits != 2 {
		t.Errorf("%v after %d fetches", why, hits)
	}
	status = http.StatusInternalServerError
	if v, err = New(Config{Gate: server.URL, Origin: appOrigin, Now: clock}); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	v.Require(http.NotFoundHandler()).ServeHTTP(w, signed(first))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "5" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

// stuck has keys and cannot look for newer ones.
type stuck struct{ fixed }

func (stuck) Refresh(context.Context, string) (*jws.KeySet, error) { return nil, errors.New("down") }

func TestAnUnknownKeyIsUnknownAlsoWhereThereAreNoNewerKeys(t *testing.T) {
	known := newSigner(t, "known", 7)
	v := newVerifier(t, stuck{fixed{set: keySet(t, known)}})
	if _, why := v.Check(get(sign(t, known, good()))); why != nil {
		t.Error(why)
	}
	if _, why := v.Check(get(sign(t, newSigner(t, "another", 8), good()))); why == nil || why.Code != jws.CodeKeyUnknown || why.Status != http.StatusForbidden {
		t.Errorf("%v", why)
	}
}
