package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// A command is one program to run, where the system has them in a process group of
// its own, so that a time limit also ends what it started.
type command struct {
	dir   string
	env   []string // added to the environment
	bare  bool     // only env and the few variables that Go needs
	args  []string
	input string         // standard input
	cpu   *time.Duration // if set, grows by the CPU time of the program and of those that it started and waited for
}

func (c command) String() string { return strings.Join(c.args, " ") }

// stream runs the command and hands its standard output to read as it comes.
// It returns standard error and the command's error.
func (c command) stream(ctx context.Context, read func(io.Reader)) (string, error) {
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Dir = c.dir
	if c.bare {
		for _, name := range []string{"PATH", "HOME", "GOCACHE", "GOPATH", "GOMODCACHE", "GOFLAGS", "GOPROXY", "GOSUMDB", "GONOSUMDB", "GOTOOLCHAIN"} {
			if v, ok := os.LookupEnv(name); ok {
				cmd.Env = append(cmd.Env, name+"="+v)
			}
		}
	} else {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, c.env...)
	inGroup(cmd)
	cmd.WaitDelay = 10 * time.Second
	cmd.Stdin = strings.NewReader(c.input)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("%s: %w", c.args[0], err)
	}
	read(out)
	io.Copy(io.Discard, out)
	err = cmd.Wait()
	if c.cpu != nil && cmd.ProcessState != nil {
		*c.cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	return errs.String(), err
}

// output runs the command and returns standard output and standard error.
func (c command) output(ctx context.Context) (stdout, stderr string, err error) {
	var out bytes.Buffer
	stderr, err = c.stream(ctx, func(r io.Reader) { io.Copy(&out, r) })
	return out.String(), stderr, err
}

// single runs the command as one test: it passes when it exits with 0.
func (c command) single(ctx context.Context, t *tally, name string) {
	out, errs, err := c.output(ctx)
	if err != nil {
		t.fail(name, fmt.Sprintf("%s%s%s: %v", out, errs, c, err))
		return
	}
	t.pass(1)
}
