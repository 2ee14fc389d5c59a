package main

import (
	"encoding/base64"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/issuer/exchange"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// rotateRecordKey makes a new key for records. Verifiers fetch the published keys
// anew when a record names one that they do not know, so the new key may sign at
// once. Until when a retired public key stays is a comment above it:
//
//	# published until 2027-02-25T10:00:00Z
func rotateRecordKey(t terminal, dir string, now time.Time, lifetime time.Duration, dry bool) int {
	if lifetime < pst.MinRecordLifetime {
		return fail(t, exitUsage, "-record-lifetime is at least 2h")
	}
	path := filepath.Join(dir, recordKeyFile)
	text, err := readSecret(path)
	if err != nil {
		return fail(t, exitRefused, "%v", err)
	}
	_, public, err := issuer.ParseRecordKeys(text)
	if err != nil {
		return fail(t, exitRefused, "%s: %v", path, err)
	}
	seed, err := newRecordKey()
	if err != nil {
		return fail(t, exitRefused, "%v", err)
	}
	var b strings.Builder
	b.WriteString("# The key that signs redemption records, written by bonafides keys. Secret: the\n# first line signs. The others are public keys whose records have not all expired.\n" + seed + "\n")
	// Records live from the full hour before; an hour more is for clocks.
	retire := now.Add(lifetime + time.Hour)
	ends := publishedUntil(text)
	for i, k := range public {
		word := base64.StdEncoding.EncodeToString(k)
		until, ok := ends[word]
		switch {
		case i == 0 || !ok:
			until = retire // the one that signed until now, or nobody knows since when
		case !until.After(now):
			continue
		}
		fmt.Fprintf(&b, "# published until %s\n%s\n", stamp(until), word)
		fmt.Fprintf(t.out, "record key %s is published until %s\n", exchange.RecordKeyID(k), stamp(until))
	}
	if dry {
		fmt.Fprintln(t.out, "This is what would be; nothing was written.")
		return exitOK
	}
	if err := replaceFile(path, b.String(), 0o600); err != nil {
		return fail(t, exitRefused, "%v", err)
	}
	fmt.Fprintf(t.out, "wrote %s: secret; a new key signs\n\nTo give it to the Worker:\n  npx wrangler secret put %s < %s\n", path, secretRecordKey, path)
	return exitOK
}

// publishedUntil reads the comments above retired keys.
func publishedUntil(text string) map[string]time.Time {
	ends := map[string]time.Time{}
	var until time.Time
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if s, ok := strings.CutPrefix(line, "# published until "); ok {
			until, _ = time.Parse(time.RFC3339, s)
			continue
		}
		if !until.IsZero() {
			ends[line] = until
		}
		until = time.Time{}
	}
	return ends
}
