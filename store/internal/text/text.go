// Package text is the one rule for the text that stores keep, so that the same
// identity reads the same from memory, SQLite and PostgreSQL.
package text

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/bonafides-dev/bonafides/rpserver"
)

// Clean drops what nobody can see and some databases refuse: C0 controls with NUL
// among them, DEL, and bytes that are no UTF-8.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

// Identity cleans what a provider says about a person. By which it knows them,
// issuer and subject, stays to the byte.
func Identity(id rpserver.Identity) rpserver.Identity {
	for _, s := range []*string{&id.Email, &id.HostedDomain, &id.Name, &id.GivenName, &id.FamilyName, &id.Picture, &id.Locale} {
		*s = Clean(*s)
	}
	id.EmailVerified = id.EmailVerified && id.Email != ""
	return id
}

// longest is how many bytes a name may have by which rows are found: an index of
// PostgreSQL takes 2,700 bytes, and three of them stand in one.
const longest = 768

// Keys refuses a name by which rows are found if PostgreSQL cannot hold it. To drop a
// part of it would make two names one.
func Keys(keys ...string) error {
	for _, k := range keys {
		if len(k) > longest {
			return fmt.Errorf("store: an identifier has %d bytes, %d are the most", len(k), longest)
		}
		if strings.IndexByte(k, 0) >= 0 || !utf8.ValidString(k) {
			return errors.New("store: an identifier holds NUL or is no UTF-8")
		}
	}
	return nil
}
