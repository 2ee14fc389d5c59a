package exchange

import (
	"github.com/bonafides-dev/bonafides/internal/sha256"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// RowSize is the size in bytes of what is kept of a spent token.
const RowSize = 16

// SpentRow returns what a store keeps of a spent token: the first 16 bytes of
// SHA-256(key id || nonce), the id as four bytes, the first one highest. Whoever
// makes two nonces with one row makes two tokens of which one can be spent:
// docs/design/0007.
func SpentRow(keyID uint32, nonce [pst.NonceSize]byte) [RowSize]byte {
	var in [4 + pst.NonceSize]byte
	in[0], in[1], in[2], in[3] = byte(keyID>>24), byte(keyID>>16), byte(keyID>>8), byte(keyID)
	copy(in[4:], nonce[:])
	sum := sha256.Sum256(in[:])
	return [RowSize]byte(sum[:RowSize])
}
