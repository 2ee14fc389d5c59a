//go:build js && wasm

package main

import (
	"syscall/js"

	"github.com/syumai/workers"
	"github.com/syumai/workers/cloudflare"
)

func run() {
	workers.Serve(newHandler(func(name string) string {
		// A binding that is not set is undefined, which String would spell out.
		if v := cloudflare.GetBinding(name); v.Type() == js.TypeString {
			return v.String()
		}
		return ""
	}))
}
