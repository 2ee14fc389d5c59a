package rpstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/rpstore"
)

// leaseEnv makes the test binary a process that tries to lease tokens: it names a
// file, or a database.
const leaseEnv = "RP_LEASE_STORE"

func TestMain(m *testing.M) {
	for env, do := range map[string]func(string) error{leaseEnv: leaseAsTold, tokenEnv: tokensAsTold} {
		if where := os.Getenv(env); where != "" {
			if err := do(where); err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

const (
	processes    = 4
	perProcess   = 10
	leaseRounds  = 10
	leaseSeconds = 30
)

var leaseBegan = time.UnixMilli(1_900_000_000_000)

func openWhere(where string) (*rpstore.Store, error) {
	if strings.HasPrefix(where, "postgres://") {
		return rpstore.OpenPostgres(context.Background(), where)
	}
	return rpstore.OpenSQLite(where)
}

// leaseAsTold tries with several goroutines for each round that it reads, and says who
// of them got the lease.
func leaseAsTold(where string) error {
	s, err := openWhere(where)
	if err != nil {
		return err
	}
	defer s.Close()
	fmt.Println("open")
	for round, in := 0, bufio.NewScanner(os.Stdin); in.Scan(); round++ {
		got := make(chan string, perProcess)
		for i := range perProcess {
			go func() {
				now := leaseBegan.Add(time.Duration(round) * leaseSeconds * time.Second)
				holder := fmt.Sprintf("%d.%d.%d", os.Getpid(), round, i)
				_, leased, err := s.LeaseTokens(context.Background(), "sign-in", holder, now, now.Add(leaseSeconds*time.Second))
				switch {
				case err != nil:
					got <- "error:" + strings.ReplaceAll(err.Error(), "\n", " ") + " "
				case leased:
					got <- holder + " "
				default:
					got <- ""
				}
			}()
		}
		line := ""
		for range perProcess {
			line += <-got
		}
		fmt.Println(strings.TrimSpace(line))
	}
	return nil
}

func TestOfProcessesOverSQLiteOneGetsTheLease(t *testing.T) {
	leaseByProcesses(t, filepath.Join(t.TempDir(), "rp.db"))
}

// In each round the holder of the round before is dead, and all processes try at once.
func leaseByProcesses(t *testing.T, where string) {
	s, err := openWhere(where)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.AddSignIn(t.Context(), rpserver.SignIn{ID: "sign-in", Created: leaseBegan, Expires: leaseBegan.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	var in [processes]io.WriteCloser
	var out [processes]*bufio.Scanner
	for i := range processes {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), leaseEnv+"="+where)
		if in[i], err = cmd.StdinPipe(); err != nil {
			t.Fatal(err)
		}
		said, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		out[i] = bufio.NewScanner(said)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			in[i].Close()
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
	says := func(i int) string {
		if !out[i].Scan() {
			t.Fatalf("process %d ended", i)
		}
		return out[i].Text()
	}
	for i := range processes {
		if line := says(i); line != "open" {
			t.Fatalf("process %d: %s", i, line)
		}
	}
	var holders []string
	for round := range leaseRounds {
		for i := range processes {
			if _, err := io.WriteString(in[i], "go\n"); err != nil {
				t.Fatal(err)
			}
		}
		var got []string
		for i := range processes {
			got = append(got, strings.Fields(says(i))...)
		}
		if len(got) != 1 || strings.HasPrefix(got[0], "error") {
			t.Fatalf("round %d: %q", round, got)
		}
		holders = append(holders, got[0])
	}
	for i, holder := range holders {
		var want error
		if i < leaseRounds-1 {
			want = rpserver.ErrLeaseLost
		}
		if err := s.SaveTokens(t.Context(), "sign-in", holder, []byte(holder)); !errors.Is(err, want) {
			t.Errorf("the holder of round %d saves: %v, want %v", i, err, want)
		}
	}
}
