package look

import (
	"fmt"
	"math"
	"strconv"
	"testing"
)

// luminance is WCAG 2.2's relative luminance of "#rrggbb".
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if len(hex) != 7 || hex[0] != '#' {
		t.Fatalf("colour %q is not #rrggbb", hex)
	}
	var sum float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

func contrast(t *testing.T, a, b string) float64 {
	la, lb := luminance(t, a), luminance(t, b)
	return (math.Max(la, lb) + 0.05) / (math.Min(la, lb) + 0.05)
}

func TestContrastFunctionAgainstKnownPairs(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{{"#000000", "#ffffff", 21}, {"#777777", "#ffffff", 4.48}, {"#ffffff", "#ffffff", 1}} {
		if got := contrast(t, c.a, c.b); math.Abs(got-c.want) > 0.01 {
			t.Errorf("contrast(%s, %s) = %.2f, want %.2f", c.a, c.b, got, c.want)
		}
	}
}

func TestPaletteContrast(t *testing.T) {
	named := map[string]Colour{}
	for _, p := range palette {
		named[p.name] = p.Colour
	}
	for _, p := range append(Parties(), Home) {
		named["party-"+string(p)] = p.Colour()
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
		{"edge", "ground", 3}, {"edge", "raised", 3}, // outlines of controls: WCAG 1.4.11
	}
	for _, p := range append(Parties(), Home) {
		pairs = append(pairs,
			pair{"party-" + string(p), "ground", 4.5},
			pair{"party-" + string(p), "raised", 4.5},
			pair{"on-party", "party-" + string(p), 4.5})
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
				if got := contrast(t, c[0], c[1]); got < p.atLeast {
					t.Errorf("contrast %.2f, want at least %.1f", got, p.atLeast)
				}
			})
		}
	}
}
