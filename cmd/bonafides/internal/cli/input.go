package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// BearerHelp is said by every command that takes what whoever has it can use.
const BearerHelp = "Give it on standard input, with - or no argument: every user of this machine\n" +
	"      sees the arguments of a command, shells keep them, and whoever sees it can use it."

// ErrNothing: neither an argument nor standard input holds anything.
var ErrNothing = errors.New("there is nothing to read")

// Bearer is the one argument, or standard input where it is "-" or missing: without
// the white space around it, cut at max bytes. A terminal is read only for "-": whoever
// typed nothing at all waits for help, not for a prompt.
func Bearer(t Terminal, f *flag.FlagSet, max int64) (string, error) {
	if f.NArg() > 0 && f.Arg(0) != "-" {
		if text := strings.TrimSpace(f.Arg(0)); text != "" {
			return text, nil
		}
		return "", ErrNothing
	}
	if f.NArg() == 0 && typed(t.In) {
		return "", ErrNothing
	}
	b, err := io.ReadAll(io.LimitReader(t.In, max))
	if err != nil {
		return "", fmt.Errorf("standard input: %w", err)
	}
	if text := strings.TrimSpace(string(b)); text != "" {
		return text, nil
	}
	return "", ErrNothing
}

// typed says whether what is read is typed, and not a file or another command's output.
func typed(in io.Reader) bool {
	file, ok := in.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
