package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// Flags returns the flags of a command, which explain themselves on t.Err.
func Flags(t Terminal, c Command) *flag.FlagSet {
	f := flag.NewFlagSet(c.Name, flag.ContinueOnError)
	f.SetOutput(t.Err)
	f.Usage = func() {
		// Indented as the list of all commands needs it; here it stands alone.
		about := strings.ReplaceAll(c.About, "\n      ", "\n")
		fmt.Fprintf(t.Err, "bonafides %s %s\n\n%s\n\n", c.Name, c.Synopsis, about)
		f.PrintDefaults()
	}
	return f
}

// Parse reads flags and says whether to go on, and else with which code to end.
func Parse(f *flag.FlagSet, args []string) (int, bool) {
	help, out := f.Usage, f.Output()
	f.Usage = func() {} // after a mistake the whole text would hide which one it was
	f.SetOutput(io.Discard)
	err := f.Parse(args)
	f.Usage = help
	f.SetOutput(out)
	switch {
	case err == nil:
		return OK, true
	case errors.Is(err, flag.ErrHelp):
		f.Usage()
		return OK, false
	default:
		fmt.Fprintf(out, "bonafides: %v; see bonafides %s -h\n", err, f.Name())
		return Usage, false
	}
}

// Given tells a flag that was given as empty from one that was not given.
func Given(f *flag.FlagSet, name string) bool {
	given := false
	f.Visit(func(g *flag.Flag) { given = given || g.Name == name })
	return given
}
