package tokens

import "slices"

// The groups of claims about a person (FedCM, the fields of a request).
const (
	FieldName    = "name"
	FieldEmail   = "email"
	FieldPicture = "picture"
)

// DefaultFields are what the disclosure text names when the relying party does
// not say which it wants.
func DefaultFields() []string { return slices.Clone(defaultFields) }

var defaultFields = []string{FieldName, FieldEmail, FieldPicture}

// Known are the groups of a list that exist, in the order of DefaultFields.
func Known(fields []string) []string {
	out := []string{}
	for _, f := range defaultFields {
		if slices.Contains(fields, f) {
			out = append(out, f)
		}
	}
	return out
}

// disclosed decides which groups of claims go into the token, and which the grant
// remembers. What a relying party asks for goes out if the person was told so, this
// time or at an earlier sign-in. The subject itself always goes out: that is what
// the person agreed to by picking the account.
func disclosed(wanted, shown, granted []string) (release, remember []string) {
	remember = []string{}
	for _, f := range defaultFields {
		if !slices.Contains(shown, f) && !slices.Contains(granted, f) {
			continue
		}
		remember = append(remember, f)
		if slices.Contains(wanted, f) {
			release = append(release, f)
		}
	}
	return release, remember
}
