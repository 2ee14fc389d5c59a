// Command bonafides is the operator's tool: it makes and rotates an issuer's
// keys, checks ID tokens and redemption records and shows what messages hold,
// with the same code that the servers use.
//
//	bonafides keys new -dir FOLDER
//	bonafides keys rotate -dir FOLDER
//	bonafides commitments make -key FILE -expiry DATE
//	bonafides commitments lint FILE|URL
//	bonafides token check -issuer URL -client-id ID -jwks FILE < tokens
//	bonafides token inspect MESSAGE
//	bonafides record verify -issuer ORIGIN RECORD
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// Exit codes of every command.
const (
	exitOK      = 0
	exitRefused = 1 // what was to be checked is not good, or could not be checked
	exitUsage   = 2 // the command line is wrong
)

// terminal is where a command reads and writes, so that tests can look.
type terminal struct {
	in       io.Reader
	out, err io.Writer
	now      func() time.Time
}

// command is one subcommand. Each file of this program adds its own to the
// table.
type command struct {
	name     string // two words: "token check"
	synopsis string // its arguments
	about    string // one line
	run      func(t terminal, args []string) int
}

func commands() []command {
	return []command{keysNew(), keysRotate(), commitmentsMake(), commitmentsLint(), tokenCheck(), tokenInspect(), recordVerify()}
}

func main() {
	os.Exit(run(terminal{os.Stdin, os.Stdout, os.Stderr, time.Now}, os.Args[1:]))
}

func run(t terminal, args []string) int {
	if len(args) == 0 || isHelp(args[0]) {
		usage(t.out, "")
		return exitOK
	}
	if group := args[0] + " "; len(args) > 1 && isHelp(args[1]) && inGroup(group) {
		usage(t.out, group)
		return exitOK
	}
	name := strings.Join(args[:min(2, len(args))], " ")
	for _, c := range commands() {
		if c.name == name {
			return c.run(t, args[2:])
		}
	}
	fmt.Fprintf(t.err, "bonafides: there is no command %q\n\n", name)
	usage(t.err, "")
	return exitUsage
}

func isHelp(arg string) bool {
	return arg == "help" || arg == "-h" || arg == "-help" || arg == "--help"
}

// inGroup says whether a command's name begins with group ("token ").
func inGroup(group string) bool {
	for _, c := range commands() {
		if strings.HasPrefix(c.name, group) {
			return true
		}
	}
	return false
}

// usage lists the commands whose names begin with group: all for "".
func usage(w io.Writer, group string) {
	fmt.Fprintln(w, "The commands of bonafides (each explains itself with -h):")
	for _, c := range commands() {
		if !strings.HasPrefix(c.name, group) {
			continue
		}
		fmt.Fprintf(w, "\n  bonafides %s %s\n      %s\n", c.name, c.synopsis, c.about)
	}
}

// newFlags returns the flags of a command, which explain themselves on t.err.
func newFlags(t terminal, c command) *flag.FlagSet {
	f := flag.NewFlagSet(c.name, flag.ContinueOnError)
	f.SetOutput(t.err)
	f.Usage = func() {
		fmt.Fprintf(t.err, "bonafides %s %s\n\n%s\n\n", c.name, c.synopsis, c.about)
		f.PrintDefaults()
	}
	return f
}

// parse reads flags and says whether to go on, and else with which code to end.
func parse(f *flag.FlagSet, args []string) (int, bool) {
	switch err := f.Parse(args); err {
	case nil:
		return exitOK, true
	case flag.ErrHelp:
		return exitOK, false
	default:
		return exitUsage, false
	}
}

// wasGiven tells a flag that was given as empty from one that was not given.
func wasGiven(f *flag.FlagSet, name string) bool {
	given := false
	f.Visit(func(g *flag.Flag) { given = given || g.Name == name })
	return given
}

func fail(t terminal, code int, format string, args ...any) int {
	fmt.Fprintf(t.err, "bonafides: "+format+"\n", args...)
	return code
}
