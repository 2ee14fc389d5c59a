package op

import (
	"net/http"
	"strconv"
	"time"
)

// patience is how long a busy provider is waited for.
const patience = 5 * time.Second

// Delay is what a Retry-After says, if it is known to say anything.
type Delay struct {
	time.Duration
	Known bool
}

// longest bounds what is believed: nobody means more than a day.
const longest = 24 * time.Hour

// retryAfter reads the header of that name (RFC 9110 section 10.2.3): seconds, or
// a date. A time that is over means now.
func retryAfter(h http.Header, now time.Time) Delay {
	values := h.Values("Retry-After")
	if len(values) != 1 {
		return Delay{}
	}
	if n, err := strconv.ParseUint(values[0], 10, 32); err == nil {
		return Delay{min(time.Duration(n)*time.Second, longest), true}
	}
	if at, err := http.ParseTime(values[0]); err == nil {
		return Delay{min(max(at.Sub(now), 0), longest), true}
	}
	return Delay{}
}
