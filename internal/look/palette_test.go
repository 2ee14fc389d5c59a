package look

import (
	"fmt"
	"testing"

	"github.com/bonafides-dev/bonafides/internal/look/looktest"
)

func TestPaletteContrast(t *testing.T) {
	named := map[string]Colour{}
	for _, p := range palette {
		named[p.name] = p.Colour
	}
	type pair struct {
		text, on string
		atLeast  float64
	}
	pairs := []pair{
		{"text", "ground", 7}, {"text", "raised", 7},
		{"text", "done-tint", 7}, {"text", "refused-tint", 7}, {"text", "warning-tint", 7},
		{"muted", "ground", 7}, {"muted", "raised", 7}, // help and captions are read like body text
		{"muted", "done-tint", 4.5}, {"muted", "refused-tint", 4.5}, {"muted", "warning-tint", 4.5},
		{"link", "ground", 4.5}, {"link", "raised", 4.5},
		{"link", "done-tint", 4.5}, {"link", "refused-tint", 4.5}, {"link", "warning-tint", 4.5},
		{"done", "ground", 4.5}, {"done", "done-tint", 4.5}, {"done", "raised", 4.5},
		{"refused", "ground", 4.5}, {"refused", "refused-tint", 4.5},
		{"warning", "ground", 4.5}, {"warning", "warning-tint", 4.5},
		{"accent", "ground", 4.5}, {"accent", "raised", 4.5}, {"on-accent", "accent", 4.5},
		{"edge", "ground", 3}, {"edge", "raised", 3}, // outlines of controls: WCAG 1.4.11
	}
	for _, p := range pairs {
		text, ok1 := named[p.text]
		on, ok2 := named[p.on]
		if !ok1 || !ok2 {
			t.Errorf("pair %v names no colour", p)
			continue
		}
		for scheme, c := range map[string][2]string{"light": {text.Light, on.Light}, "dark": {text.Dark, on.Dark}} {
			t.Run(fmt.Sprintf("%s on %s, %s", p.text, p.on, scheme), func(t *testing.T) {
				if got, err := looktest.Contrast(c[0], c[1]); err != nil || got < p.atLeast {
					t.Errorf("contrast %.2f, %v, want at least %.1f", got, err, p.atLeast)
				}
			})
		}
	}
}
