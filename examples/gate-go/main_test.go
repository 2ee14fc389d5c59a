package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/rpserver/gate"
)

// That it greets whom the gate admits is tested with the Worker.
func TestWhoeverComesWithoutTheGateIsRefused(t *testing.T) {
	h, err := newServer(gate.Config{Gate: "https://gate.example", Origin: "https://app.example"})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Gate-Subject", "admin")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "assertion_missing") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if _, err := newServer(gate.Config{Gate: "gate.example", Origin: "https://app.example"}); err == nil {
		t.Error("a gate that is no origin was taken")
	}
}
