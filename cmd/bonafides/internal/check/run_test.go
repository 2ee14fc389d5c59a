package check

import (
	"testing"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli/clitest"
)

var testNow = clitest.Now

func bonafides(t *testing.T, stdin string, args ...string) (out, errs string, code int) {
	t.Helper()
	return clitest.Run(Commands(), stdin, args...)
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	return clitest.Write(t, name, text)
}
