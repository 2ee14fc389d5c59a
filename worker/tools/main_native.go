//go:build !(js && wasm)

package main

import (
	"fmt"
	"os"
)

func run() {
	fmt.Fprintln(os.Stderr, "tools: this program runs inside a Cloudflare Worker. Try it here with: npx wrangler dev")
	os.Exit(2)
}
