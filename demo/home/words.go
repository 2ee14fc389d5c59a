package home

import (
	"strconv"
	"time"

	"github.com/bonafides-dev/bonafides/demo/trace"
)

func count(n int) string { return strconv.Itoa(n) }

// counter says how much the chart shows.
func counter(all []trace.Exchange) string {
	n := 0
	for _, x := range all {
		if !minor(x) {
			n++
		}
	}
	switch n {
	case 0:
		return "No messages yet."
	case 1:
		return "1 exchange."
	}
	return strconv.Itoa(n) + " exchanges."
}

// savedLine heads a saved run.
func savedLine(all []trace.Exchange, now time.Time) string {
	return "Saved " + now.Format("2006-01-02 15:04:05 MST") + ". " + counter(all) + " Cookies, passwords and session ids were never recorded."
}
