package main

import (
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli/clitest"
)

func bonafides(t *testing.T, stdin string, args ...string) (out, errs string, code int) {
	t.Helper()
	return clitest.Run(commands(), stdin, args...)
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"help"}, {"-h"}, {"--help"}} {
		if out, _, code := bonafides(t, "", args...); code != cli.OK || !strings.Contains(out, "bonafides token check") {
			t.Errorf("%v: %d %s", args, code, out)
		}
	}
	for _, args := range [][]string{{"token"}, {"token", "forge"}, {"x", "y", "z"}} {
		if _, errs, code := bonafides(t, "", args...); code != cli.Usage || !strings.Contains(errs, "no command") {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
	for _, c := range commands() {
		if _, errs, code := bonafides(t, "", append(strings.Fields(c.Name), "-h")...); code != cli.OK || !strings.Contains(errs, c.Synopsis) {
			t.Errorf("%s -h: %d %s", c.Name, code, errs)
		}
		// What was wrong stands alone: the whole text would push it off the screen.
		if _, errs, code := bonafides(t, "", append(strings.Fields(c.Name), "-unknown-flag")...); code != cli.Usage || !strings.Contains(errs, "-unknown-flag") || !strings.Contains(errs, "see bonafides "+c.Name+" -h") || strings.Count(errs, "\n") != 1 {
			t.Errorf("%s -unknown-flag: %d %s", c.Name, code, errs)
		}
	}
}

func TestAGroupExplainsItself(t *testing.T) {
	for _, help := range []string{"-h", "--help", "help"} {
		out, errs, code := bonafides(t, "", "token", help)
		if code != cli.OK || errs != "" || !strings.Contains(out, "token check") || !strings.Contains(out, "token inspect") || strings.Contains(out, "record verify") {
			t.Errorf("token %s: exit %d, %q, %q", help, code, out, errs)
		}
	}
	if _, errs, code := bonafides(t, "", "nothing", "-h"); code != cli.Usage || !strings.Contains(errs, "no command") {
		t.Errorf("a group that does not exist: exit %d, %q", code, errs)
	}
}

// Help is there wherever somebody asks for it.
func TestHelpEverywhere(t *testing.T) {
	for _, c := range commands() {
		words := strings.Fields(c.Name)
		for _, args := range [][]string{
			append([]string{"help"}, words...), append([]string{"-h"}, words...),
			append(words[:2:2], "-h"), append(words[:2:2], "--help"),
			append(words[:2:2], "something", "-h"), append(words[:2:2], "a", "b", "--help"),
		} {
			if out, errs, code := bonafides(t, "", args...); code != cli.OK || out != "" || !strings.Contains(errs, c.Synopsis) {
				t.Errorf("%v: %d %s%s", args, code, out, errs)
			}
		}
	}
	if out, _, code := bonafides(t, "", "help", "keeper"); code != cli.OK || !strings.Contains(out, "keeper serve") || strings.Contains(out, "keys new") {
		t.Errorf("help keeper: %d %s", code, out)
	}
	if _, errs, code := bonafides(t, "", "help", "me"); code != cli.Usage || !strings.Contains(errs, `no command "me"`) {
		t.Errorf("help me: %d %s", code, errs)
	}
}
