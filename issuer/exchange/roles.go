package exchange

import (
	"bytes"
	"time"
)

// Role is what a token key is for at a time.
type Role string

const (
	RoleNext    Role = "next"    // published, and does not sign yet
	RoleCurrent Role = "current" // signs
	RoleRetired Role = "retired" // signs no more; its tokens are redeemed
	RoleExpired Role = "expired"
)

// KeyTime is a key's id and when it expires.
type KeyTime struct {
	ID     uint32
	Expiry time.Time
}

// RoleOf tells what a key is for; signs is the key that signs, which may be the
// same. The next key is told by a higher id and a later expiry, as rotation makes
// it.
func RoleOf(k, signs KeyTime, now time.Time) Role {
	switch {
	case !now.Before(k.Expiry):
		return RoleExpired
	case k.ID == signs.ID:
		return RoleCurrent
	case k.ID > signs.ID && k.Expiry.After(signs.Expiry):
		return RoleNext
	}
	return RoleRetired
}

// Times lists the keys without their secrets, the one that signs first.
func (k *Keys) Times() []KeyTime {
	var list []KeyTime
	for _, key := range k.set.All() {
		list = append(list, KeyTime{key.ID(), k.expiry[key.ID()]})
	}
	return list
}

// Orphaned lists the keys whose tokens live at this time and would be worth
// nothing, or less long something, with the keys that come next.
func (k *Keys) Orphaned(next *Keys, now time.Time) []uint32 {
	var lost []uint32
	for _, old := range k.set.All() {
		id := old.ID()
		if !now.Before(k.expiry[id]) {
			continue
		}
		kept, ok := next.set.ByID(id)
		if !ok || !bytes.Equal(kept.PublicKey().Bytes(), old.PublicKey().Bytes()) || next.expiry[id].Before(k.expiry[id]) {
			lost = append(lost, id)
		}
	}
	return lost
}
