//go:build !unix

package main

import "os/exec"

// inGroup leaves the command as it is: a time limit ends it, and not what it started.
func inGroup(*exec.Cmd) {}
