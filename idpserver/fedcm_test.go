package idpserver_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
	wire "github.com/bonafides-dev/bonafides/protocol/fedcm"
)

func TestBrowsersFindTheirWayFromTheWellKnownFile(t *testing.T) {
	p := newIdP(t)
	fetch := func(path string) []byte {
		r := httptest.NewRequest(http.MethodGet, loopback+path, nil)
		r.Header.Set("Sec-Fetch-Dest", "webidentity")
		res := p.browser().send(r, true)
		wantStatus(t, res, http.StatusOK)
		if ct := res.Header.Get("Content-Type"); ct != "application/json" {
			t.Errorf("%s: Content-Type = %q", path, ct)
		}
		if res.Header.Get("Cache-Control") == "" || len(res.Cookies()) != 0 {
			t.Errorf("%s: Cache-Control %q, cookies %v", path, res.Header.Get("Cache-Control"), res.Cookies())
		}
		return []byte(body(t, res))
	}
	wk, err := wire.ParseWellKnown(fetch("/.well-known/web-identity"))
	if err != nil {
		t.Fatal(err)
	}
	want := wire.WellKnown{
		ProviderURLs:     []string{loopback + "/fedcm/config.json"},
		AccountsEndpoint: loopback + "/fedcm/accounts", LoginURL: loopback + "/signin",
	}
	if !reflect.DeepEqual(*wk, want) {
		t.Errorf("well-known = %+v", wk)
	}
	if p.ConfigURL() != want.ProviderURLs[0] {
		t.Errorf("ConfigURL = %q", p.ConfigURL())
	}
	config, err := wire.ParseProviderConfig(fetch("/fedcm/config.json"))
	if err != nil {
		t.Fatal(err)
	}
	resolve := func(s string) string {
		u, err := url.Parse(want.ProviderURLs[0])
		if err != nil {
			t.Fatal(err)
		}
		if u, err = u.Parse(s); err != nil {
			t.Fatal(err)
		}
		return u.String()
	}
	// Browsers compare these two with the well-known file after resolving them.
	if resolve(config.AccountsEndpoint) != wk.AccountsEndpoint || resolve(config.LoginURL) != wk.LoginURL {
		t.Errorf("the config file (%q, %q) contradicts the well-known file", config.AccountsEndpoint, config.LoginURL)
	}
	for _, u := range []string{config.AccountsEndpoint, config.IDAssertionEndpoint, config.ClientMetadataEndpoint, config.DisconnectEndpoint, config.LoginURL} {
		if !strings.HasPrefix(resolve(u), loopback+"/") {
			t.Errorf("%q is of another origin", u)
		}
	}
	if len(config.Branding.Icons) != 1 || config.Branding.Name != "Test ID" || config.Branding.BackgroundColor == "" {
		t.Fatalf("branding = %+v", config.Branding)
	}
	icon := p.browser().get(strings.TrimPrefix(config.Branding.Icons[0].URL, loopback))
	if icon.StatusCode != http.StatusOK || icon.Header.Get("Content-Type") != "image/png" {
		t.Errorf("icon: status %d, %s", icon.StatusCode, icon.Header.Get("Content-Type"))
	}
}

func TestAccountsEndpointListsWhoIsSignedInHere(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	p.create("grace@home.example", func(n *idpserver.NewAccount) { n.Name, n.GivenName = "Grace Hopper", "" })
	p.create("open@corp.example", func(n *idpserver.NewAccount) { n.EmailVerified = false })
	b := p.browser()
	for _, email := range []string{"ada@corp.example", "grace@home.example", "open@corp.example"} {
		b.signIn(email)
		p.now = p.now.Add(time.Second)
	}
	b.assert(assertionForm(ada.ID))
	res := b.accounts()
	wantStatus(t, res, http.StatusOK)
	if res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Content-Type") != "application/json" {
		t.Errorf("headers: %v", res.Header)
	}
	list, err := wire.ParseAccounts([]byte(body(t, res)))
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 3 {
		t.Fatalf("%d accounts", len(list))
	}
	want := wire.Account{
		ID: ada.ID, Name: "Ada Lovelace", GivenName: "Ada", Email: "ada@corp.example",
		Picture:         loopback + "/picture/" + ada.ID + ".png",
		ApprovedClients: []string{shopID},
		LoginHints:      []string{"ada@corp.example", ada.ID},
		DomainHints:     []string{"corp.example"},
	}
	if !reflect.DeepEqual(list[0], want) {
		t.Errorf("account = %+v\nwant      %+v", list[0], want)
	}
	if list[1].DomainHints != nil || list[1].GivenName != "" {
		t.Errorf("an account outside the operator's domains: %+v", list[1])
	}
	if list[1].ApprovedClients == nil {
		t.Error("approved_clients is missing: the browser would then go by what it remembers")
	}
	if list[2].DomainHints != nil {
		t.Errorf("an address that is not verified has domain hints: %v", list[2].DomainHints)
	}
	if len(ada.ID) != 26 || strings.Contains(ada.ID, "ada") {
		t.Errorf("account id %q", ada.ID)
	}
	picture := b.get("/picture/" + ada.ID + ".png")
	if picture.StatusCode != http.StatusOK || picture.Header.Get("Content-Type") != "image/png" {
		t.Errorf("picture: status %d", picture.StatusCode)
	}
}

func TestClientMetadata(t *testing.T) {
	p := newIdP(t)
	res := p.browser().get("/fedcm/client-metadata?client_id=shop&top_frame_origin=https%3A%2F%2Fnews.example")
	wantStatus(t, res, http.StatusOK)
	m, err := wire.ParseClientMetadata([]byte(body(t, res)))
	if err != nil {
		t.Fatal(err)
	}
	if m.PrivacyPolicyURL != "https://shop.example/privacy" || m.TermsOfServiceURL != "https://shop.example/terms" {
		t.Errorf("metadata = %+v", m)
	}
	wantFedCMError(t, p, p.browser().get("/fedcm/client-metadata"), 400, "client_id_missing")
	wantFedCMError(t, p, p.browser().get("/fedcm/client-metadata?client_id=shop&client_id=wiki"), 400, "client_id_missing")
	wantFedCMError(t, p, p.browser().get("/fedcm/client-metadata?client_id=nobody"), 403, "unauthorized_client")
}

// Whoever signs up first with an address that is not theirs is not found by it.
func TestAnAddressThatNobodyVerifiedIsNoLoginHint(t *testing.T) {
	p := newIdP(t)
	b := p.browser()
	a := b.unverified("eve@corp.example")
	hints := func() []string {
		list, err := wire.ParseAccounts([]byte(body(t, b.accounts())))
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		return list[0].LoginHints
	}
	if got := hints(); !reflect.DeepEqual(got, []string{a.ID}) {
		t.Errorf("before: %q", got)
	}
	b.post("/verify-email", "account", a.ID, "do", "verify", "code", p.lastCode())
	if got := hints(); !reflect.DeepEqual(got, []string{"eve@corp.example", a.ID}) {
		t.Errorf("after: %q", got)
	}
}
