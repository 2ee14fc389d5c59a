package serve

import (
	"fmt"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/wasm"
	"github.com/bonafides-dev/bonafides/wasm/returnpage"
)

func keeperTag() cli.Command {
	return cli.Command{
		Name:     "keeper tag",
		Synopsis: "KEEPER",
		About: `Prints the script tag that an issuer's and a publisher's pages need, with the hash
      of this release's script. KEEPER is the keeper's origin, as https://keeper.example;
      the keeper must run this release or a later one.`,
		Run: runKeeperTag,
	}
}

func runKeeperTag(t cli.Terminal, args []string) int {
	f := cli.Flags(t, keeperTag())
	if code, ok := cli.Parse(f, args); !ok {
		return code
	}
	if f.NArg() != 1 {
		return cli.Fail(t, cli.Usage, "keeper tag takes the keeper's origin, such as https://keeper.example (no path, no slash at the end)")
	}
	if err := checkKeeper(f.Arg(0)); err != nil {
		return cli.Fail(t, cli.Usage, "%v", err)
	}
	tag, err := wasm.ScriptTag(f.Arg(0)+"/bonafides/", f.Arg(0))
	if err != nil {
		return cli.Fail(t, exitFailed, "%v", err)
	}
	fmt.Fprintln(t.Out, tag)
	return cli.OK
}

func keeperReturn() cli.Command {
	return cli.Command{
		Name:     "keeper return",
		Synopsis: "> return.html",
		About: `Prints the page to which a keeper brings answers back where a window cannot speak
      to the page that opened it. A site serves it at ` + returnpage.Path + `.`,
		Run: runKeeperReturn,
	}
}

func runKeeperReturn(t cli.Terminal, args []string) int {
	f := cli.Flags(t, keeperReturn())
	if code, ok := cli.Parse(f, args); !ok {
		return code
	}
	if f.NArg() > 0 {
		return cli.Fail(t, cli.Usage, "keeper return takes no arguments; it prints the page")
	}
	if _, err := t.Out.Write(returnpage.HTML()); err != nil {
		return cli.Fail(t, exitFailed, "standard output: %v", err)
	}
	return cli.OK
}
