package tokens

import (
	"context"
	"slices"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
)

// usedEvery is how exactly a grant says when it was used last: the account page shows
// a day, and a write of its own for each sign-in would be most of its cost.
const usedEvery = time.Hour

// Granted returns what the person agreed to for a client, and whether there is a grant
// at all.
func (t *Tokens) Granted(ctx context.Context, account, client string) (directory.Grant, bool, error) {
	g, err := t.granted(ctx, account, client)
	return g, !g.At.IsZero(), err
}

// granted is the zero Grant if there is none.
func (t *Tokens) granted(ctx context.Context, account, client string) (directory.Grant, error) {
	grants, err := t.c.Store.Grants(ctx, account)
	if err != nil {
		return directory.Grant{}, err
	}
	for _, g := range grants {
		if g.Client == client {
			return g, nil
		}
	}
	return directory.Grant{}, nil
}

// Grants lists what an account lets sites know, oldest first.
func (t *Tokens) Grants(ctx context.Context, account string) ([]directory.Grant, error) {
	return t.c.Store.Grants(ctx, account)
}

// remember stores what the person agreed to, beside what they agreed to before. It does
// so before anything is signed: a token that somebody holds is always visible on the
// account page.
func (t *Tokens) remember(ctx context.Context, a Authorization, before directory.Grant, fields, scopes []string) error {
	now := t.c.Now()
	all := slices.Clone(before.Scopes)
	for _, s := range scopes {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	if !before.At.IsZero() && slices.Equal(fields, before.Fields) && slices.Equal(all, before.Scopes) && now.Sub(before.LastUsed) < usedEvery {
		return nil
	}
	return t.c.Store.PutGrant(ctx, directory.Grant{
		Account: a.Account.ID, Client: a.Client.ID, Fields: fields, Scopes: all, At: now, LastUsed: now,
	})
}
