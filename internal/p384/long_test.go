//go:build long

package p384

import "testing"

// A million comparisons with nistec and with circl, at least.

func TestLongMul(t *testing.T)      { compareRandom(t, longRounds) }
func TestLongMultiMul(t *testing.T) { compareMultiMul(t, longRounds) }
func TestLongScalars(t *testing.T)  { compareScalars(t, longRounds) }
func TestLongHashes(t *testing.T)   { compareHashes(t, longRounds) }
