package stack

import (
	"os"
	"runtime"
	"strings"
)

// Commitments returns the issuer's key commitments as a browser takes them on
// its command line: the inner object of the issuer's endpoint under its origin.
func (s *Stack) Commitments() string {
	return `{"` + s.Origins.Issuer + `":` + string(s.commitment) + `}`
}

// ChromeArgs returns the arguments that start Chrome or Chromium on the home
// page with the issuer's keys and a profile of its own.
func (s *Stack) ChromeArgs(profile string) []string {
	args := []string{
		"--user-data-dir=" + profile,
		"--no-first-run",
		"--no-default-browser-check",
		"--additional-private-state-token-key-commitments=" + s.Commitments(),
	}
	if runtime.GOOS == "linux" && os.Geteuid() == 0 {
		args = append(args, "--no-sandbox") // Chrome's sandbox does not start as root
	}
	return append(args, s.Origins.Home+"/")
}

// CommandLine writes a command so that it can be pasted into a shell.
func CommandLine(path string, args []string) string {
	var b strings.Builder
	for i, a := range append([]string{path}, args...) {
		if i > 0 {
			b.WriteByte(' ')
		}
		if a != "" && strings.Trim(a, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,") == "" {
			b.WriteString(a)
			continue
		}
		if runtime.GOOS == "windows" {
			b.WriteString(`"` + strings.ReplaceAll(a, `"`, `\"`) + `"`)
		} else {
			b.WriteString("'" + strings.ReplaceAll(a, "'", `'\''`) + "'")
		}
	}
	return b.String()
}
