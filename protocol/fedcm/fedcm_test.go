package fedcm

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func codeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return "not an *Error: " + err.Error()
	}
	return ""
}

func check(t *testing.T, name string, got []byte, err error, want string) {
	t.Helper()
	if err != nil || string(got) != want {
		t.Errorf("%s: %s %v\nwant %s", name, got, err, want)
	}
}

func TestCheckDest(t *testing.T) {
	if err := CheckDest("webidentity"); err != nil {
		t.Error(err)
	}
	for _, d := range []string{"", "empty", "document", "WebIdentity", "webidentity ", "webidentity, empty"} {
		if err := CheckDest(d); codeOf(err) != CodeDest {
			t.Errorf("%q: %v", d, err)
		}
	}
}

func TestSetLogin(t *testing.T) {
	if SetLogin(0) != "logged-out" || SetLogin(1) != "logged-in" || SetLogin(2) != "logged-in" {
		t.Error("SetLogin")
	}
	for v, want := range map[string]bool{LoggedIn: true, LoggedOut: false} {
		if in, err := ParseSetLogin(v); err != nil || in != want {
			t.Errorf("%s: %v %v", v, in, err)
		}
	}
	if _, err := ParseSetLogin("Logged-In"); codeOf(err) != CodeStatus {
		t.Error(err)
	}
}

