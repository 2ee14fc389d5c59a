//go:build tools

// Package tinygo pins the TinyGo compiler that build.sh builds from source.
package tinygo

import _ "github.com/tinygo-org/tinygo"
