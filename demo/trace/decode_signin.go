package trace

import (
	"encoding/json"
	"net/url"
	"strings"
)

// described says where a FedCM or OpenID field is defined and what it is for.
var described = map[string]map[string]Field{
	KindWellKnown: {
		"provider_urls[0]":  {Spec: "FedCM: the well-known file", Help: "The one configuration of this provider. A list of one keeps a provider from making a configuration for each shop, which would tell it where people are."},
		"accounts_endpoint": {Spec: "FedCM: the well-known file", Help: "Where the browser gets the accounts."},
		"login_url":         {Spec: "FedCM: the well-known file", Help: "Where a person signs in."},
	},
	KindConfig: {
		"accounts_endpoint":        {Spec: "FedCM: the config file", Help: "Where the browser gets the accounts."},
		"client_metadata_endpoint": {Spec: "FedCM: the config file", Help: "Where the browser gets the shop's privacy policy and terms."},
		"id_assertion_endpoint":    {Spec: "FedCM: the config file", Help: "Where the browser asks for the token once the person agreed."},
		"login_url":                {Spec: "FedCM: the config file", Help: "Where a person signs in."},
		"disconnect_endpoint":      {Spec: "FedCM: the config file", Help: "Where the connection between account and shop is cut."},
	},
	KindAssertion: {
		"client_id":             {Spec: "FedCM: identity assertion endpoint", Help: "The shop's name at the provider. Here, after the person agreed, the provider learns which shop it is."},
		"account_id":            {Spec: "FedCM: identity assertion endpoint", Help: "The account that the person chose."},
		"disclosure_text_shown": {Spec: "FedCM: identity assertion endpoint", Help: "Whether the browser told the person what will be shared."},
		"disclosure_shown_for":  {Spec: "FedCM: identity assertion endpoint", Help: "For which fields the browser told it."},
		"is_auto_selected":      {Spec: "FedCM: identity assertion endpoint", Help: "Whether the browser signed in again by itself."},
		"params":                {Spec: "FedCM: identity assertion endpoint", Help: "What the shop passes through the browser to the provider, as a JSON string."},
		"params.nonce":          {Spec: "OpenID Connect Core section 2", Help: "The shop's random value. The provider puts it into the token."},
		"nonce":                 {Spec: "OpenID Connect Core section 2", Help: "The shop's random value, in the older place."},
		"fields":                {Spec: "FedCM: identity assertion endpoint", Help: "What the shop asks to be told."},
		"mode":                  {Spec: "Chromium", Help: "Whether a button was pressed (active) or the page asked by itself (passive)."},
	},
	KindMetadata: {
		"client_id":            {Spec: "FedCM: client metadata endpoint", Help: "Which shop. No cookie comes along, so the provider does not know for whom."},
		"privacy_policy_url":   {Spec: "FedCM: client metadata endpoint", Help: "Shown in the browser's dialog."},
		"terms_of_service_url": {Spec: "FedCM: client metadata endpoint", Help: "Shown in the browser's dialog."},
	},
	KindNonce: {
		"nonce": {Spec: "OpenID Connect Core section 2", Help: "Random, bound to this browser by a cookie, good once."},
	},
}

// describe fills in Spec and Help. List indexes other than the first share
// the first one's text.
func describe(kind string, fields []Field) []Field {
	for i := range fields {
		f := &fields[i]
		if d, ok := described[kind][f.Name]; ok && f.Spec == "" {
			f.Spec, f.Help = d.Spec, d.Help
		}
		if kind == KindAccounts && strings.HasPrefix(f.Name, "accounts[") {
			f.Spec = "FedCM: accounts endpoint"
			f.Help = "Given to the browser, not to the shop. The browser shows it in its own dialog."
		}
	}
	return fields
}

// queryFields shows the query of the address.
func (m *message) queryFields() []Field {
	u, err := url.ParseRequestURI(m.uri)
	if err != nil || u.RawQuery == "" {
		return nil
	}
	v, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return []Field{undecoded("query", "", "The query is malformed.")}
	}
	return formFields("Query", v)
}

// assertionRequest decodes the form that the browser sends after consent.
func (m *message) assertionRequest() []Field {
	v, err := url.ParseQuery(string(m.body))
	if err != nil || m.bodySize > len(m.body) {
		return bodyFields(m.header, m.body, m.bodySize)
	}
	out := formFields("Form", v)
	if params := v.Get("params"); params != "" {
		if inner, ok := jsonFields("params", []byte(params)); ok {
			for i := range inner {
				inner[i].Name = "params." + inner[i].Name
			}
			out = append(out, inner...)
		}
	}
	return out
}

// assertionAnswer decodes the answer, with the ID token opened.
func (m *message) assertionAnswer() []Field {
	var answer struct {
		Token string `json:"token"`
	}
	if json.Unmarshal(m.answer, &answer) != nil || answer.Token == "" {
		return bodyFields(m.answerHeader, m.answer, m.answerSize)
	}
	return idToken(answer.Token)
}

// signInRequest decodes what the shop's page hands to its server: the ID token
// in a form or in JSON.
func (m *message) signInRequest() []Field {
	var token string
	var rest []Field
	if v, err := url.ParseQuery(string(m.body)); err == nil && v.Has("token") {
		token = v.Get("token")
		v.Del("token")
		rest = formFields("Form", v)
	} else {
		var members map[string]json.RawMessage
		if json.Unmarshal(m.body, &members) == nil {
			_ = json.Unmarshal(members["token"], &token)
			delete(members, "token")
			if b, err := json.Marshal(members); err == nil {
				rest, _ = jsonFields("JSON", b)
			}
		}
	}
	if token == "" {
		return bodyFields(m.header, m.body, m.bodySize)
	}
	return append(rest, idToken(token)...)
}

func idToken(token string) []Field {
	if f, ok := compactJWS("ID token", token, idTokenHelp); ok {
		return f
	}
	return []Field{undecoded("ID token", token, "This is not a compact JWS.")}
}
