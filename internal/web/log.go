package web

import "unicode/utf8"

// maxLogged is how much of a stranger's text goes into one line of a log, in bytes.
const maxLogged = 128

// ForLog cuts a text that anybody may have sent, so that no line of a log is as long
// as they like. What is left out is said.
func ForLog(s string) string {
	if len(s) <= maxLogged {
		return s
	}
	n := maxLogged
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "..."
}
