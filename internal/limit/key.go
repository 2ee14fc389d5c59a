package limit

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
)

// Key is what is counted: a person, a network, both together. It is a keyed hash,
// so that each takes the same memory, no list of addresses stands there, and
// nobody can choose keys that meet.
type Key [16]byte

// secret is new in each process: counts do not outlive it either.
var secret = func() (s [32]byte) {
	rand.Read(s[:]) // never fails (crypto/rand)
	return s
}()

// Of makes the key of some texts in their order. Other texts, or the same ones cut
// in other places, make another key.
func Of(parts ...string) Key {
	b := append(make([]byte, 0, 256), secret[:]...)
	for _, p := range parts {
		b = binary.BigEndian.AppendUint64(b, uint64(len(p)))
		b = append(b, p...)
	}
	sum := sha256.Sum256(b)
	return Key(sum[:16])
}
