// Package serve has the commands that serve something, or write what another server
// is to serve: a token keeper and its document.
package serve

import "github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"

// Commands are those of this room.
func Commands() []cli.Command {
	return []cli.Command{keeperServe(), keeperFiles(), keeperMirror(), keeperTag(), keeperReturn()}
}
