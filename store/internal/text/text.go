// Package text is the one rule for the names by which stores find rows, so that each
// name means the same in memory, SQLite and PostgreSQL.
package text

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

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

// Shown is text for people as every store can keep it: without NUL, which PostgreSQL
// refuses, and without what is no UTF-8.
func Shown(s string) string {
	if strings.IndexByte(s, 0) < 0 && utf8.ValidString(s) {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "")
}
