// Package check has the commands that check what others made and show what it holds:
// tokens, redemption records, a running issuer.
package check

import "github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"

// Commands are those of this room.
func Commands() []cli.Command {
	return []cli.Command{tokenCheck(), tokenInspect(), tokenTry(), recordVerify(), providerCheck()}
}
