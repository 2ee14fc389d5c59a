package keys

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/store/spentstore"
)

// checkKnown refuses keys of which an id stands for another key than before,
// or for a longer time: compared with what was published last, and with the
// issuer's file of spent tokens where one is given.
func checkKnown(keys *exchange.Keys, dir, spentFile string) error {
	now := issuer.TokenKeys(keys.Set(), keys.Expiry())
	published, err := publishedKeys(filepath.Join(dir, commitmentsFile))
	if err != nil {
		return err
	}
	for _, k := range now {
		if known, ok := published[k.ID]; ok {
			if err := issuer.JudgeKey(known, k); err != nil {
				return err
			}
		}
	}
	if spentFile == "" {
		return nil
	}
	if _, err := os.Stat(spentFile); err != nil { // opening would make it
		return err
	}
	store, err := spentstore.OpenSQLite(spentFile)
	if err != nil {
		return err
	}
	return errors.Join(store.Check(context.Background(), now...), store.Close())
}

// publishedKeys reads what was published last; a file that is missing or that
// somebody else wrote tells nothing.
func publishedKeys(path string) (map[uint32]issuer.KnownKey, error) {
	doc, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c, err := pst.ParseCommitments(doc)
	if err != nil {
		return nil, nil
	}
	all := map[uint32]issuer.KnownKey{}
	for _, k := range c.Keys {
		all[k.PublicKey.ID()] = issuer.KnownKey{TokenKey: issuer.TokenKey{
			ID:      k.PublicKey.ID(),
			Public:  sha256.Sum256(k.PublicKey.Bytes()),
			Expires: time.UnixMicro(k.Expiry + 999_999).Truncate(time.Second).UTC(),
		}}
	}
	return all, nil
}
