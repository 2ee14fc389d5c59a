package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/bonafides-dev/bonafides/demo/stack"
)

// findChrome returns the path of a Chrome or Chromium. CHROME names one where
// the usual places have none.
func findChrome() (string, error) {
	if path := os.Getenv("CHROME"); path != "" {
		found, err := exec.LookPath(path)
		if err != nil {
			return "", fmt.Errorf("CHROME is set to %q, which cannot be started: %w", path, err)
		}
		return found, nil
	}
	var places []string
	switch runtime.GOOS {
	case "darwin":
		for _, dir := range []string{"/Applications", filepath.Join(os.Getenv("HOME"), "Applications")} {
			places = append(places,
				filepath.Join(dir, "Google Chrome.app/Contents/MacOS/Google Chrome"),
				filepath.Join(dir, "Chromium.app/Contents/MacOS/Chromium"))
		}
	case "windows":
		for _, dir := range []string{"ProgramFiles", "ProgramFiles(x86)", "LocalAppData"} {
			if root := os.Getenv(dir); root != "" {
				places = append(places,
					filepath.Join(root, `Google\Chrome\Application\chrome.exe`),
					filepath.Join(root, `Chromium\Application\chrome.exe`))
			}
		}
	}
	places = append(places, "google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "chrome")
	for _, place := range places {
		if found, err := exec.LookPath(place); err == nil {
			return found, nil
		}
	}
	return "", errors.New("found no Chrome or Chromium. Install one, or put its path into the environment variable CHROME")
}

// A browser is a Chrome that the demo started.
type browser struct {
	command string
	process *exec.Cmd
	done    chan struct{} // closed when it has ended
	err     error         // how; valid after done
}

// startChrome starts a browser with a profile of its own in the data folder, so
// that the user's browser is left alone. One that ends at once has not started.
func startChrome(s *stack.Stack) (*browser, error) {
	path, err := findChrome()
	if err != nil {
		return nil, err
	}
	args := s.ChromeArgs(filepath.Join(s.DataDir, stack.ChromeProfile))
	b := &browser{command: stack.CommandLine(path, args), process: exec.Command(path, args...), done: make(chan struct{})}
	if err := b.process.Start(); err != nil {
		return nil, fmt.Errorf("the browser did not start: %w", err)
	}
	go func() {
		b.err = b.process.Wait()
		close(b.done)
	}()
	select {
	case <-b.done:
		if b.err != nil {
			return nil, fmt.Errorf("the browser ended at once (%w). Its command was\n\n  %s\n\nIs there a display? Try the command by hand", b.err, b.command)
		}
	case <-time.After(time.Second):
	}
	return b, nil
}

// stop asks the browser to close, and ends it if it does not.
func (b *browser) stop() {
	select {
	case <-b.done:
		return
	default:
	}
	if b.process.Process.Signal(os.Interrupt) != nil { // Windows knows no such signal
		_ = b.process.Process.Kill()
	}
	select {
	case <-b.done:
	case <-time.After(5 * time.Second):
		_ = b.process.Process.Kill()
		<-b.done
	}
}
