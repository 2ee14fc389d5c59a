package main

import (
	"context"
	"os"
	"strings"
)

func vet(ctx context.Context, t *tally) {
	command{args: []string{"go", "vet", "./..."}}.single(ctx, t, "go vet ./...")
	command{args: []string{"go", "vet", "-tags", "long,postgres", "./..."}}.single(ctx, t, "go vet -tags long,postgres ./...")
	command{env: jsWasm, args: []string{"go", "vet", "./protocol/...", "./internal/p384/..."}}.single(ctx, t, "GOOS=js GOARCH=wasm go vet ./protocol/...")
}

// platformPackages are built for several platforms: what one does not use
// another may.
var platformPackages = []string{"wasm", "worker", "protocol", "internal/p384"}

func staticcheck(ctx context.Context, t *tally) {
	packages := packagesBut(ctx, t, platformPackages...)
	command{args: append([]string{"staticcheck"}, packages...)}.single(ctx, t, "staticcheck")
}

// platforms merges what staticcheck finds on each platform: code is unused only
// if it is unused on all.
func platforms(ctx context.Context, t *tally) {
	args := []string{"staticcheck", "-matrix"}
	for _, p := range platformPackages {
		if _, err := os.Stat(p); err == nil {
			args = append(args, "./"+p+"/...")
		}
	}
	const matrix = "native:\njs: GOOS=js GOARCH=wasm\n386: GOARCH=386\nnistec: -tags=nistec\n"
	command{input: matrix, args: args}.single(ctx, t, "staticcheck -matrix")
}

// others are the systems that no test here runs on.
var others = []string{"windows", "darwin"}

// systems compiles all of it for them, and vets it with the tests. It takes minutes:
// SQLite alone is a large program.
func systems(ctx context.Context, t *tally) {
	for _, system := range others {
		env := []string{"GOOS=" + system, "CGO_ENABLED=0"}
		for _, c := range []command{
			{env: env, args: []string{"go", "vet", "./..."}},
			{env: env, args: []string{"go", "build", "-o", os.DevNull, "./cmd/bonafides"}},
			{env: env, args: []string{"go", "build", "-o", os.DevNull, "./demo"}},
			{env: env, dir: "tools", args: []string{"go", "vet", "./testrun"}},
		} {
			c.single(ctx, t, "GOOS="+system+" "+c.String())
		}
	}
}

// govulncheck needs the vulnerability database. Where that cannot be reached,
// nothing was checked: neither a pass nor a failure.
func govulncheck(ctx context.Context, t *tally) {
	out, errs, err := command{args: []string{"govulncheck", "./..."}}.output(ctx)
	if err != nil && strings.Contains(errs, "fetching vulnerabilities") {
		t.mayBeEmpty = true
		t.note("NOT RUN, the vulnerability database cannot be reached: %s", strings.TrimSpace(errs))
		return
	}
	if err != nil {
		t.fail("govulncheck ./...", out+errs)
		return
	}
	t.pass(1)
}
