package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Run runs the command that args name and returns the code to end with.
func Run(t Terminal, commands []Command, args []string) int {
	all := table(commands)
	if len(args) == 0 || isHelp(args[0]) && len(args) == 1 {
		all.usage(t.Out, "")
		return OK
	}
	if isHelp(args[0]) { // help token check
		if args = args[1:]; all.has(strings.Join(args, " ")) {
			args = append(slices.Clone(args), "-h")
		}
	}
	if group := args[0] + " "; len(args) > 1 && isHelp(args[1]) && all.has(group) {
		all.usage(t.Out, group)
		return OK
	}
	name := strings.Join(args[:min(2, len(args))], " ")
	for _, c := range all {
		if c.Name != name {
			continue
		}
		// Flags end at the first argument, and whoever asks for help after it wants
		// no record of that name.
		rest := args[2:]
		if last := len(rest) - 1; last > 0 && isHelp(rest[last]) && rest[last] != "help" {
			rest = rest[last:]
		}
		return c.Run(t, rest)
	}
	group := args[0] + " "
	if !all.has(group) {
		group = ""
	}
	if len(args) == 1 && group != "" {
		fmt.Fprintf(t.Err, "bonafides: %q is no command by itself\n", name)
	} else {
		fmt.Fprintf(t.Err, "bonafides: there is no command %q\n", name)
	}
	// Names alone: the texts of all of them would hide what was wrong.
	fmt.Fprintln(t.Err, "There are these; each explains itself with -h:")
	for _, c := range all {
		if strings.HasPrefix(c.Name, group) {
			fmt.Fprintf(t.Err, "  bonafides %s\n", c.Name)
		}
	}
	return Usage
}

func isHelp(arg string) bool {
	return arg == "help" || arg == "-h" || arg == "-help" || arg == "--help"
}

type table []Command

// has says whether a command's name begins with this ("token ", for a group).
func (all table) has(beginning string) bool {
	return slices.ContainsFunc(all, func(c Command) bool { return strings.HasPrefix(c.Name, beginning) })
}

// usage lists the commands whose names begin with group: all for "".
func (all table) usage(w io.Writer, group string) {
	fmt.Fprintln(w, "The commands of bonafides (each explains itself with -h):")
	for _, c := range all {
		if !strings.HasPrefix(c.Name, group) {
			continue
		}
		fmt.Fprintf(w, "\n  bonafides %s %s\n      %s\n", c.Name, c.Synopsis, c.About)
	}
}
