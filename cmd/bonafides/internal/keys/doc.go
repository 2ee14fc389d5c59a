// Package keys has the commands about keys that an operator keeps: they are made,
// rotated and published, and what was spent of an issuer's tokens is brought along.
package keys

import "github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"

// Commands are those of this room.
func Commands() []cli.Command {
	return []cli.Command{keysNew(), keysRotate(), keysReport(), commitmentsMake(), commitmentsLint(), spentMigrate()}
}
