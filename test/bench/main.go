// Command bench measures this project beside what a user could take instead, and
// prints the tables of docs/performance.md:
//
//	go run . [-rounds 5] [-ms 200] [-only tokens,wasm,idtokens]
//
// Every contender is a process of its own. They take turns, operation by
// operation and round by round; one works while the others wait. Time is CPU
// time of the process; the best round counts. What a reader of ID tokens takes over
// the bare signature check it measures itself, the two in turn, and the median of
// five heats counts, each with new processes. The last column tells how the
// result stands to the project's own bars. Speed is reported and never asserted:
// the command fails only where something could not be measured.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/test/bench/idtoken/made"
)

var (
	rounds = flag.Int("rounds", 5, "how often each operation is measured; the best counts")
	ms     = flag.Int("ms", 200, "CPU time of one measurement, in milliseconds")
	only   = flag.String("only", "tokens,wasm,idtokens", "which tables")
)

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	if _, err := os.Stat("boringssl/bench.c"); err != nil {
		return fmt.Errorf("start this in test/bench: %w", err)
	}
	work, err := os.MkdirTemp("", "bonafides-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	fmt.Printf("%s, %s, %s/%s. CPU time, best of %d rounds of about %d ms each.\n", machine(), runtime.Version(), runtime.GOOS, runtime.GOARCH, *rounds, *ms)
	start := time.Now()
	for _, name := range strings.Split(*only, ",") {
		f := map[string]func(string) error{"tokens": tokens, "wasm": wasm, "idtokens": idTokens}[name]
		if f == nil {
			return fmt.Errorf("no table is called %q; there are tokens, wasm and idtokens", name)
		}
		if err := f(work); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	fmt.Printf("\nMeasured in %s.\n", time.Since(start).Round(time.Second))
	return nil
}

// machine names the processor.
func machine() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for _, line := range strings.Split(string(text), "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return fmt.Sprintf("%s, %d cores", strings.TrimSpace(value), runtime.NumCPU())
		}
	}
	return fmt.Sprintf("%d cores", runtime.NumCPU())
}

