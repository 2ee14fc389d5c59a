package look

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"

	kit "github.com/bonafides-dev/bonafides/internal/look"
)

// Props is what the shell of a page needs. Only Party and Title are required.
type Props struct {
	Party       Party
	Title       string // of the document; SiteName is put after it
	Description string
	SiteName    string
	Role        string // one sentence: who this party is and what it wants; stands above the site
	HomeURL     string // of the page with the chart; a link to it stands beside Role
	Nav         []kit.Link
	Styles      []string        // URL paths of the site's own sheets
	Scripts     []string        // URL paths of the site's own modules
	Head        templ.Component // stands in the head before Scripts
	Class       string          // of <body>
	Bare        bool            // no header and footer: the site draws its own, or the page is a frame
}

// A Field is one named value of a message, as [Bytes] shows it.
type Field struct {
	Group      string // the structure it belongs to; fields of one group stand together
	Name       string // as the specification names it
	Value      string // as text, in Encoding
	Encoding   string // "hex", "base64url", "decimal", "text", "JSON"
	Size       int    // bytes on the wire before text encoding; 0 shows none
	Spec       string // where it is defined
	Help       string // one sentence for people
	Secret     bool   // the value is held back
	Unlinkable bool   // the value links nothing
}

func (f Field) size() string {
	if f.Size == 1 {
		return "1 byte"
	}
	return strconv.Itoa(f.Size) + " bytes"
}

type fieldGroup struct {
	name   string
	fields []Field
}

// shownAlike is how many of many fields alike are shown, shownValues how many
// values of one item.
const (
	shownAlike  = 2
	shownValues = 3
)

// A fieldRun is a run of fields that is shown, or folded because it goes on
// like the one before.
type fieldRun struct {
	fields []Field
	folded bool
}

// runs folds the third and later fields of a numbered row, where that saves
// more than one.
func (g fieldGroup) runs() []fieldRun {
	var out []fieldRun
	show := func(f Field) {
		if n := len(out); n > 0 && !out[n-1].folded {
			out[n-1].fields = append(out[n-1].fields, f)
			return
		}
		out = append(out, fieldRun{fields: []Field{f}})
	}
	for i := 0; i < len(g.fields); {
		j := i + 1
		for stem := g.fields[i].stem(); stem != "" && j < len(g.fields) && g.fields[j].stem() == stem; {
			j++
		}
		if j-i <= shownAlike+1 {
			for ; i < j; i++ {
				show(g.fields[i])
			}
			continue
		}
		for _, f := range g.fields[i : i+shownAlike] {
			show(f)
		}
		out = append(out, fieldRun{fields: g.fields[i+shownAlike : j], folded: true})
		i = j
	}
	return out
}

// stem is the name without the number at its end, or "" if it has none.
func (f Field) stem() string {
	stem := strings.TrimRight(f.Name, "0123456789")
	if stem == f.Name {
		return ""
	}
	return stem
}

// grouped puts the fields of one group together, in the order in which the
// groups first appear.
func grouped(fields []Field) []fieldGroup {
	var out []fieldGroup
	at := map[string]int{}
	for _, f := range fields {
		i, ok := at[f.Group]
		if !ok {
			i = len(out)
			at[f.Group] = i
			out = append(out, fieldGroup{name: f.Group})
		}
		out[i].fields = append(out[i].fields, f)
	}
	return out
}

// An Item is one thing that a party learned in a run, or could not learn.
type Item struct {
	What   string
	Why    string
	Values []string

	// For what could not be learned: how many of the party's messages were
	// searched for Values, and in how many one was found after all.
	Searched, Found int
}

// label is the state in a word, before the result of an action.
func label(s kit.State) string {
	switch s {
	case kit.Working:
		return "Working"
	case kit.Done:
		return "Done"
	case kit.Refused:
		return "Refused"
	case kit.Failed:
		return "Error"
	}
	return ""
}

// An Outcome is what came of an action or an attack: a state, what happened in
// one sentence, the sentences after it, and the evidence as it came back.
type Outcome struct {
	State    kit.State  `json:"state"`
	Title    string     `json:"title"`
	Text     string     `json:"text,omitempty"`
	Evidence []Evidence `json:"evidence,omitempty"`
}

// Evidence is one named piece of a message: the status line, a refusal's body.
type Evidence struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A Step is one step of [Steps].
type Step struct {
	Title, Text string
	Href        string // where to do it; may be empty
	Action      string // the label of the link
	Done        bool
	Current     bool
}