func TestWellKnown(t *testing.T) {
	w := WellKnown{ProviderURLs: []string{"https://idp.example/config.json"}, AccountsEndpoint: "/accounts", LoginURL: "/login"}
	b, err := w.JSON()
	check(t, "whole", b, err, `{"provider_urls":["https://idp.example/config.json"],"accounts_endpoint":"/accounts","login_url":"/login"}`)
	if again, err := ParseWellKnown(b); err != nil || !reflect.DeepEqual(*again, w) {
		t.Errorf("%+v %v", again, err)
	}
	b, err = WellKnown{AccountsEndpoint: "/a", LoginURL: "/l"}.JSON()
	check(t, "without provider URLs", b, err, `{"accounts_endpoint":"/a","login_url":"/l"}`)
	for name, bad := range map[string]WellKnown{
		"empty": {}, "two": {ProviderURLs: []string{"a", "b"}}, "accounts alone": {ProviderURLs: []string{"a"}, AccountsEndpoint: "/a"}, "login alone": {LoginURL: "/l"},
	} {
		if _, err := bad.JSON(); codeOf(err) != CodeDocument {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (WellKnown{ProviderURLs: []string{"\xff"}}).JSON(); codeOf(err) != CodeUTF8 {
		t.Error(err)
	}
	for name, doc := range map[string]string{
		"no JSON": `{`, "array": `[]`, "duplicate": `{"provider_urls":["a"],"provider_urls":["b"]}`, "text for a list": `{"provider_urls":"a"}`, "number in the list": `{"provider_urls":[1]}`,
		"two": `{"provider_urls":["a","b"]}`, "login_url a number": `{"provider_urls":["a"],"login_url":1}`, "too large": `{"x":"` + strings.Repeat("a", 1<<20) + `"}`,
	} {
		if _, err := ParseWellKnown([]byte(doc)); codeOf(err) != CodeDocument {
			t.Errorf("%s: %v", name, err)
		}
	}
	if w, err := ParseWellKnown([]byte(`{"provider_urls":["a"],"future":{"x":1}}`)); err != nil || w.ProviderURLs[0] != "a" {
		t.Errorf("unknown members: %v", err)
	}
}

func TestProviderConfig(t *testing.T) {
	c := ProviderConfig{AccountsEndpoint: "/accounts", ClientMetadataEndpoint: "/meta", IDAssertionEndpoint: "/assert", DisconnectEndpoint: "/disconnect", LoginURL: "/login", AccountLabel: "work", SupportsUseOtherAccount: true, PopupEndpoint: "/popup",
		Branding: Branding{BackgroundColor: "green", Color: "#FFEEAA", Name: "IdP", Icons: []Icon{{"https://idp.example/icon.ico", 25}, {"https://idp.example/icon.svg", 0}}}}
	b, err := c.JSON()
	check(t, "whole", b, err, `{"accounts_endpoint":"/accounts","client_metadata_endpoint":"/meta","id_assertion_endpoint":"/assert","disconnect_endpoint":"/disconnect","login_url":"/login","account_label":"work",`+
		`"supports_use_other_account":true,"branding":{"background_color":"green","color":"#FFEEAA","name":"IdP","icons":[{"url":"https://idp.example/icon.ico","size":25},{"url":"https://idp.example/icon.svg"}]},"bonafides":{"popup_endpoint":"/popup"}}`)
	if again, err := ParseProviderConfig(b); err != nil || !reflect.DeepEqual(*again, c) {
		t.Errorf("%+v %v", again, err)
	}
	least := ProviderConfig{AccountsEndpoint: "/a", IDAssertionEndpoint: "/i", LoginURL: "/l"}
	b, err = least.JSON()
	check(t, "least", b, err, `{"accounts_endpoint":"/a","id_assertion_endpoint":"/i","login_url":"/l"}`)
	for name, change := range map[string]func(*ProviderConfig){
		"no accounts": func(c *ProviderConfig) { c.AccountsEndpoint = "" }, "no assertion": func(c *ProviderConfig) { c.IDAssertionEndpoint = "" }, "no login": func(c *ProviderConfig) { c.LoginURL = "" },
		"small icon": func(c *ProviderConfig) { c.Branding.Icons = []Icon{{"x", 24}} }, "icon without url": func(c *ProviderConfig) { c.Branding.Icons = []Icon{{"", 25}} },
	} {
		bad := least
		change(&bad)
		if _, err := bad.JSON(); codeOf(err) != CodeDocument {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, b := range []Branding{{Name: "\xff"}, {Icons: []Icon{{"\xff", 0}}}} {
		bad := least
		bad.Branding = b
		if _, err := bad.JSON(); codeOf(err) != CodeUTF8 {
			t.Error(err)
		}
	}
	bad := least
	bad.PopupEndpoint = "\xff"
	if _, err := bad.JSON(); codeOf(err) != CodeUTF8 {
		t.Error(err)
	}
	const ok = `"accounts_endpoint":"/a","id_assertion_endpoint":"/i","login_url":"/l"`
	for name, doc := range map[string]string{
		"empty": `{}`, "no JSON": `x`, "flag a string": `{` + ok + `,"supports_use_other_account":"true"}`, "branding a string": `{` + ok + `,"branding":"x"}`, "icons an object": `{` + ok + `,"branding":{"icons":{}}}`,
		"icon without url": `{` + ok + `,"branding":{"icons":[{"size":25}]}}`, "icon size a string": `{` + ok + `,"branding":{"icons":[{"url":"x","size":"25"}]}}`, "icon size huge": `{` + ok + `,"branding":{"icons":[{"url":"x","size":99999}]}}`,
		"colour a number": `{` + ok + `,"branding":{"color":1}}`, "our member a string": `{` + ok + `,"bonafides":"x"}`, "popup a number": `{` + ok + `,"bonafides":{"popup_endpoint":1}}`,
	} {
		if _, err := ParseProviderConfig([]byte(doc)); codeOf(err) != CodeDocument {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestClientMetadata(t *testing.T) {
	m := ClientMetadata{"https://rp.example/privacy", "https://rp.example/terms", []Icon{{"https://rp.example/i.png", 40}}, true}
	b, err := m.JSON()
	check(t, "whole", b, err, `{"privacy_policy_url":"https://rp.example/privacy","terms_of_service_url":"https://rp.example/terms","icons":[{"url":"https://rp.example/i.png","size":40}],"client_is_third_party_to_top_frame_origin":true}`)
	if again, err := ParseClientMetadata(b); err != nil || !reflect.DeepEqual(*again, m) {
		t.Errorf("%+v %v", again, err)
	}
	b, err = ClientMetadata{}.JSON()
	check(t, "empty", b, err, `{}`)
	if _, err := (ClientMetadata{Icons: []Icon{{"\xff", 0}}}).JSON(); codeOf(err) != CodeUTF8 {
		t.Error(err)
	}
	for _, doc := range []string{`[]`, `{"privacy_policy_url":1}`} {
		if _, err := ParseClientMetadata([]byte(doc)); codeOf(err) != CodeDocument {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

func TestAccounts(t *testing.T) {
	list := []Account{
		{ID: "1", Name: "Ada", GivenName: "A", Email: "ada@idp.example", Picture: "https://idp.example/1.png", ApprovedClients: []string{"c1"}, LoginHints: []string{"ada"}, DomainHints: []string{"idp.example"}, LabelHints: []string{"work"}},
		{ID: "2", Tel: "+41", ApprovedClients: []string{}},
		{ID: "3", Username: "grace"},
	}
	b, err := AccountsJSON(list)
	check(t, "whole", b, err, `{"accounts":[{"id":"1","name":"Ada","given_name":"A","email":"ada@idp.example","picture":"https://idp.example/1.png","approved_clients":["c1"],"login_hints":["ada"],"domain_hints":["idp.example"],"label_hints":["work"]},`+
		`{"id":"2","tel":"+41","approved_clients":[]},{"id":"3","username":"grace"}]}`)
	if again, err := ParseAccounts(b); err != nil || !reflect.DeepEqual(again, list) {
		t.Errorf("%+v %v", again, err)
	}
	b, err = AccountsJSON(nil)
	check(t, "nobody", b, err, `{"accounts":[]}`)
	for name, test := range map[string]struct {
		list []Account
		code string
	}{
		"no id": {[]Account{{Name: "a"}}, CodeAccounts}, "same id": {[]Account{{ID: "1", Name: "a"}, {ID: "1", Name: "b"}}, CodeAccounts}, "id alone": {[]Account{{ID: "1"}}, CodeAccounts},
		"relative picture": {[]Account{{ID: "1", Name: "a", Picture: "/p.png"}}, CodeAccounts}, "not UTF-8": {[]Account{{ID: "1", Name: "\xff"}}, CodeUTF8},
	} {
		if _, err := AccountsJSON(test.list); codeOf(err) != test.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, test := range map[string]struct{ doc, code string }{
		"no JSON": {`x`, CodeDocument}, "no list": {`{}`, CodeAccounts}, "entry a string": {`{"accounts":["x"]}`, CodeAccounts}, "id a number": {`{"accounts":[{"id":1,"name":"a"}]}`, CodeDocument},
		"same id": {`{"accounts":[{"id":"1","name":"a"},{"id":"1","name":"b"}]}`, CodeAccounts}, "hints a string": {`{"accounts":[{"id":"1","name":"a","login_hints":"x"}]}`, CodeDocument},
	} {
		if _, err := ParseAccounts([]byte(test.doc)); codeOf(err) != test.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func form(pairs ...string) map[string][]string {
	f := map[string][]string{"client_id": {"c"}, "account_id": {"1"}}
	for i := 0; i < len(pairs); i += 2 {
		f[pairs[i]] = append(f[pairs[i]], pairs[i+1])
	}
	return f
}

func TestAssertionRequest(t *testing.T) {
	r, err := ParseAssertionRequest(form("nonce", "n", "params", `{"nonce":"n","x":[1]}`, "fields", "name,email", "disclosure_shown_for", "name", "disclosure_text_shown", "false", "is_auto_selected", "true", "mode", "passive", "type", "x"))
	want := &AssertionRequest{ClientID: "c", AccountID: "1", Nonce: "n", Params: `{"nonce":"n","x":[1]}`, Fields: []string{"name", "email"}, HasFields: true, DisclosureShownFor: []string{"name"}, IsAutoSelected: true}
	if err != nil || !reflect.DeepEqual(r, want) {
		t.Errorf("%+v %v", r, err)
	}
	for _, test := range []struct {
		name   string
		form   map[string][]string
		nonce  string
		code   string
		fields bool
	}{
		{"least", form(), "", "", false},
		{"nonce in the form", form("nonce", "n"), "n", "", false},
		{"nonce in params", form("params", `{"nonce":"n"}`), "n", "", false},
		{"nonce in both, different", form("nonce", "m", "params", `{"nonce":"n"}`), "", CodeNonceDiffers, false},
		{"params without a nonce", form("nonce", "n", "params", `{"scope":"x"}`), "n", "", false},
		{"params a list", form("params", `["nonce"]`), "", "", false},
		{"params a string", form("params", `"nonce"`), "", "", false},
		{"params no JSON", form("params", `{nonce:1}`), "", CodeParams, false},
		{"params empty", form("params", ``), "", CodeParams, false},
		{"params with two nonces", form("params", `{"nonce":"a","nonce":"b"}`), "", CodeParams, false},
		{"params with a number for nonce", form("params", `{"nonce":1}`), "", CodeParams, false},
		{"params too long", form("params", `"`+strings.Repeat("x", 9000)+`"`), "", CodeForm, false},
		{"params twice", form("params", `{}`, "params", `{}`), "", CodeDuplicate, false},
		{"no fields asked for", form("fields", ""), "", "", true},
		{"fields with a gap", form("fields", "name,,email"), "", CodeForm, true},
		{"too many fields", form("fields", strings.Repeat("a,", 70)+"a"), "", CodeForm, true},
		{"client_id missing", map[string][]string{"account_id": {"1"}}, "", CodeForm, false},
		{"client_id empty", map[string][]string{"client_id": {""}, "account_id": {"1"}}, "", CodeForm, false},
		{"client_id twice", form("client_id", "d"), "", CodeDuplicate, false},
		{"account_id missing", map[string][]string{"client_id": {"c"}}, "", CodeForm, false},
		{"client_id too long", map[string][]string{"client_id": {strings.Repeat("x", 5000)}, "account_id": {"1"}}, "", CodeForm, false},
		{"is_auto_selected a word", form("is_auto_selected", "yes"), "", CodeForm, false},
		{"disclosure_text_shown twice", form("disclosure_text_shown", "true", "disclosure_text_shown", "false"), "", CodeDuplicate, false},
	} {
		r, err := ParseAssertionRequest(test.form)
		if codeOf(err) != test.code {
			t.Errorf("%s: %v, want %q", test.name, err, test.code)
		} else if err == nil && (r.Nonce != test.nonce || r.HasFields != test.fields) {
			t.Errorf("%s: %+v", test.name, r)
		}
	}
}

func TestDisconnectRequest(t *testing.T) {
	r, err := ParseDisconnectRequest(map[string][]string{"client_id": {"c"}, "account_hint": {"1"}})
	if err != nil || *r != (DisconnectRequest{"c", "1"}) {
		t.Errorf("%+v %v", r, err)
	}
	for _, f := range []map[string][]string{{"client_id": {"c"}}, {"account_hint": {"1"}}, {}} {
		if _, err := ParseDisconnectRequest(f); codeOf(err) != CodeForm {
			t.Errorf("%v: %v", f, err)
		}
	}
}

func TestAnswers(t *testing.T) {
	b, err := TokenJSON("a.b.c")
	check(t, "token", b, err, `{"token":"a.b.c"}`)
	b, err = ContinueJSON("/more")
	check(t, "continue", b, err, `{"continue_on":"/more"}`)
	b, err = ErrorJSON("access_denied", "https://idp.example/e")
	check(t, "error", b, err, `{"error":{"code":"access_denied","error":"access_denied","url":"https://idp.example/e"}}`)
	b, err = ErrorJSON("", "")
	check(t, "error without a reason", b, err, `{"error":{}}`)
	b, err = DisconnectJSON("1")
	check(t, "disconnect", b, err, `{"account_id":"1"}`)
	for name, f := range map[string]func() ([]byte, error){
		"token": func() ([]byte, error) { return TokenJSON("") }, "continue": func() ([]byte, error) { return ContinueJSON("") }, "disconnect": func() ([]byte, error) { return DisconnectJSON("") },
	} {
		if _, err := f(); codeOf(err) != CodeAnswer {
			t.Errorf("empty %s: %v", name, err)
		}
	}
	if _, err := ErrorJSON("\xff", ""); codeOf(err) != CodeUTF8 {
		t.Error(err)
	}
	for _, test := range []struct {
		doc  string
		want Answer
		code string
	}{
		{`{"token":"a"}`, Answer{Token: `"a"`}, ""},
		{`{"token":{"x":1}}`, Answer{Token: `{"x":1}`}, ""},
		{`{"token":null}`, Answer{Token: `null`}, ""},
		{`{"continue_on":"/x"}`, Answer{ContinueOn: "/x"}, ""},
		{`{"continue_on":"/x","token":"a"}`, Answer{Token: `"a"`}, ""},
		{`{"error":{"code":"a","url":"u"},"token":"a"}`, Answer{Failure: &ErrorAnswer{"a", "u"}}, ""},
		{`{"error":{"code":"a","error":"b"}}`, Answer{Failure: &ErrorAnswer{"b", ""}}, ""},
		{`{"error":{}}`, Answer{Failure: &ErrorAnswer{}}, ""},
		{`{"error":"a"}`, Answer{}, CodeAnswer},
		{`{"error":{"code":1}}`, Answer{}, CodeDocument},
		{`{}`, Answer{}, CodeAnswer},
		{`{"continue_on":1}`, Answer{}, CodeAnswer},
		{`{"token":"a","token":"b"}`, Answer{}, CodeDocument},
		{`[]`, Answer{}, CodeDocument},
	} {
		a, err := ParseAnswer([]byte(test.doc))
		if codeOf(err) != test.code {
			t.Errorf("%s: %v, want %q", test.doc, err, test.code)
		} else if err == nil && !reflect.DeepEqual(*a, test.want) {
			t.Errorf("%s: %+v", test.doc, a)
		}
	}
	if id, err := ParseDisconnectAnswer([]byte(`{"account_id":"1"}`)); err != nil || id != "1" {
		t.Error(id, err)
	}
	for doc, code := range map[string]string{`{}`: CodeAnswer, `{"account_id":1}`: CodeDocument, `x`: CodeDocument} {
		if _, err := ParseDisconnectAnswer([]byte(doc)); codeOf(err) != code {
			t.Errorf("%s: %v", doc, err)
		}
	}
	if e := refuse(CodeForm, "A sentence.").Error(); e != "form_invalid: A sentence." {
		t.Error(e)
	}
}

// Whatever a parser takes, its builder writes, and that is taken again.
func FuzzDocuments(f *testing.F) {
	for _, seed := range []string{
		`{"provider_urls":["https://idp.example/c"],"accounts_endpoint":"/a","login_url":"/l"}`,
		`{"accounts_endpoint":"/a","id_assertion_endpoint":"/i","login_url":"/l","branding":{"icons":[{"url":"x","size":32}]}}`,
		`{"accounts":[{"id":"1","name":"a","approved_clients":[]}]}`, `{"token":"a"}`, `{"error":{"code":"x"}}`, `{"privacy_policy_url":"u"}`, `{"account_id":"1"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if w, err := ParseWellKnown(b); err == nil {
			again, err := w.JSON()
			if err != nil {
				t.Fatal(err)
			}
			if x, err := ParseWellKnown(again); err != nil || x.LoginURL != w.LoginURL || len(x.ProviderURLs) != len(w.ProviderURLs) {
				t.Fatalf("%s: %v", again, err)
			}
		}
		if c, err := ParseProviderConfig(b); err == nil {
			again, err := c.JSON()
			if err != nil {
				t.Fatal(err)
			}
			if x, err := ParseProviderConfig(again); err != nil || x.LoginURL != c.LoginURL || len(x.Branding.Icons) != len(c.Branding.Icons) {
				t.Fatalf("%s: %v", again, err)
			}
		}
		if l, err := ParseAccounts(b); err == nil {
			again, err := AccountsJSON(l)
			if err != nil {
				t.Fatal(err)
			}
			if x, err := ParseAccounts(again); err != nil || !reflect.DeepEqual(x, l) {
				t.Fatalf("%s: %v", again, err)
			}
		}
		if m, err := ParseClientMetadata(b); err == nil {
			if again, err := m.JSON(); err != nil {
				t.Fatalf("%s %v", again, err)
			}
		}
		if a, err := ParseAnswer(b); err == nil && (a.Token == "") == (a.ContinueOn == "" && a.Failure == nil) {
			t.Fatalf("%+v", a)
		}
		if id, err := ParseDisconnectAnswer(b); err == nil && id == "" {
			t.Fatal("an empty account")
		}
	})
}

func FuzzAssertionRequest(f *testing.F) {
	f.Add("c", "1", "n", `{"nonce":"n"}`, "name,email")
	f.Add("", "", "", "", "")
	f.Fuzz(func(t *testing.T, client, account, nonce, params, fields string) {
		r, err := ParseAssertionRequest(map[string][]string{"client_id": {client}, "account_id": {account}, "nonce": {nonce}, "params": {params}, "fields": {fields}})
		if err != nil {
			if strings.HasPrefix(codeOf(err), "not an") {
				t.Fatal(err)
			}
			return
		}
		if r.ClientID != client || r.AccountID != account || nonce != "" && r.Nonce != nonce || r.Params != params {
			t.Fatalf("%+v", r)
		}
	})
}