func build(env []string, args ...string) error {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

func goBuild(work, name, pkg string, flags ...string) (string, error) {
	out := filepath.Join(work, name)
	return out, build(nil, append(append([]string{"go", "build", "-o", out}, flags...), pkg)...)
}

// Where Debian keeps BoringSSL (android-libboringssl-dev).
const (
	boringHeaders = "/usr/include/android"
	boringLib     = "/usr/lib/x86_64-linux-gnu/android"
)

func boringSSL(work string) (string, error) {
	if _, err := os.Stat(boringHeaders + "/openssl/trust_token.h"); err != nil {
		return "", fmt.Errorf("BoringSSL is missing. Install it: apt-get install android-libboringssl-dev")
	}
	out := filepath.Join(work, "boringssl")
	return out, build(nil, "cc", "-O2", "-Wall", "-I"+boringHeaders, "boringssl/bench.c", "-o", out,
		"-L"+boringLib, "-Wl,-rpath,"+boringLib, "-lcrypto")
}

func tokens(work string) error {
	paths := map[string]string{}
	for _, b := range []struct {
		name, pkg string
		flags     []string
	}{{"ours", "./ours", nil}, {"ours-nistec", "./ours", []string{"-tags", "nistec"}}, {"circl", "./circl", nil}, {"nistec", "./nistec", nil}} {
		path, err := goBuild(work, b.name, b.pkg, b.flags...)
		if err != nil {
			return err
		}
		paths[b.name] = path
	}
	boring, err := boringSSL(work)
	if err != nil {
		return err
	}
	r, err := race(1,
		contestant{"Bonafides", []string{paths["ours"]}},
		contestant{"BoringSSL", []string{boring}},
		contestant{"circl", []string{paths["circl"]}},
		contestant{"Bonafides -tags nistec", []string{paths["ours-nistec"]}},
		contestant{"nistec", []string{paths["nistec"]}},
	)
	if err != nil {
		return err
	}
	r.table("Native, microseconds a token (or an operation)", 1000, "BoringSSL", []row{
		{"issue1", "issue, batch of 1", 1.6, 1},
		{"issue10", "issue, batch of 10", 1.6, 1},
		{"issue100", "issue, batch of 100", 2.3, 1},
		{"redeem1", "redeem one", 1.75, 1},
		{"redeem100", "redeem, batch of 100", 1.9, 1},
		{"begin1", "begin, batch of 1", 0, 1},
		{"begin10", "begin, batch of 10", 0, 1},
		{"begin100", "begin, batch of 100", 2, 1},
		{"finish1", "finish, batch of 1", 0, 1},
		{"finish10", "finish, batch of 10", 0, 1},
		{"finish100", "finish, batch of 100", 2, 1},
		{"hash", "hash to curve", 1 / 0.6, 1},
		{"mul", "k*P", 0, 1},
		{"base", "r*G", 0, 1},
	})
	return nil
}

// The WebAssembly contenders run in Node; so do the JavaScript ones.
func wasm(work string) error {
	const tinygo = "../../.tools/tinygo/tinygo"
	if _, err := os.Stat(tinygo); err != nil {
		return fmt.Errorf("TinyGo is missing. make setup builds it: %w", err)
	}
	tiny, small, plain := filepath.Join(work, "tiny.wasm"), filepath.Join(work, "small.wasm"), filepath.Join(work, "go.wasm")
	for file, opt := range map[string]string{tiny: "-opt=2", small: "-opt=z"} {
		if err := build(nil, tinygo, "build", "-target=wasip1", "-buildmode=c-shared", opt, "-no-debug", "-panic=trap", "-scheduler=none", "-interp-timeout=4h", "-o", file, "./guest"); err != nil {
			return err
		}
	}
	if err := build([]string{"GOOS=wasip1", "GOARCH=wasm"}, "go", "build", "-buildmode=c-shared", "-o", plain, "./guest"); err != nil {
		return err
	}
	node := []string{"node", "--no-warnings"}[:2:2]
	r, err := race(1,
		contestant{"Bonafides, TinyGo -opt=2", append(node, "js/wasm.mjs", tiny)},
		contestant{"Bonafides, TinyGo -opt=z", append(node, "js/wasm.mjs", small)},
		contestant{"Bonafides, Go", append(node, "js/wasm.mjs", plain)},
		contestant{"@noble/curves", append(node, "js/noble.mjs")},
		contestant{"voprf-ts, noble", append(node, "js/voprf-ts.mjs", "noble")},
		contestant{"voprf-ts, sjcl", append(node, "js/voprf-ts.mjs", "sjcl")},
	)
	if err != nil {
		return err
	}
	r.table("WebAssembly and JavaScript in Node, milliseconds a batch", 1e6, "@noble/curves", []row{
		{"begin1", "begin, batch of 1", 0, 1},
		{"begin10", "begin, batch of 10", 0, 10},
		{"begin100", "begin, batch of 100", 0, 100},
		{"issue1", "issue (evaluate), batch of 1", 0, 1},
		{"issue10", "issue (evaluate), batch of 10", 6, 10},
		{"issue100", "issue (evaluate), batch of 100", 0, 100},
		{"finish1", "finish (finalize), batch of 1", 0, 1},
		{"finish10", "finish (finalize), batch of 10", 0, 10},
		{"finish100", "finish (finalize), batch of 100", 6, 100},
		{"redeem1", "redeem one", 0, 1},
	})
	return nil
}

func idTokens(work string) error {
	if err := made.Write(work); err != nil {
		return err
	}
	reader, err := goBuild(work, "idtoken", "./idtoken")
	if err != nil {
		return err
	}
	all := []contestant{}
	for _, name := range []string{"bare", "ours", "golang-jwt", "go-oidc", "jwx"} {
		all = append(all, contestant{name, []string{reader, name, work}})
	}
	all = append(all, contestant{"jose (Node)", []string{"node", "--no-warnings", "js/jose.mjs", work}})
	const heats = 5 // one process's results can all lie to one side, by where its memory is
	r, err := race(heats, all...)
	if err != nil {
		return err
	}
	r.overhead("ID tokens, verified: CPU microseconds over the bare signature check, and allocations", "bare", made.Algorithms)
	return nil
}
