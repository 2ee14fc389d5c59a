package looktest

import (
	"math"
	"testing"
)

func TestContrastAgainstKnownPairs(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{{"#000000", "#ffffff", 21}, {"#777777", "#ffffff", 4.48}, {"#ffffff", "#ffffff", 1}} {
		if got, err := Contrast(c.a, c.b); err != nil || math.Abs(got-c.want) > 0.01 {
			t.Errorf("Contrast(%s, %s) = %.2f, %v, want %.2f", c.a, c.b, got, err, c.want)
		}
	}
	if _, err := Contrast("#000000", "white"); err == nil {
		t.Error("a colour by its name was measured")
	}
}
