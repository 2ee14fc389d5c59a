//go:build !tinygo

package oidc

// Userinfo is what the userinfo endpoint says of a person (OpenID Connect Core section
// 5.3.2). The claims describe and decide nothing; one that is not of its type is as if it
// were absent.
type Userinfo struct {
	Subject       string
	Email         string
	EmailVerified bool // true or the string "true"
	Name          string
	GivenName     string
	FamilyName    string
	Picture       string
	Locale        string
	HostedDomain  string // hd

	doc *answer
}

// ParseUserinfo reads an answer of status 200 of at most maxSize bytes. It must be about
// subject, the sub of the ID token that the access token came with: anybody's access
// token gives an answer, about somebody. Errors are *Error.
func ParseUserinfo(body []byte, subject string, maxSize int) (*Userinfo, error) {
	a, err := readAnswer(body, maxSize)
	if err != nil {
		return nil, err
	}
	u := &Userinfo{doc: a}
	if u.Subject, err = a.text("sub"); err != nil {
		return nil, err
	}
	if u.Subject == "" {
		return nil, refuse(CodeAnswer, "the userinfo endpoint does not say about whom it answers (sub)")
	}
	if u.Subject != subject {
		return nil, refuse(CodeUserinfoSubject, "the userinfo endpoint answers about another person than the ID token (sub)")
	}
	for name, into := range map[string]*string{
		"email": &u.Email, "name": &u.Name, "given_name": &u.GivenName, "family_name": &u.FamilyName,
		"picture": &u.Picture, "locale": &u.Locale, "hd": &u.HostedDomain,
	} {
		*into = u.Claim(name)
	}
	if v, err := a.get("email_verified"); err == nil {
		u.EmailVerified, _ = boolean(v)
	}
	return u, nil
}

// Claim returns a claim that is a string, "" if it is missing, twice, or something else.
func (u *Userinfo) Claim(name string) string {
	s, err := u.doc.text(name)
	if err != nil {
		return ""
	}
	return s
}

// MergeUserinfo returns the token's claims with those of userinfo where the token has
// none: what is signed and was asked for counts first. An address and whether it was
// verified come from one of them together; hd comes from the token alone, since it
// decides who may sign in.
func MergeUserinfo(t *IDToken, u *Userinfo) *IDToken {
	merged := *t
	merged.Audience = append([]string(nil), t.Audience...) // of one, it lies in t
	if t.Email == "" {
		merged.Email, merged.EmailVerified = u.Email, u.EmailVerified && u.Email != ""
	}
	for into, from := range map[*string]string{
		&merged.Name: u.Name, &merged.GivenName: u.GivenName, &merged.FamilyName: u.FamilyName,
		&merged.Picture: u.Picture, &merged.Locale: u.Locale,
	} {
		if *into == "" {
			*into = from
		}
	}
	return &merged
}
