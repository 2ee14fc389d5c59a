package trace

import (
	"encoding/json"
	"html"
	"net/url"
	"regexp"
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
	KindPopup: {
		"client_id":  {Spec: "the polyfill's protocol: sign-in", Help: "The shop's name at the provider. Here the provider learns which shop asks, before the person agreed: a script cannot do better."},
		"origin":     {Spec: "the polyfill's protocol: sign-in", Help: "The page that asks. The provider answers only if it is registered for the client."},
		"state":      {Spec: "the polyfill's protocol: sign-in", Help: "The page's random value: it comes back in every message of the window."},
		"params":     {Spec: "FedCM: identity assertion endpoint", Help: "What the shop passes to the provider, as a JSON string. The nonce is in it."},
		"context":    {Spec: "FedCM: the context of a request", Help: "Which words the window uses: sign in, sign up, use or continue."},
		"mode":       {Spec: "FedCM: the mode of a request", Help: "Whether a button was pressed (active) or the page asked by itself (passive)."},
		"mediation":  {Spec: "Credential Management section 2.3.2", Help: "Whether the person must be asked. In a window they always are."},
		"login_hint": {Spec: "FedCM: login hint", Help: "The account that the shop asks for."},
	},
	KindPopupAnswer: {
		"account": {Spec: "the polyfill's protocol: sign-in", Help: "The account that the person chose."},
		"do":      {Spec: "the polyfill's protocol: sign-in", Help: "What the person decided. Only the provider's own page can send this form."},
	},
	KindRedirect: {
		"return": {Spec: "the shop's own", Help: "Where on the shop the person goes on afterwards."},
	},
	KindAuthorize: {
		"client_id":             {Spec: "RFC 6749 section 4.1.1", Help: "The shop's name at the provider, which learns here which shop asks, before the person agreed."},
		"redirect_uri":          {Spec: "RFC 6749 section 3.1.2", Help: "Where the answer goes: a registered address of the shop, to the letter."},
		"response_type":         {Spec: "RFC 6749 section 3.1.1", Help: "A code, which only the shop's server can use."},
		"scope":                 {Spec: "OpenID Connect Core section 5.4", Help: "What the shop asks to be told."},
		"state":                 {Spec: "RFC 6749 section 10.12", Help: "The shop's random value, bound to this browser: an answer that nobody here asked for is refused."},
		"nonce":                 {Spec: "OpenID Connect Core section 2", Help: "The shop's random value. The provider puts it into the token."},
		"code_challenge":        {Spec: "RFC 7636 section 4.2", Help: "The hash of a secret that the shop keeps: whoever steals the code cannot use it."},
		"code_challenge_method": {Spec: "RFC 7636 section 4.3", Help: "SHA-256."},
	},
	KindCallback: {
		"code":  {Spec: "RFC 6749 section 4.1.2", Help: "Works once, for a minute, with the shop's secret alone."},
		"state": {Spec: "RFC 6749 section 10.12", Help: "The value that the shop began with. It works once, and in one browser."},
		"iss":   {Spec: "RFC 9207 section 2", Help: "Which provider answers, so that one cannot pass for another."},
		"error": {Spec: "RFC 6749 section 4.1.2.1", Help: "Why there is no code."},
	},
	KindToken: {
		"grant_type":    {Spec: "RFC 6749 section 4.1.3", Help: "A code is exchanged."},
		"code":          {Spec: "RFC 6749 section 4.1.3", Help: "The code that the browser brought."},
		"code_verifier": {Spec: "RFC 7636 section 4.5", Help: "The secret behind the challenge: it shows that the shop that asked is the shop that exchanges."},
		"redirect_uri":  {Spec: "RFC 6749 section 4.1.3", Help: "The same as in the request."},
		"client_id":     {Spec: "RFC 6749 section 2.2", Help: "The shop's name at the provider."},
		"token_type":    {Spec: "RFC 6749 section 7.1", Help: "How the access token would be sent."},
		"expires_in":    {Spec: "RFC 6749 section 4.2.2", Help: "Seconds."},
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

// GroupMessage is what the provider's window tells the page that opened it.
const GroupMessage = "Message to the page"

// The element of the window's page from which its script sends the message.
var (
	popupElement   = regexp.MustCompile(`(?s)<div\s[^>]*id="bonafides-popup"[^>]*>`)
	popupAttribute = regexp.MustCompile(`data-(origin|state|kind|token|account|code|url)="([^"]*)"`)
)

var popupWords = map[string]string{
	"origin":  "The browser hands the message to a page of this origin and to no other.",
	"state":   "The page's own value, so that it knows which of its questions this answers.",
	"kind":    "What the message says: the window is there, a token, a refusal, a no, or that the connection was ended.",
	"account": "The account that was disconnected.",
	"code":    "Why it was refused.",
	"url":     "The provider's page about this refusal.",
}

// popupMessage decodes what the answer's page tells the page that opened the
// window. No server sees that message: it goes from window to window.
func (m *message) popupMessage() []Field {
	var out []Field
	for _, a := range popupAttribute.FindAllStringSubmatch(popupElement.FindString(string(m.answer)), -1) {
		name, value := a[1], html.UnescapeString(a[2])
		switch {
		case value == "":
		case name == "token":
			out = append(out, idToken(value)...)
		default:
			f := textField(GroupMessage, name, value, popupWords[name])
			f.Spec = "the polyfill's protocol: sign-in"
			out = append(out, f)
		}
	}
	return out
}

// tokenEndpointAnswer decodes the answer to a code, with the ID token opened.
func (m *message) tokenEndpointAnswer() []Field {
	var members map[string]json.RawMessage
	var token string
	if json.Unmarshal(m.answer, &members) != nil || json.Unmarshal(members["id_token"], &token) != nil {
		return bodyFields(m.answerHeader, m.answer, m.answerSize)
	}
	delete(members, "id_token")
	var rest []Field
	if b, err := json.Marshal(members); err == nil {
		rest, _ = jsonFields("JSON", b)
	}
	return append(rest, idToken(token)...)
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
