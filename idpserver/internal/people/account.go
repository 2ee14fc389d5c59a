package people

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"unicode"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
)

// The longest values of a form.
const (
	MaxName     = 100  // characters
	MaxPassword = 1024 // bytes, in NFC
)

// NewAccount is what an account is made of.
type NewAccount struct {
	Email                         string
	Name                          string // 1 to MaxName characters
	GivenName                     string // may be empty, as the four that follow
	FamilyName, PreferredUsername string
	Locale, Zoneinfo              string
	Groups                        []string
	Password                      string // may be empty: nobody can then sign in with one
	// EmailVerified says that the operator vouches for the address.
	EmailVerified bool
}

// Create adds an account without the limits of the sign-up page.
// directory.ErrEmailTaken: another account has the address.
func (p *People) Create(ctx context.Context, n NewAccount) (*directory.Account, error) {
	a, err := p.account(n)
	if err != nil {
		return nil, err
	}
	a.ID, a.CreatedAt = rand.Text(), p.c.Now()
	if n.Password != "" {
		err = p.worked(ctx, operator, func() { a.PasswordHash = p.hasher.hash(n.Password) })
		if err != nil {
			return nil, err
		}
	}
	if err := p.c.Store.CreateAccount(ctx, a); err != nil {
		return nil, err
	}
	p.c.Log.InfoContext(ctx, "account created", "account", a.ID)
	return &a, nil
}

// account is what n says, without id and password.
func (p *People) account(n NewAccount) (a directory.Account, err error) {
	address, _, err := ParseEmail(n.Email)
	if err != nil {
		return a, err
	}
	name, ok := ReadText(n.Name, MaxName)
	if !ok {
		return a, fmt.Errorf("people: a name has 1 to %d characters on one line", MaxName)
	}
	for _, v := range []struct {
		what string
		text *string
	}{{"a given name", &n.GivenName}, {"a family name", &n.FamilyName}, {"a preferred username", &n.PreferredUsername}, {"a locale", &n.Locale}, {"a time zone", &n.Zoneinfo}} {
		text, ok := ReadText(*v.text, MaxName)
		if !ok && *v.text != "" {
			return a, fmt.Errorf("people: %s has at most %d characters on one line", v.what, MaxName)
		}
		*v.text = text
	}
	for _, group := range n.Groups {
		if _, ok := ReadText(group, MaxName); !ok {
			return a, fmt.Errorf("people: the name of a group has 1 to %d characters on one line", MaxName)
		}
	}
	if len(normal(n.Password)) > MaxPassword {
		return a, fmt.Errorf("people: a password has at most %d bytes", MaxPassword)
	}
	return directory.Account{
		Email: address, EmailVerified: n.EmailVerified, Name: name, GivenName: n.GivenName, FamilyName: n.FamilyName,
		PreferredUsername: n.PreferredUsername, Locale: n.Locale, Zoneinfo: n.Zoneinfo, Groups: n.Groups,
	}, nil
}

// Account is the account with that id, or directory.ErrNotFound.
func (p *People) Account(ctx context.Context, id string) (*directory.Account, error) {
	return p.c.Store.Account(ctx, id)
}

// ReadText trims a form value and says whether it is one line of at most limit
// characters, one of which can be seen, without control or direction-changing characters.
func ReadText(s string, limit int) (string, bool) {
	s = strings.TrimSpace(s)
	n := 0
	for _, c := range s {
		n++
		if c < ' ' || 0x7f <= c && c < 0xa0 || 0x202a <= c && c <= 0x202e || 0x2066 <= c && c <= 0x2069 ||
			c == 0x061c || c == 0x200e || c == 0x200f || c == 0x2028 || c == 0x2029 {
			return "", false
		}
	}
	return s, n <= limit && strings.ContainsFunc(s, canBeSeen)
}

// canBeSeen tells whether a character leaves a mark by itself. Fillers are letters to
// Unicode, and the blank of braille is a symbol.
func canBeSeen(c rune) bool {
	return unicode.IsGraphic(c) && !unicode.IsSpace(c) && c != 0x2800 &&
		!unicode.In(c, unicode.Mn, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
