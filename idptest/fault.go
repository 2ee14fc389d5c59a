package idptest

import (
	"maps"
	"net/http"
	"time"
)

// Fault is an endpoint that does not work.
type Fault struct {
	Hang       bool          // accepts and never answers, until the client leaves or the test ends
	Slow       time.Duration // answers so much later, by the machine's clock
	Status     int           // this status with an error of OAuth: 429, 500, 503
	RetryAfter string        // the Retry-After of Status: seconds, or a date
	HTML       bool          // a page, with Status or 200: what proxies and portals send
	Redirect   string        // 302 to this address
	Times      int           // so many requests, then it works again; 0 is until it is taken away
}

// Fails makes an endpoint fail; the zero Fault repairs it. It is Quirk with
// Quirks.Faults.
func (p *Provider) Fails(e Endpoint, f Fault) {
	p.Quirk(func(q *Quirks) {
		if q.Faults == nil {
			q.Faults = map[Endpoint]Fault{}
		}
		q.Faults[e] = f
	})
}

// takeFault is the fault of an endpoint, and counts it.
func (p *Provider) takeFault(e Endpoint) (Fault, bool) {
	f := p.quirks.Faults[e]
	if f.Times > 0 {
		// The map may be the test's own, from Set.
		p.quirks.Faults = maps.Clone(p.quirks.Faults)
		if f.Times == 1 {
			delete(p.quirks.Faults, e)
		} else {
			left := f
			left.Times--
			p.quirks.Faults[e] = left
		}
	}
	return f, f != Fault{}
}

// fail plays a fault and tells whether that was the answer.
func (p *Provider) fail(w http.ResponseWriter, r *http.Request, f Fault) bool {
	var wait <-chan time.Time
	if f.Slow > 0 && !f.Hang {
		timer := time.NewTimer(f.Slow)
		defer timer.Stop()
		wait = timer.C
	}
	if f.Hang || f.Slow > 0 {
		select {
		case <-wait: // nil where it hangs
		case <-r.Context().Done():
		case <-p.done:
		}
		if f.Hang {
			panic(http.ErrAbortHandler) // no answer, not even an empty one
		}
	}
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	status := f.Status
	switch {
	case f.Redirect != "":
		http.Redirect(w, r, f.Redirect, http.StatusFound)
	case f.HTML:
		if status == 0 {
			status = http.StatusOK
		}
		writeBody(w, status, "text/html; charset=utf-8", []byte("<!doctype html><title>Please wait</title><p>We will be right back."))
	case status != 0:
		(&oauthError{"temporarily_unavailable", "the test wants it so"}).write(w, status)
	default:
		return false
	}
	return true
}
