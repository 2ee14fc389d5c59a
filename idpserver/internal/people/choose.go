package people

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// CheckPassword says what is wrong with the password that somebody chose for an
// account, and what to do, or nothing. least is in characters, of the form that is
// hashed.
func (p *People) CheckPassword(n NewAccount, least int) (fault string) {
	password := normal(n.Password)
	length := utf8.RuneCountInString(password)
	switch {
	case length < least:
		return fmt.Sprintf("The password has %d characters; it needs at least %d.", length, least)
	case len(password) > MaxPassword:
		return "The password is too long."
	case strings.EqualFold(password, strings.TrimSpace(n.Email)), strings.EqualFold(password, strings.TrimSpace(n.Name)):
		return "The password is your name or address. Choose another."
	case guessed(password, p.expected(n)):
		return "This password is among the first that somebody would try: it is made of common words, of keys in a row, or of names that everybody knows here. " +
			"Choose a few words that have nothing to do with each other."
	}
	return ""
}

// expected are the words that whoever guesses knows: whose account it is, and where.
func (p *People) expected(n NewAccount) []string {
	words := []string{n.Name, n.GivenName, n.Email, p.c.Name, strings.ReplaceAll(p.c.Name, " ", "")}
	if u, err := url.Parse(p.c.Issuer); err == nil {
		words = append(words, u.Hostname())
	}
	return words
}
