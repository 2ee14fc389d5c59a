// Command tokens compares the speed of Private State Tokens: this project's,
// circl's and BoringSSL's, each in a process of its own, in turns, in CPU time.
//
//	go run ./tokens            # both tables, in microseconds a token
//	go run ./tokens -rounds 9
//
// BoringSSL is Debian's android-libboringssl-dev through boringssl/trusttoken.c;
// where it or a C compiler is missing its column says so.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

type row struct {
	op    string
	batch int
}

var rows = []row{
	{"issue", 1}, {"issue", 10}, {"issue", 100}, {"redeem", 1}, {"redeem", 100},
	{"begin", 1}, {"begin", 10}, {"begin", 100}, {"finish", 1}, {"finish", 10}, {"finish", 100},
}

func main() {
	child := flag.String("child", "", "run one implementation and print its times (ours, circl)")
	rounds := flag.Int("rounds", 5, "runs of each implementation; the best time counts")
	flag.Parse()
	switch *child {
	case "ours":
		ours()
		return
	case "circl":
		circl()
		return
	}

	self, err := os.Executable()
	if err != nil {
		fail(err)
	}
	commands := map[string][]string{
		"Bonafides": {self, "-child", "ours"},
		"circl":     {self, "-child", "circl"},
	}
	names := []string{"Bonafides", "circl"}
	if path, err := buildBoringSSL(); err != nil {
		fmt.Fprintln(os.Stderr, "BoringSSL is left out:", err)
	} else {
		defer os.RemoveAll(filepath.Dir(path))
		commands["BoringSSL"] = []string{path}
		names = append(names, "BoringSSL")
	}
	best := map[string]map[row]float64{}
	for range *rounds {
		for _, name := range names {
			out, err := exec.Command(commands[name][0], commands[name][1:]...).Output()
			if err != nil {
				fail(fmt.Errorf("%s: %w", name, err))
			}
			if best[name] == nil {
				best[name] = map[row]float64{}
			}
			for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
				f := strings.Fields(line)
				n, err := strconv.Atoi(f[1])
				us, err2 := strconv.ParseFloat(f[2], 64)
				if err != nil || err2 != nil {
					fail(fmt.Errorf("%s printed %q", name, line))
				}
				r := row{f[0], n}
				if old, ok := best[name][r]; !ok || us < old {
					best[name][r] = us
				}
			}
		}
	}
	fmt.Printf("| us a token, CPU time, best of %d |", *rounds)
	for _, name := range names {
		fmt.Printf(" %s |", name)
	}
	fmt.Println(" BoringSSL / Bonafides |")
	fmt.Println("|---|" + strings.Repeat("---:|", len(names)+1))
	for _, r := range rows {
		fmt.Printf("| %s, batch of %d |", r.op, r.batch)
		for _, name := range names {
			if us, ok := best[name][r]; ok {
				fmt.Printf(" %.0f |", us)
			} else {
				fmt.Print(" - |")
			}
		}
		if them, ok := best["BoringSSL"][r]; ok {
			fmt.Printf(" %.2f |\n", them/best["Bonafides"][r])
		} else {
			fmt.Println(" - |")
		}
	}
}

func buildBoringSSL() (string, error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return "", err
	}
	out := filepath.Join(dir, "trusttoken")
	const lib = "/usr/lib/x86_64-linux-gnu/android"
	cc := exec.Command("cc", "-O2", "-I/usr/include/android", "-o", out, "boringssl/trusttoken.c", "-L"+lib, "-lcrypto", "-Wl,-rpath,"+lib)
	if msg, err := cc.CombinedOutput(); err != nil {
		os.RemoveAll(dir)
		return "", fmt.Errorf("%w\n%s", err, msg)
	}
	return out, nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "tokens:", err)
	os.Exit(1)
}
