//go:build long

package p384

import "testing"

// At least a million comparisons with nistec and a million with circl; a tenth of
// it where WebAssembly is slow.

func TestLongWalks(t *testing.T)   { compareWalks(t, longComparisons) }
func TestLongScalars(t *testing.T) { compareScalars(t, longComparisons) }
func TestLongHashes(t *testing.T)  { compareHashes(t, longComparisons) }
