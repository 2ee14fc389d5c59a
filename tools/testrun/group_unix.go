//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// inGroup puts the command into a process group of its own, which ends with it.
func inGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
