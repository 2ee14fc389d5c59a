//go:build js && wasm

// Command hello is the least that can be said on syumai/workers: one answer, by a
// new instance of the standard Go runtime for every request. bench.mjs measures it
// beside the hot path.
package main

import (
	"net/http"

	"github.com/syumai/workers"
)

func main() {
	workers.Serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"status":"ok"}`))
	}))
}
