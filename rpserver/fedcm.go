package rpserver

import (
	"fmt"
	"mime"
	"net/http"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
	"github.com/bonafides-dev/bonafides/rpserver/internal/op"
)

const (
	maxToken = op.MaxIDToken
	aroundIt = 4 << 10 // what comes with a token
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

// intake is what the page hands over after navigator.credentials.get.
type intake struct {
	token     string // IdentityCredential.token
	automatic bool   // IdentityCredential.isAutoSelected
	configURL string // IdentityCredential.configURL, "" if the page did not say
}

// serveFedCM answers POST signin/fedcm. Steps go from cheap to dear: who asks,
// size and form of the body, the browser's cookie, then the token.
func (rp *RP) serveFedCM(w http.ResponseWriter, r *http.Request) error {
	in, err := readIntake(w, r, rp.maxIntake())
	if err != nil {
		return err
	}
	p, err := rp.providerFor(in.configURL)
	if err != nil {
		return err
	}
	if most := p.maxIDToken(); len(in.token) > most {
		return web.NewProblem(http.StatusRequestEntityTooLarge, "token_too_large", fmt.Sprintf(
			"The token has %d bytes, and this site reads %d. The provider's setting MaxIDToken changes that.", len(in.token), most))
	}
	u, created, err := rp.finish(w, r, p, brought{token: in.token, nonceFor: sealedFor{label: labelNonce}, cookie: cookieBrowser, automatic: in.automatic})
	if err != nil {
		return err
	}
	type user struct {
		ID    string `json:"id"`
		Name  string `json:"name,omitempty"`
		Email string `json:"email,omitempty"`
	}
	return writeJSON(w, struct {
		User user `json:"user"`
		New  bool `json:"new"` // an account was made now; false: welcome back
	}{user{u.ID, u.Name, u.Email}, created})
}

// maxIntake is how much the page may send, in bytes, whichever provider the token is from.
func (rp *RP) maxIntake() int {
	most := maxToken
	for _, p := range rp.providers {
		most = max(most, p.maxIDToken())
	}
	return most + aroundIt
}

// readIntake reads {"token": ..., "config_url": ..., "is_auto_selected": ...} as JSON or as
// a form of at most so many bytes. Other members are ignored, so that a page may send what
// else it knows.
func readIntake(w http.ResponseWriter, r *http.Request, most int) (in intake, err error) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && t == formType {
		form, p := web.ReadForm(w, r, int64(most))
		if p != nil {
			return in, ofSize(p, most)
		}
		in = intake{form.Get("token"), form.Get("is_auto_selected") == "true", form.Get("config_url")}
	} else {
		body, p := web.ReadBody(w, r, int64(most), jsonType, formType)
		if p != nil {
			return in, ofSize(p, most)
		}
		if in, err = parseIntake(body); err != nil {
			return in, err
		}
	}
	if in.token == "" {
		return in, web.NewProblem(http.StatusBadRequest, "token_missing",
			"Send the token that navigator.credentials.get returned as \"token\".")
	}
	return in, nil
}

// ofSize names the setting where a body is too large: what makes it so is the token.
func ofSize(p *web.Problem, most int) *web.Problem {
	if p.Status != http.StatusRequestEntityTooLarge {
		return p
	}
	return web.NewProblem(p.Status, p.Code, fmt.Sprintf(
		"The body is longer than the %d bytes that this site reads. The provider's setting MaxIDToken changes that.", most))
}

// parseIntake reads the JSON form. The reader refuses duplicate names and what
// follows the object, so that nothing in front of us read another token.
func parseIntake(body []byte) (in intake, err error) {
	v, err := strictjson.Parse(body, strictjson.Limits{MaxSize: len(body)})
	if err != nil {
		// strictjson's errors give a reason and a place, never the text.
		return in, web.NewProblem(http.StatusBadRequest, "malformed_json",
			"The body is not strict JSON: "+err.Error()+".")
	}
	if v.Kind() != strictjson.Object {
		return in, web.NewProblem(http.StatusBadRequest, "malformed_json",
			"The body must be a JSON object, like {\"token\": \"...\"}.")
	}
	for name, dst := range map[string]*string{"token": &in.token, "config_url": &in.configURL} {
		m := v.Get(name)
		if !m.Exists() || (m.Kind() == strictjson.Null && name == "config_url") {
			continue
		}
		s, ok := m.Text()
		if !ok {
			return in, web.NewProblem(http.StatusBadRequest, "malformed_json",
				"The member \""+name+"\" must be a string, not "+m.Kind().String()+".")
		}
		*dst = s
	}
	in.automatic, _ = v.Get("is_auto_selected").Bool()
	return in, nil
}
