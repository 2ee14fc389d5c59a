package web

import "bytes"

// WithoutMark is a document without the byte order mark that some servers put before
// UTF-8. JSON has none, and whoever reads it may pass over one (RFC 8259 section 8.1).
func WithoutMark(body []byte) []byte { return bytes.TrimPrefix(body, []byte("\ufeff")) }
