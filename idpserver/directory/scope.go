package directory

import (
	"fmt"
	"slices"
	"strings"
)

// Scope is an operator's own scope: what clients may ask for beside who somebody is.
type Scope struct {
	Name string // RFC 6749 section 3.3: "orders.read"
	// Sentence says on the consent page what the person allows, after "The site may":
	// "read your orders".
	Sentence string
	// Server is the id of the client, with a secret, that answers for the scope: it may
	// ask the introspection endpoint what a token with the scope is. Empty: nobody may.
	Server string
}

// CheckScopes refuses scopes that no request could name or no person understand.
// standard are the names that are taken.
func CheckScopes(scopes []Scope, standard []string) error {
	seen := slices.Clone(standard)
	for _, s := range scopes {
		if s.Name == "" || len(s.Name) > 128 || strings.ContainsFunc(s.Name, func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' }) {
			return fmt.Errorf("scope %q has characters that no scope has, or more than 128", s.Name)
		}
		if slices.Contains(seen, s.Name) {
			return fmt.Errorf("scope %q is there already", s.Name)
		}
		if s.Sentence == "" {
			return fmt.Errorf("scope %q needs a sentence that says to people what they allow", s.Name)
		}
		seen = append(seen, s.Name)
	}
	return nil
}
