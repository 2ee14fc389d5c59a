package idpserver

import (
	"maps"
	"slices"
)

func (c consentView) heading() string {
	if c.disconnect() {
		return "Disconnect " + c.client.Name + "?"
	}
	if c.popup == nil {
		return "Continue to " + c.client.Name
	}
	return contextWords[c.hidden.Get("context")] + c.client.Name
}

func (c consentView) disconnect() bool { return c.popup != nil && c.popup.disconnect }

func (c consentView) button() string {
	if c.disconnect() {
		return "Disconnect"
	}
	return "Continue"
}

func (c consentView) buttonLabel(a *Account) string {
	if c.disconnect() {
		return "Disconnect " + c.client.Name + " from " + a.Name
	}
	return "Continue to " + c.client.Name + " as " + a.Name
}

func sortedNames(v map[string][]string) []string { return slices.Sorted(maps.Keys(v)) }

func (p *popupView) outState() string {
	switch p.kind {
	case "error":
		return "refused"
	case "ready":
		return "working"
	}
	return "done"
}
