package arch

import (
	"go/ast"
	"slices"
)

// purePackages is all of the standard library that protocol/* may import
// directly. They run in the browser's and the Worker's small modules, so nothing
// here needs an operating system, a clock or reflection; what is missing is
// missing on purpose: net, net/http, os, syscall/js, math/big, encoding/json,
// reflect, fmt, log, sync.
var purePackages = []string{
	"bytes", "cmp", "crypto", "crypto/ecdsa", "crypto/ed25519", "crypto/elliptic", "crypto/hmac",
	"crypto/rand", "crypto/rsa", "crypto/sha256", "crypto/sha512", "crypto/subtle", "embed",
	"encoding/base64", "encoding/binary", "encoding/hex", "errors", "iter", "maps", "math",
	"math/bits", "slices", "strconv", "strings", "time", "unicode", "unicode/utf8",
}

// pureModules are the modules beneath the curve.
var pureModules = []string{"filippo.io/nistec", "filippo.io/bigmod", "github.com/cloudflare/circl"}

// pure are the folders below the purity line. Of what is internal, the cores of two
// servers, the key ring, refusals and secrets lie there: they run in modules too.
var pure = []string{"protocol", "internal/p384", "internal/sha256", "internal/exchange", "internal/recordcheck", "internal/keyring", "internal/inspect", "internal/refusal", "internal/secret"}

func pureImports(files []*file) (broken []string) {
	for _, f := range files {
		if !under(f.dir, pure...) || f.test || f.main {
			continue
		}
		for _, p := range f.imports {
			dir, ours := local(p)
			switch {
			case ours && under(dir, pure...):
			case slices.Contains(purePackages, p):
			case f.dir == "internal/p384" && under(p, pureModules...):
			case f.dir == "internal/p384" && p == "sync": // a table read once, never written again
			default:
				broken = append(broken, f.path+" imports "+p)
			}
		}
	}
	return broken
}

// clock are the functions of package time that ask or wait; its types and
// arithmetic are values.
var clock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer", "Local", "LoadLocation"}

func pureCalls(files []*file) (broken []string) {
	for _, f := range files {
		if !under(f.dir, pure...) || f.test || f.main {
			continue
		}
		f.uses(func(n ast.Node, p, name string) {
			if p == "time" && slices.Contains(clock, name) {
				broken = append(broken, f.at(n)+" uses time."+name)
			}
		})
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n.(type) {
			case *ast.GoStmt:
				broken = append(broken, f.at(n)+" starts a goroutine")
			case *ast.SelectStmt, *ast.ChanType:
				broken = append(broken, f.at(n)+" uses channels")
			}
			return true
		})
	}
	return broken
}

// Limits are counted by whoever asks, at the time that they say: a test has a month
// in a second, and nothing is left running. What HTTP says of them is the servers'.
// What is given back is counted here too: the usual token buckets give back nothing
// under load.
func limitsWithoutClock(files []*file) (broken []string) {
	for _, f := range files {
		if f.test || f.dir != "internal/limit" {
			continue
		}
		for _, p := range f.imports {
			if p == "net/http" || p == "golang.org/x/time/rate" {
				broken = append(broken, f.path+" imports "+p)
			}
		}
		f.uses(func(n ast.Node, p, name string) {
			if p == "time" && slices.Contains(clock, name) {
				broken = append(broken, f.at(n)+" uses time."+name)
			}
		})
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if _, ok := n.(*ast.GoStmt); ok {
				broken = append(broken, f.at(n)+" starts a goroutine")
			}
			return true
		})
	}
	return broken
}

// Which key is for what, and for how long, is to be read in one way.
func derivedOnce(files []*file) (broken []string) {
	for _, f := range files {
		if f.test || f.dir == "internal/kdf" {
			continue
		}
		for _, p := range f.imports {
			if p == "crypto/hkdf" || p == "golang.org/x/crypto/hkdf" {
				broken = append(broken, f.path+" imports "+p)
			}
		}
	}
	return broken
}
