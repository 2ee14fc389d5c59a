package instrument

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestARefusalCanBeReadWithoutBeingOneToTheBrowser(t *testing.T) {
	h := Verdicts(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "visitor", Value: "1"})
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		_, _ = w.Write([]byte(`{"code":"already_voted_session"}`))
	}))
	send := func(method, header string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "/vote", nil)
		if header != "" {
			r.Header.Set(verdictHeader, header)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	w := send(http.MethodPost, "1")
	var got struct {
		Status     int
		Type, Body string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK || got.Status != http.StatusConflict ||
		got.Type != "application/problem+json" || got.Body != `{"code":"already_voted_session"}` || len(w.Result().Cookies()) != 1 {
		t.Errorf("%d %s %v", w.Code, w.Body, err)
	}
	for _, c := range []struct{ method, header string }{{http.MethodPost, ""}, {http.MethodGet, "1"}} {
		if w := send(c.method, c.header); w.Code != http.StatusConflict {
			t.Errorf("%s %q: %d", c.method, c.header, w.Code)
		}
	}
}
