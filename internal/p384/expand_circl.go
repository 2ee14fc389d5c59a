//go:build !(wasm || tinygo)

package p384

import (
	"crypto"
	_ "crypto/sha512" // crypto.SHA384

	"github.com/cloudflare/circl/expander"
)

// expandMessage is expand_message_xmd of RFC 9380 section 5.3.1 over SHA-384, by
// circl. It hashes only, and has no branch on the message.
func expandMessage(out, msg, dst []byte) {
	checkDST(dst)
	copy(out, expander.NewExpanderMD(crypto.SHA384, dst).Expand(msg, uint(len(out))))
}
