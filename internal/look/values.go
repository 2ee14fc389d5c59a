package look

import "github.com/a-h/templ"

// A Link is one entry of a navigation.
type Link struct {
	Href, Label string
	Current     bool
}

// Props is what the shell of a page needs. Only Title is required.
type Props struct {
	Title    string // of the document; SiteName is put after it
	SiteName string
	Styles   []string        // URL paths of more sheets
	Head     templ.Component // what the page's head needs besides, or nil
	Scripts  []string        // URL paths of modules
}

func (p Props) title() string {
	if p.SiteName == "" || p.SiteName == p.Title {
		return p.Title
	}
	return p.Title + " · " + p.SiteName
}

// State of a notice or of the result of an action.
type State string

// The states. They are the values of data-state.
const (
	Idle    State = "idle"
	Working State = "working"
	Done    State = "done"
	Refused State = "refused"
	Failed  State = "error"
)
