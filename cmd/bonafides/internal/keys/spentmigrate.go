package keys

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/store/spentstore"
)

func spentMigrate() cli.Command {
	c := cli.Command{
		Name:     "spent migrate",
		Synopsis: "FILE",
		About: "Brings a SQLite file of spent tokens that an earlier version wrote to the present\n" +
			"      form: 16 bytes a token, one table a key. Stop what uses the file and keep a copy\n" +
			"      first; there must be room on the disk for the file once more.\n" +
			"      It may be stopped, and continues where it was when it is run again. A file in the\n" +
			"      present form is left as it is.",
	}
	c.Run = func(t cli.Terminal, args []string) int {
		f := cli.Flags(t, c)
		if code, ok := cli.Parse(f, args); !ok {
			return code
		}
		if f.NArg() != 1 {
			return cli.Fail(t, cli.Usage, "spent migrate takes one FILE")
		}
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		if _, err := os.Stat(f.Arg(0)); err != nil {
			return cli.Fail(t, cli.Refused, "%v", err)
		}
		path, told := f.Arg(0), int64(0)
		moved, err := spentstore.Migrate(ctx, path, func(moved, of int64) {
			if percent := moved * 100 / of; percent >= told+10 || moved == of {
				fmt.Fprintf(t.Out, "%d of %d tokens moved\n", moved, of)
				told = percent
			}
		})
		if err != nil {
			return cli.Fail(t, cli.Refused, "%s: %v. Run it again to go on: nothing that was spent is lost", path, err)
		}
		if moved == 0 {
			fmt.Fprintf(t.Out, "%s has nothing to move: it is in the present form\n", path)
		} else {
			fmt.Fprintf(t.Out, "%s is in the present form\n", path)
		}
		return cli.OK
	}
	return c
}
