package look

import "strings"

// A Colour is one colour in the two schemes, as "#rrggbb".
type Colour struct{ Light, Dark string }

// The palette. The stylesheet's custom properties are made from this table,
// and a test computes the contrast of every pair that is used.
var palette = []struct {
	name string // of the custom property, after "--"
	Colour
}{
	{"ground", Colour{"#ffffff", "#0b1020"}},   // the page
	{"raised", Colour{"#f6f8fb", "#131a2e"}},   // a field, a code block, the instrument
	{"text", Colour{"#0f172a", "#e2e8f0"}},     // body text
	{"muted", Colour{"#475569", "#a3b1c6"}},    // second voice: captions, help
	{"hairline", Colour{"#d8dee8", "#2a3450"}}, // separates; never the only sign of anything
	{"edge", Colour{"#64748b", "#7d8ba3"}},     // outline of what can be typed in or pressed
	{"done", Colour{"#166534", "#4ade80"}},
	{"refused", Colour{"#b91c1c", "#fca5a5"}},
	{"warning", Colour{"#92400e", "#fbbf24"}},
	{"link", Colour{"#1d4ed8", "#8ab4f8"}},
	{"done-tint", Colour{"#f0fdf4", "#0d2218"}},
	{"refused-tint", Colour{"#fef2f2", "#2b1519"}},
	{"warning-tint", Colour{"#fffbeb", "#271d0a"}},
	{"accent", Colour{"#6d28d9", "#a78bfa"}},    // a site's own: its edge, its primary button, what has the focus
	{"on-accent", Colour{"#ffffff", "#0b1020"}}, // text on it
}

// tokens returns the custom properties as CSS.
func tokens() string {
	var b strings.Builder
	b.WriteString(":root {\n")
	for _, p := range palette {
		b.WriteString("  --" + p.name + ": " + p.CSS() + ";\n")
	}
	b.WriteString("}\n")
	return b.String()
}

// CSS returns the colour as a value that goes by the scheme.
func (c Colour) CSS() string { return "light-dark(" + c.Light + ", " + c.Dark + ")" }

// accent is the colour of the provider's pages.
func accent() Colour {
	for _, p := range palette {
		if p.name == "accent" {
			return p.Colour
		}
	}
	panic("look: no accent") // it stands in the table
}
