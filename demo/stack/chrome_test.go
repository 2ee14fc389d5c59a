package stack

import (
	"encoding/json"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func TestCommitmentsAreWhatABrowserTakes(t *testing.T) {
	s := start(t, Config{})
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(s.Commitments()), &all); err != nil || len(all) != 1 {
		t.Fatalf("%v: %s", err, s.Commitments())
	}
	c, err := pst.ParseCommitments(all[s.Origins.Issuer])
	if err != nil || c.BatchSize != 30 || len(c.Keys) != 2 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestCommandLineCanBePasted(t *testing.T) {
	if runtime.GOOS == "windows" {
		return
	}
	args := []string{"plain", `{"a":"b c"}`, "it's", "$HOME", "", "a;b", "--x=y"}
	got, err := exec.Command("sh", "-c", CommandLine("printf", append([]string{`%s\n`}, args...))).Output()
	if err != nil || string(got) != strings.Join(args, "\n")+"\n" {
		t.Errorf("the shell read %q, %v", got, err)
	}
}
