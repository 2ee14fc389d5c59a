package cli

import (
	"flag"
	"fmt"
)

// Flags returns the flags of a command, which explain themselves on t.Err.
func Flags(t Terminal, c Command) *flag.FlagSet {
	f := flag.NewFlagSet(c.Name, flag.ContinueOnError)
	f.SetOutput(t.Err)
	f.Usage = func() {
		fmt.Fprintf(t.Err, "bonafides %s %s\n\n%s\n\n", c.Name, c.Synopsis, c.About)
		f.PrintDefaults()
	}
	return f
}

// Parse reads flags and says whether to go on, and else with which code to end.
func Parse(f *flag.FlagSet, args []string) (int, bool) {
	switch err := f.Parse(args); err {
	case nil:
		return OK, true
	case flag.ErrHelp:
		return OK, false
	default:
		return Usage, false
	}
}

// Given tells a flag that was given as empty from one that was not given.
func Given(f *flag.FlagSet, name string) bool {
	given := false
	f.Visit(func(g *flag.Flag) { given = given || g.Name == name })
	return given
}
