// Command gen writes the guests' exports and the TypeScript callers from the one
// table, abi.json, and for TypeScript the names, paths, sizes and limits that are
// constants in Go. It is run by go generate in the folder wasm.
package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"go/format"
	"log"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"unicode"
)

// Table is abi.json.
type Table struct {
	Version int      `json:"version"`
	Shared  []Shared `json:"shared"`
	Modules []Module `json:"modules"`
}

// Shared is functions that several guests export. They stand in a package beside
// the guests.
type Shared struct {
	Package   string     `json:"package"`
	Functions []Function `json:"functions"`
}

// Module is one guest.
type Module struct {
	Name      string     `json:"name"`
	Doc       string     `json:"doc"`
	Uses      []string   `json:"uses"` // packages of Shared, whose functions it exports after its own
	Functions []Function `json:"functions"`
}

// Function is one export of a guest, called <module>_<name>.
type Function struct {
	Name string  `json:"name"`
	Doc  string  `json:"doc"`
	In   []Value `json:"in"`
	Out  []Value `json:"out"`

	pkg string // where it is shared from; empty for the guest's own
}

// Value is an argument or a result.
type Value struct {
	Name   string `json:"name"`
	Type   string `json:"type"` // u16, u32, time, bool, bytes, text
	Max    int    `json:"max"`  // bytes, for bytes and text that come in
	Secret bool   `json:"secret"`
	Doc    string `json:"doc"`
}

// kind holds what a type is called on each side.
type kind struct{ reader, goType, ts, tsPut, tsGet string }

var kinds = map[string]kind{
	"u16":   {"U16", "uint16", "number", "u16", "u16"},
	"u32":   {"U32", "uint32", "number", "u32", "u32"},
	"time":  {"Time", "int64", "number", "time", "time"},
	"bool":  {"Bool", "bool", "boolean", "bool", "bool"},
	"bytes": {"Bytes", "[]byte", "Uint8Array", "bytes", "bytes"},
	"text":  {"Text", "string", "string", "text", "text"},
}

func (v Value) kind() kind { return kinds[v.Type] }

// Read is the Go expression that takes the argument.
func (v Value) Read() string {
	if v.Type == "bytes" || v.Type == "text" {
		return fmt.Sprintf("in.%s(%d)", v.kind().reader, v.Max)
	}
	return "in." + v.kind().reader + "()"
}

// Write is the Go method that appends the result.
func (v Value) Write() string { return v.kind().reader }

// TS is the type in TypeScript; Put and Get the codec's methods there.
func (v Value) TS() string  { return v.kind().ts }
func (v Value) Put() string { return v.kind().tsPut }
func (v Value) Get() string { return v.kind().tsGet }

// Camel is the function's name in Go and TypeScript.
func (f Function) Camel() string {
	var b strings.Builder
	up := false
	for _, r := range f.Name {
		if r == '_' {
			up = true
			continue
		}
		if up {
			r, up = unicode.ToUpper(r), false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Title is the function's name as an exported one of Go.
func (f Function) Title() string {
	words := strings.Split(f.Name, "_")
	for i, w := range words {
		if w == "id" {
			words[i] = "ID"
		} else {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "")
}

// Call is the Go function that does the work.
func (f Function) Call() string {
	if f.pkg != "" {
		return f.pkg + "." + f.Title()
	}
	return f.Camel()
}

// Secret says whether the buffers must be wiped after the call.
func (f Function) Secret() bool {
	for _, v := range append(append([]Value(nil), f.In...), f.Out...) {
		if v.Secret {
			return true
		}
	}
	return false
}

func (f Function) list(vs []Value, each func(Value) string) string {
	parts := make([]string, len(vs))
	for i, v := range vs {
		parts[i] = each(v)
	}
	return strings.Join(parts, ", ")
}

// GoArgs and GoResults are the lists of names in Go.
func (f Function) GoArgs() string    { return f.list(f.In, func(v Value) string { return v.Name }) }
func (f Function) GoResults() string { return f.list(f.Out, func(v Value) string { return v.Name }) }

// TSArgs is the parameter list in TypeScript.
func (f Function) TSArgs() string {
	return f.list(f.In, func(v Value) string { return v.Name + ": " + v.TS() })
}

// TSResult is the result type in TypeScript.
func (f Function) TSResult() string {
	return "{ " + strings.Join(strings.Split(f.list(f.Out, func(v Value) string {
		return v.Name + ": " + v.TS()
	}), ", "), "; ") + " }"
}

//go:embed exports.go.tmpl
var goTemplate string

//go:embed abi.ts.tmpl
var tsTemplate string

// share gives every guest the functions that it uses of others.
func (t *Table) share() error {
	for i := range t.Modules {
		m := &t.Modules[i]
	uses:
		for _, name := range m.Uses {
			for _, s := range t.Shared {
				if s.Package != name {
					continue
				}
				for _, f := range s.Functions {
					f.pkg = name
					m.Functions = append(m.Functions, f)
				}
				continue uses
			}
			return fmt.Errorf("%s uses %q, which nobody shares", m.Name, name)
		}
	}
	return nil
}

// check refuses a table that the templates would turn into wrong code.
func (t *Table) check() error {
	for _, m := range t.Modules {
		for _, f := range m.Functions {
			for _, v := range f.In {
				if _, ok := kinds[v.Type]; !ok {
					return fmt.Errorf("%s.%s: argument %s has no type %q", m.Name, f.Name, v.Name, v.Type)
				}
				if (v.Type == "bytes" || v.Type == "text") != (v.Max > 0) {
					return fmt.Errorf("%s.%s: argument %s: bytes and text have a max, others none", m.Name, f.Name, v.Name)
				}
			}
			for _, v := range f.Out {
				if _, ok := kinds[v.Type]; !ok {
					return fmt.Errorf("%s.%s: result %s has no type %q", m.Name, f.Name, v.Name, v.Type)
				}
			}
		}
	}
	return nil
}

func run(dir string) error {
	b, err := os.ReadFile(filepath.Join(dir, "abi.json"))
	if err != nil {
		return err
	}
	var t Table
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&t); err != nil {
		return fmt.Errorf("abi.json: %w", err)
	}
	if err := t.share(); err != nil {
		return fmt.Errorf("abi.json: %w", err)
	}
	if err := t.check(); err != nil {
		return fmt.Errorf("abi.json: %w", err)
	}
	goT := template.Must(template.New("go").Parse(goTemplate))
	for _, m := range t.Modules {
		var out bytes.Buffer
		if err := goT.Execute(&out, m); err != nil {
			return err
		}
		src, err := format.Source(out.Bytes())
		if err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, "guest", m.Name, "exports_gen.go"), src, 0o644); err != nil {
			return err
		}
	}
	tsT := template.Must(template.New("ts").Parse(tsTemplate))
	var out bytes.Buffer
	if err := tsT.Execute(&out, t); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "src", "abi.gen.ts"), out.Bytes(), 0o644); err != nil {
		return err
	}
	constants, err := t.writeWire()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "src", "wire.gen.ts"), constants, 0o644)
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	dir := "."
	if len(os.Args) == 2 {
		dir = os.Args[1]
	}
	if err := run(dir); err != nil {
		log.Fatal(err)
	}
}
