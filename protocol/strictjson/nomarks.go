//go:build nomarks

package strictjson

const marking = false
