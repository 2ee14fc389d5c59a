package fedcm

import (
	"strings"

	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// Account is one entry of the accounts list. ID is required, and at least one of
// Name, Email, Tel and Username. The lists tell nil from empty: a nil
// ApprovedClients is left out, so the browser goes by what it remembers; an
// empty one says that the provider approves no relying party any more.
type Account struct {
	ID        string
	Name      string
	GivenName string
	Email     string
	Tel       string
	Username  string
	Picture   string // absolute URL; browsers ignore a relative one

	ApprovedClients []string
	LoginHints      []string
	DomainHints     []string
	LabelHints      []string
}

// checkAccounts refuses what would make a browser refuse the whole list.
func checkAccounts(list []Account) error {
	seen := make(map[string]struct{}, len(list))
	for _, a := range list {
		_, twice := seen[a.ID]
		seen[a.ID] = struct{}{}
		switch {
		case a.ID == "":
			return refuse(CodeAccounts, "An account has no id.")
		case twice:
			return refuse(CodeAccounts, "Two accounts have the same id; browsers refuse the whole list.")
		case a.Name == "" && a.Email == "" && a.Tel == "" && a.Username == "":
			return refuse(CodeAccounts, "An account has neither name, email, tel nor username; browsers refuse the whole list.")
		case a.Picture != "" && !strings.HasPrefix(a.Picture, "https://") && !strings.HasPrefix(a.Picture, "http://"):
			return refuse(CodeAccounts, "An account's picture is not an absolute URL, so browsers would not show it.")
		}
	}
	return nil
}

// AccountsJSON returns the answer of the accounts endpoint. Errors are *Error.
func AccountsJSON(list []Account) ([]byte, error) {
	if err := checkAccounts(list); err != nil {
		return nil, err
	}
	entries := make([][]byte, 0, len(list))
	for _, a := range list {
		var o strictjson.Writer
		o.String("id", a.ID)
		o.OptString("name", a.Name)
		o.OptString("given_name", a.GivenName)
		o.OptString("email", a.Email)
		o.OptString("tel", a.Tel)
		o.OptString("username", a.Username)
		o.OptString("picture", a.Picture)
		for _, l := range [...]struct {
			name   string
			values []string
		}{{"approved_clients", a.ApprovedClients}, {"login_hints", a.LoginHints}, {"domain_hints", a.DomainHints}, {"label_hints", a.LabelHints}} {
			if l.values != nil {
				o.Strings(l.name, l.values)
			}
		}
		b, err := finish(&o)
		if err != nil {
			return nil, err
		}
		entries = append(entries, b)
	}
	var o strictjson.Writer
	o.Raw("accounts", strictjson.AppendArray(nil, entries...))
	return finish(&o)
}

// ParseAccounts reads the answer of an accounts endpoint. Errors are *Error.
func ParseAccounts(b []byte) ([]Account, error) {
	d, err := open(b, "the accounts list")
	if err != nil {
		return nil, err
	}
	v := d.v.Get("accounts")
	if v.Kind() != strictjson.Array {
		return nil, refuse(CodeAccounts, "The answer has no array accounts.")
	}
	list := make([]Account, 0, v.Len())
	for e := range v.Elements() {
		if e.Kind() != strictjson.Object {
			return nil, refuse(CodeAccounts, "An entry of the accounts list is not an object.")
		}
		a := &document{v: e, what: "the accounts list"}
		list = append(list, Account{
			ID: a.text("id"), Name: a.text("name"), GivenName: a.text("given_name"), Email: a.text("email"),
			Tel: a.text("tel"), Username: a.text("username"), Picture: a.text("picture"),
			ApprovedClients: a.texts("approved_clients"), LoginHints: a.texts("login_hints"),
			DomainHints: a.texts("domain_hints"), LabelHints: a.texts("label_hints"),
		})
		if a.err != nil {
			return nil, a.err
		}
	}
	if err := checkAccounts(list); err != nil {
		return nil, err
	}
	return list, nil
}
