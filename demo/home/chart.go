package home

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
	kit "github.com/bonafides-dev/bonafides/internal/look"
)

// renderRow writes one row of the chart for the event stream.
func renderRow(x trace.Exchange, w io.Writer) error {
	return row(x, "", false).Render(context.Background(), w)
}

// exchange shows one exchange decoded: as a fragment for the chart's script, as
// a page of its own for everybody else.
func (h *handler) exchange(w http.ResponseWriter, r *http.Request) {
	seq, err := strconv.ParseInt(r.PathValue("seq"), 10, 64)
	all := h.Hub.All()
	i := slices.IndexFunc(all, func(x trace.Exchange) bool { return x.Seq == seq })
	switch {
	case err != nil || i < 0:
		kit.Render(w, r, http.StatusNotFound, gone(h.props("Message not kept")))
	case r.URL.Query().Has("fragment"):
		kit.Render(w, r, http.StatusOK, decoded(all[i]))
	default:
		kit.Render(w, r, http.StatusOK, exchangePage(h.props(trace.Title(all[i].Kind)), all[i]))
	}
}

// byArrival orders exchanges by when their request arrived: a request that
// makes a server ask another one stands before that.
func byArrival(all []trace.Exchange) []trace.Exchange {
	out := slices.Clone(all)
	slices.SortStableFunc(out, func(a, b trace.Exchange) int { return a.At.Compare(b.At) })
	return out
}

// act is the part of a walk that a message belongs to; a request that could have had
// a record and has none belongs to what is around it.
func act(x trace.Exchange) string {
	switch x.Kind {
	case trace.KindCommitments, trace.KindIssue:
		return "Getting tokens"
	case trace.KindRedeem:
		return "Using a token"
	case trace.KindRecord:
		if _, has := x.Find("Redemption record", "signature"); !has {
			return ""
		}
		return "Reading the record"
	case trace.KindRecordKeys:
		return "Reading the record"
	case trace.KindAccountSignIn:
		return "Signing in where the account lives"
	case trace.KindAction, trace.KindPage, trace.KindAsset:
		return "Pages"
	}
	return "Signing in at another site"
}

// A headed exchange begins an act, if it has a heading.
type headed struct {
	trace.Exchange
	heading string
}

// grouped puts a heading where an act begins. What is hidden begins none.
func grouped(all []trace.Exchange) []headed {
	out := make([]headed, len(all))
	last := ""
	for i, x := range all {
		out[i].Exchange = x
		if a := act(x); !minor(x) && a != "" && a != last {
			out[i].heading, last = a, a
		}
	}
	return out
}

// column returns the place of a party in the chart, from 1; 0 if it has none.
func column(p look.Party) int { return slices.Index(look.Parties(), p) + 1 }

// An arrow spans columns: its grid classes, and whether it points left.
func arrowClass(from, to look.Party) string {
	a, b := column(from), column(to)
	left := ""
	if a > b {
		a, b, left = b, a, " left"
	}
	if a == 0 || a == b {
		return "arrow at1 n2" // never drawn between parties without columns
	}
	return "arrow at" + strconv.Itoa(a) + " n" + strconv.Itoa(b-a+1) + left
}

func drawn(x trace.Exchange) bool {
	return column(x.From) > 0 && column(x.To) > 0 && x.From != x.To
}

// minor exchanges are hidden until the reader asks for them.
func minor(x trace.Exchange) bool {
	switch x.Kind {
	case trace.KindPage, trace.KindAsset:
		return true
	case trace.KindAction:
		// A vote that was refused is worth seeing, a missing page is not.
		return !x.Refused || x.Method != http.MethodPost
	}
	return false
}

func lookFields(fields []trace.Field) []look.Field {
	out := make([]look.Field, len(fields))
	for i, f := range fields {
		out[i] = look.Field(f)
	}
	return out
}

// A part is a run of fields that is shown open, or closed because it is one of
// many alike: the third to the last of thirty blinded elements.
type part struct {
	fields  []look.Field
	closed  bool
	summary string
}

const shownAlike = 2

// The groups that every message has. They come last, closed.
func envelope(group string) bool { return group == "Headers" || group == "Connection" }

func parts(fields []trace.Field) []part {
	var all, last []look.Field
	for _, f := range lookFields(fields) {
		if envelope(f.Group) {
			last = append(last, f)
		} else {
			all = append(all, f)
		}
	}
	var out []part
	open := func(f look.Field) {
		if n := len(out); n == 0 || out[n-1].closed {
			out = append(out, part{})
		}
		last := &out[len(out)-1]
		last.fields = append(last.fields, f)
	}
	for i := 0; i < len(all); {
		stem, numbered := numberedName(all[i].Name)
		j := i + 1
		for numbered && j < len(all) && all[j].Group == all[i].Group {
			s, ok := numberedName(all[j].Name)
			if !ok || s != stem {
				break
			}
			j++
		}
		if j-i <= shownAlike+1 {
			for ; i < j; i++ {
				open(all[i])
			}
			continue
		}
		for _, f := range all[i : i+shownAlike] {
			open(f)
		}
		rest := all[i+shownAlike : j]
		out = append(out, part{fields: rest, closed: true, summary: strconv.Itoa(len(rest)) + " more: " + stem + " " + strconv.Itoa(shownAlike+1) + " to " + strconv.Itoa(j-i)})
		i = j
	}
	if len(last) > 0 {
		out = append(out, part{fields: last, closed: len(all) > 0, summary: names(last)})
	}
	return out
}

// names lists what a closed part holds.
func names(fields []look.Field) string {
	var out []string
	for _, f := range fields {
		if !slices.Contains(out, f.Name) {
			out = append(out, f.Name)
		}
	}
	return strings.Join(out, ", ")
}

// numberedName takes "blinded element 7" apart.
func numberedName(name string) (stem string, ok bool) {
	stem, number, ok := cutLast(name, " ")
	if !ok {
		return "", false
	}
	_, err := strconv.Atoi(number)
	return stem, err == nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

func shortStatus(x trace.Exchange) string {
	return strconv.Itoa(x.Status) + " " + http.StatusText(x.Status)
}

func copies(x trace.Exchange) string {
	if x.Count > 1 {
		return " × " + strconv.Itoa(x.Count)
	}
	return ""
}

func shortName(p look.Party) string {
	switch p {
	case look.Publisher:
		return "publisher"
	case look.AdNetwork:
		return "ads"
	case look.IdP:
		return "IdP"
	case look.Shop:
		return "shop"
	}
	return string(p)
}
