// Package jsonv2 holds protocol/strictjson beside encoding/json/v2: what each
// refuses, and what reading costs. Its tests need the experiment:
//
//	GOEXPERIMENT=jsonv2 go test -bench . ./jsonv2
//
// Without it the package has none, and nothing was compared.
package jsonv2
