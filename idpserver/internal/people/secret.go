package people

import (
	"encoding/base32"
	"encoding/hex"
	"strings"

	"github.com/bonafides-dev/bonafides/internal/kdf"
)

// use is what a key of Config.Secrets is for. Each is HKDF-SHA256 of a secret without
// salt and "bonafides provider v1 " and its use for info: another form of what is made
// with it gets another number there.
type use string

const (
	useDevice  use = "device"  // which accounts signed in in a browser before
	usePicture use = "picture" // where a relying party finds somebody's picture
	useCosts   use = "costs"   // of a password that nobody has
)

func newKeys(given [][]byte) ([]kdf.Keys[use], error) {
	return kdf.Derive(given, "bonafides provider v1 ", useDevice, usePicture, useCosts)
}

// marksOf is an account in the session of a browser that knows it: the first mark
// is written, all are read. The store has the session, and without the key nobody
// finds out from it whose address it was.
func (p *People) marksOf(address string) []string {
	marks := make([]string, 0, len(p.keys))
	for _, k := range p.keys {
		marks = append(marks, hex.EncodeToString(kdf.MAC(k[useDevice], []byte(strings.ToLower(address)))[:16]))
	}
	return marks
}

// PicturePath is where the provider's own pages have the picture of an account.
func PicturePath(account string) string { return "/picture/" + account + ".png" }

// PictureURL is the same for the browser, which knows the account.
func (p *People) PictureURL(account string) string { return p.c.Issuer + PicturePath(account) }

// PictureURLFor is where a relying party finds a picture of an account, at no address
// that another one has. The picture is drawn from the address, so that it is another
// one too: two sites that lay theirs side by side find nobody by it.
func (p *People) PictureURLFor(account, client string) string {
	// An account id has 26 characters, so the two are cut in one way.
	mac := kdf.MAC(p.keys[0][usePicture], []byte(account+"\x00"+client))
	return p.c.Issuer + PicturePath(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(mac[:16]))
}
