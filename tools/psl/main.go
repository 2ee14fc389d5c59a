// Command psl writes the public suffix table that the polyfill's keeper loads, out
// of the data of golang.org/x/net/publicsuffix: the list of publicsuffix.org, its
// ICANN and its private part.
//
//	psl DIR      write suffixes.txt and suffixes-notice.txt into DIR
//	psl -names   print host names, a tab, and what Go says is their registrable domain
//
// The table is the tree of labels from the right: label, marks, and in brackets
// what is below, with commas between; a line for each top-level domain. "?" marks a label that is only on the way to
// others, "*" one below which every label is a suffix too, "!" an exception from
// that. Top-level domains that say nothing more than the rule for unknown names are
// left out. It lives in this module so that nobody who imports the kit takes
// golang.org/x/net along.
package main

import (
	"fmt"
	"log"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"

	"golang.org/x/net/publicsuffix"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("psl: ")
	if len(os.Args) != 2 {
		log.Fatal("usage: psl DIR | psl -names")
	}
	t, err := read()
	if err != nil {
		log.Fatal(err)
	}
	if os.Args[1] == "-names" {
		for _, n := range names(t) {
			fmt.Printf("%s\t%s\n", n, registrable(n))
		}
		return
	}
	for name, text := range map[string]string{"suffixes.txt": t.String(), "suffixes-notice.txt": notice()} {
		if err := os.WriteFile(filepath.Join(os.Args[1], name), []byte(text), 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

// node is a label of the tree.
type node struct {
	label                 string
	rule, wild, exception bool
	below                 []*node
}

// tree is what is below the root.
type tree []*node

// The layout of the package's data, as its table.go documents it. read holds what
// it finds against the package's own answers, so another layout is an error.
const (
	topLevels  = 1450
	nodeBytes  = 5
	textLength = 6
	textOffset = 16
	icann      = 1
	childIndex = 10
	rangeBits  = 14
)

func read() (tree, error) {
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", "golang.org/x/net/publicsuffix").Output()
	if err != nil {
		return nil, fmt.Errorf("go list golang.org/x/net/publicsuffix: %w", err)
	}
	dir := filepath.Join(strings.TrimSpace(string(out)), "data")
	var text, nodes, children []byte
	for name, into := range map[string]*[]byte{"text": &text, "nodes": &nodes, "children": &children} {
		if *into, err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	number := func(b []byte) (n uint64) {
		for _, c := range b {
			n = n<<8 | uint64(c)
		}
		return n
	}
	take := func(n *uint64, bits int) uint64 {
		v := *n & (1<<bits - 1)
		*n >>= bits
		return v
	}
	var between func(lo, hi uint64) tree
	between = func(lo, hi uint64) (list tree) {
		for i := lo; i < hi; i++ {
			n := number(nodes[i*nodeBytes:][:nodeBytes])
			length, offset := take(&n, textLength), take(&n, textOffset)
			take(&n, icann)
			c := number(children[take(&n, childIndex)*4:][:4])
			first, last := take(&c, rangeBits), take(&c, rangeBits)
			kind := take(&c, 2)
			list = append(list, &node{
				label: string(text[offset : offset+length]), rule: kind == 0, exception: kind == 1, wild: take(&c, 1) == 1,
				below: between(first, last),
			})
		}
		return list
	}
	t := between(0, topLevels)
	return t, t.check()
}

// check asks the package about every rule that was read.
func (t tree) check() error {
	count := 0
	var each func(list tree, under string) error
	each = func(list tree, under string) error {
		for _, n := range list {
			count++
			name := n.label + under
			suffix, _ := publicsuffix.PublicSuffix(name)
			if n.rule && suffix != name || n.exception && suffix != strings.TrimPrefix(under, ".") {
				return fmt.Errorf("%s was read as a rule, and the package says %s", name, suffix)
			}
			if s, _ := publicsuffix.PublicSuffix("zz--zz." + name); n.wild != (s == "zz--zz."+name) {
				return fmt.Errorf("the rule below %s was read wrong: the package says %s", name, s)
			}
			if err := each(n.below, "."+name); err != nil {
				return err
			}
		}
		return nil
	}
	if err := each(t, ""); err != nil {
		return err
	}
	if count < 9000 {
		return fmt.Errorf("only %d labels were found", count)
	}
	return nil
}

func (t tree) String() string {
	var b strings.Builder
	var list func(t tree)
	list = func(t tree) {
		for i, n := range t {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(n.label)
			switch {
			case n.exception:
				b.WriteByte('!')
			case !n.rule:
				b.WriteByte('?')
			}
			if n.wild {
				b.WriteByte('*')
			}
			if len(n.below) > 0 {
				b.WriteByte('(')
				list(n.below)
				b.WriteByte(')')
			}
		}
	}
	var kept tree
	for _, n := range t {
		if len(n.below) > 0 || n.wild {
			m := *n
			m.rule = true // alone it is a suffix by the rule for unknown names
			kept = append(kept, &m)
		}
	}
	sort.Slice(kept, func(i, j int) bool { return kept[i].label < kept[j].label })
	for _, n := range kept {
		list(tree{n})
		b.WriteByte('\n')
	}
	return b.String()
}

func notice() string {
	return "The file suffixes-*.txt beside this one is made from the Public Suffix List,\n" +
		strings.TrimPrefix(publicsuffix.List.String(), "publicsuffix.org's ") + ",\n" +
		"as golang.org/x/net/publicsuffix has it.\n\n" +
		"The Public Suffix List is subject to the terms of the Mozilla Public License,\n" +
		"v. 2.0, a copy of which is at https://mozilla.org/MPL/2.0/. Its source form is\n" +
		"at https://publicsuffix.org/list/public_suffix_list.dat.\n"
}

// registrable is Go's answer as the keeper needs it: a suffix is a site of its own.
func registrable(host string) string {
	if name, err := publicsuffix.EffectiveTLDPlusOne(strings.TrimSuffix(host, ".")); err == nil {
		return name
	}
	return strings.TrimSuffix(host, ".")
}

// names are hosts around every rule: the suffix, one and two labels below it, the
// labels beside it; and what no rule is about.
func names(t tree) (list []string) {
	var each func(t tree, under string)
	each = func(t tree, under string) {
		for _, n := range t {
			name := n.label + under
			list = append(list, name, "a."+name, "c.b.a."+name, name+".", "x"+name, "a.x"+name)
			if n.wild || n.exception {
				list = append(list, "b.a."+name, "d.c.b.a."+name, "a."+name+".")
			}
			each(n.below, "."+name)
		}
	}
	each(t, "")
	list = append(list, "localhost", "issuer.localhost", "a.b.localhost", "deep.a.b.localhost", "a.unknowntld", "b.a.unknowntld", "xn--85x722f.com.cn")
	for i, n := range list {
		if u, err := url.Parse("https://" + n); err != nil || u.Hostname() != n {
			log.Fatalf("%q (%d) is no host name", n, i)
		}
	}
	return list
}
