// Command bonafides is the operator's tool: it makes and rotates the keys of an
// issuer, a provider and a gate, checks ID tokens and redemption records and shows
// what messages hold, with the same code that the servers use.
//
//	bonafides keys new -dir FOLDER
//	bonafides keys rotate -dir FOLDER
//	bonafides keys report -dir FOLDER
//	bonafides commitments make -key FILE -expiry DATE
//	bonafides commitments lint FILE|URL
//	bonafides spent migrate FILE
//	bonafides token check -issuer URL -client-id ID -jwks FILE < tokens
//	bonafides token inspect < message
//	bonafides token try ISSUER
//	bonafides record verify -issuer ORIGIN < record
//	bonafides provider check ISSUER
//	bonafides keeper serve -issuers FILE
//	bonafides keeper files -issuers FILE -out FOLDER
//	bonafides keeper mirror -issuers FILE -out FOLDER
package main

import (
	"os"
	"slices"
	"time"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/check"
	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/keys"
	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/serve"
)

func main() {
	os.Exit(cli.Run(cli.Terminal{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Now: time.Now}, commands(), os.Args[1:]))
}

func commands() []cli.Command {
	return slices.Concat(keys.Commands(), check.Commands(), serve.Commands())
}
