//go:build js && wasm

package main

import (
	"database/sql"
	"syscall/js"
	"time"

	"github.com/syumai/workers"
	"github.com/syumai/workers/cloudflare"
	"github.com/syumai/workers/cloudflare/d1"
)

func run() {
	workers.Serve(newHandler(tools{getenv: getenv, open: open, now: time.Now}))
}

// getenv returns an empty string for what is not set: a binding that is missing is
// undefined, which String would spell out.
func getenv(name string) string {
	if v := cloudflare.GetBinding(name); v.Type() == js.TypeString {
		return v.String()
	}
	return ""
}

func open() (*sql.DB, error) {
	c, err := d1.OpenConnector("DB")
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(c), nil
}
