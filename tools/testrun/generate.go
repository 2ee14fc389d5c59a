package main

import (
	"context"
	"crypto/sha256"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// generate runs the generators and compares what they wrote with what was there.
func generate(ctx context.Context, t *tally) {
	before := generatedFiles()
	// Folder by folder: templ writes the path from where it starts into what it generates.
	templates := map[string]bool{}
	walkSources(func(path string) {
		if strings.HasSuffix(path, ".templ") {
			templates[filepath.Dir(path)] = true
		}
	})
	for dir := range templates {
		out, errs, err := command{args: []string{"templ", "generate", "-path", dir}}.output(ctx)
		if err != nil {
			t.fail("templ generate -path "+dir, out+errs+err.Error())
		}
	}
	command{args: []string{"go", "generate", "./..."}}.single(ctx, t, "go generate ./...")
	after := generatedFiles()
	for name, sum := range after {
		switch was, ok := before[name]; {
		case !ok:
			t.fail(name, "this generated file was missing; it is written now: commit it")
		case was != sum:
			t.fail(name, "this generated file was not what its generator writes; it is written anew: commit it")
		default:
			t.pass(1)
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			t.fail(name, "this generated file is gone after generating")
		}
	}
}

// walkSources calls visit for every file outside folders that are installed,
// built or hidden.
func walkSources(visit func(path string)) {
	filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); path != "." && (name == "node_modules" || name == "dist" || strings.HasPrefix(name, ".")) {
				return filepath.SkipDir
			}
			return nil
		}
		visit(path)
		return nil
	})
}

// generatedFiles gives the hash of every file that go generate writes: each Go file
// that says it is generated, and the TypeScript of wasm/gen.
func generatedFiles() map[string][32]byte {
	found := map[string][32]byte{}
	walkSources(func(path string) {
		if !strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, ".gen.ts") {
			return
		}
		text, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(text[:min(len(text), 400)]), "// Code generated ") {
			found[path] = sha256.Sum256(text)
		}
	})
	return found
}
