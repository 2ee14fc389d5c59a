package guide

import (
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
)

// A walk is one visitor's way through the guide: it belongs to a browser and
// begins after a message. The sites share no cookie, so it travels from page to
// page in the fragment of their addresses. It names nobody.
type walk struct{ after int64 }

// newRun names a run of this program, so that a walk of an earlier run is not
// taken for one of this.
func newRun() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead
	return hex.EncodeToString(b[:])
}

// Begin returns a walk that begins now: nothing that happened so far counts.
func (g *Guide) Begin() string { return g.written(walk{g.hub.Last()}) }

// Known reports whether a walk is of this run of the program.
func (g *Guide) Known(s string) bool {
	_, ok := g.read(s)
	return ok
}

func (g *Guide) written(w walk) string { return g.run + "-" + strconv.FormatInt(w.after, 10) }

func (g *Guide) read(s string) (walk, bool) {
	run, number, _ := strings.Cut(s, "-")
	after, err := strconv.ParseInt(number, 10, 64)
	if err != nil || run != g.run || after < 0 {
		return walk{}, false
	}
	return walk{after}, true
}

// Steps returns the six steps as one browser has walked them. A walk that is not
// known began with the program.
func (g *Guide) Steps(walk, userAgent string) []Step {
	w, _ := g.read(walk)
	var mine []trace.Exchange
	for _, x := range g.hub.All() {
		if agent, _ := x.Find("Headers", "User-Agent"); x.Seq > w.after && agent.Value == userAgent && x.From == look.Browser {
			mine = append(mine, x)
		}
	}
	return Steps(mine, g.origins)
}

// Href is where a step's link leads on a walk.
func (g *Guide) Href(s Step, walk string) string {
	if w, ok := g.read(walk); ok {
		return s.URL + Fragment + "=" + g.written(w)
	}
	return s.URL + Fragment
}
