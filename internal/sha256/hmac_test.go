package sha256_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"testing"

	own "github.com/bonafides-dev/bonafides/internal/sha256"
)

func TestHMACAgreesWithTheStandardLibrary(t *testing.T) {
	for n := range 200 {
		var key [32]byte
		message := make([]byte, n)
		_, _ = rand.Read(key[:])
		_, _ = rand.Read(message)
		h := hmac.New(sha256.New, key[:])
		h.Write(message)
		got := own.HMAC(&key, message[:n/2], message[n/2:])
		if !hmac.Equal(got[:], h.Sum(nil)) {
			t.Fatalf("%d bytes", n)
		}
	}
}
