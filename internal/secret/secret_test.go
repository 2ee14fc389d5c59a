package secret_test

import (
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/internal/secret"
)

func TestSecretsHaveOneSpelling(t *testing.T) {
	s, other := secret.New(), secret.New()
	if s == other || len(s) != 43 || !secret.Is(s) {
		t.Errorf("%q, %q", s, other)
	}
	zero := strings.Repeat("A", 43)
	if !secret.Is(zero) {
		t.Error("32 bytes of zeros are well formed")
	}
	for _, bad := range []string{"", s[1:], s + "A", s + "=", zero[:42] + "B", zero[:20] + "\n" + zero[20:], zero[:42] + "+", zero[:42] + "\n"} {
		if secret.Is(bad) {
			t.Errorf("%q is one", bad)
		}
	}
	if secret.Hash(s) != sha256.Sum256([]byte(s)) || secret.Hash(s) == secret.Hash(other) {
		t.Error("the hash is not that of the text")
	}
}
