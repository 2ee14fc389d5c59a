package exchange_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"testing"

	"github.com/bonafides-dev/bonafides/issuer/exchange"
)

func TestHMACAgreesWithTheStandardLibrary(t *testing.T) {
	for n := range 200 {
		var key [32]byte
		message := make([]byte, n)
		_, _ = rand.Read(key[:])
		_, _ = rand.Read(message)
		h := hmac.New(sha256.New, key[:])
		h.Write(message)
		got := exchange.HMAC256(&key, message[:n/2], message[n/2:])
		if !hmac.Equal(got[:], h.Sum(nil)) {
			t.Fatalf("%d bytes", n)
		}
	}
}
