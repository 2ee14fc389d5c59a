//go:build !nomarks

package strictjson

// marking says that a Document can be read with marks. Built with the tag nomarks it
// cannot, and what would be marked is refused: for the browser's token module, which has
// no use for marks and counts its bytes.
const marking = true
