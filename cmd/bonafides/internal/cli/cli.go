// Package cli is what the rooms of the operator's command share: how a command is
// described, where it reads and writes, its flags and its exit codes.
package cli

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
)

// Exit codes of every command.
const (
	OK      = 0
	Refused = 1 // what was to be checked is not good, or could not be checked
	Usage   = 2 // the command line is wrong
)

// Terminal is where a command reads and writes, so that tests can look.
type Terminal struct {
	In       io.Reader
	Out, Err io.Writer
	Now      func() time.Time
}

// Command is one subcommand.
type Command struct {
	Name     string // two words: "token check"
	Synopsis string // its arguments
	About    string // one line
	Run      func(t Terminal, args []string) int
}

// Fail says on the standard error what went wrong and returns the code to end with.
func Fail(t Terminal, code int, format string, args ...any) int {
	fmt.Fprintf(t.Err, "bonafides: "+format+"\n", args...)
	return code
}

// Plain is an error without the name of the package that it came from, which is of
// no use to whoever runs a command.
func Plain(err error) string {
	s := err.Error()
	for _, name := range []string{"wasm: ", "mirror: ", "web: "} {
		s = strings.TrimPrefix(s, name)
	}
	return s
}

// Printable keeps what a token says from steering the terminal or from turning
// the direction of the text.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || unicode.IsGraphic(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}
