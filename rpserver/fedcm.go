package rpserver

import (
	"mime"
	"net/http"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
	"github.com/bonafides-dev/bonafides/rpserver/internal/op"
)

const (
	maxToken  = op.MaxIDToken
	maxIntake = maxToken + 4<<10 // the token and the little around it
	jsonType  = "application/json"
	formType  = "application/x-www-form-urlencoded"
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
	in, err := readIntake(w, r)
	if err != nil {
		return err
	}
	p, err := rp.providerFor(in.configURL)
	if err != nil {
		return err
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

// readIntake reads {"token": ..., "config_url": ..., "is_auto_selected": ...} as JSON or as
// a form. Other
// members are ignored, so that a page may send what else it knows.
func readIntake(w http.ResponseWriter, r *http.Request) (in intake, err error) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && t == formType {
		form, p := web.ReadForm(w, r, maxIntake)
		if p != nil {
			return in, p
		}
		in = intake{form.Get("token"), form.Get("is_auto_selected") == "true", form.Get("config_url")}
	} else {
		body, p := web.ReadBody(w, r, maxIntake, jsonType, formType)
		if p != nil {
			return in, p
		}
		if in, err = parseIntake(body); err != nil {
			return in, err
		}
	}
	switch {
	case in.token == "":
		return in, web.NewProblem(http.StatusBadRequest, "token_missing",
			"Send the token that navigator.credentials.get returned as \"token\".")
	case len(in.token) > maxToken:
		return in, web.NewProblem(http.StatusRequestEntityTooLarge, "token_too_large",
			"The token is longer than 16 KiB.")
	}
	return in, nil
}

// parseIntake reads the JSON form. The reader refuses duplicate names and what
// follows the object, so that nothing in front of us read another token.
func parseIntake(body []byte) (in intake, err error) {
	v, err := strictjson.Parse(body, strictjson.Limits{MaxSize: maxIntake})
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
