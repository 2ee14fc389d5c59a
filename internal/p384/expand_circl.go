//go:build !(wasm || tinygo)

package p384

import (
	"crypto"
	"crypto/sha512"

	"github.com/cloudflare/circl/expander"
)

// expandMessage is expand_message_xmd of RFC 9380 section 5.3.1 over SHA-384, by
// circl. It hashes only, and has no branch on the message.
func expandMessage(out, msg, dst []byte) {
	checkDST(dst)
	copy(out, expander.NewExpanderMD(crypto.SHA384, dst).Expand(msg, uint(len(out))))
}

// Sum384 is SHA-384.
func Sum384(b []byte) [48]byte { return sha512.Sum384(b) }
