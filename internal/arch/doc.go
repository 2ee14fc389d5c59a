// Package arch holds no code: its tests are the rules of the tree's layout. They
// read the source of every file, whatever its build tags, and fail the build
// where a package imports, calls or says what its place in the tree forbids. The
// rules' reasons stand beside them in rules_test.go; doc of the layout is in
// docs/design.
package arch
