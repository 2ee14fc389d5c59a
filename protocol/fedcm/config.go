package fedcm

import "github.com/bonafides-dev/bonafides/protocol/strictjson"

// ProviderConfig is the config file. URLs may be relative to it; browsers want
// the endpoints on its own origin.
type ProviderConfig struct {
	AccountsEndpoint       string // required
	ClientMetadataEndpoint string
	IDAssertionEndpoint    string // required
	DisconnectEndpoint     string
	LoginURL               string // required
	// AccountLabel shows only accounts that have it among their label hints.
	AccountLabel string
	// SupportsUseOtherAccount offers another sign-in in the account chooser.
	SupportsUseOtherAccount bool
	Branding                Branding
	// PopupEndpoint is where the same sign-in happens in a window, for browsers
	// without FedCM: {"bonafides": {"popup_endpoint": ...}}. Browsers ignore it.
	PopupEndpoint string
}

// Branding is how the browser's dialog shows the provider. Colours are in CSS.
type Branding struct {
	BackgroundColor string
	Color           string
	Icons           []Icon // no SVG; 25 pixels or more
	Name            string
}

// minIcon is the smallest size that browsers take for a provider's icon.
const minIcon = 25

// Check refuses a document that browsers refuse.
func (c ProviderConfig) Check() error {
	if c.AccountsEndpoint == "" || c.IDAssertionEndpoint == "" || c.LoginURL == "" {
		return refuse(CodeDocument, "The config file lacks accounts_endpoint, id_assertion_endpoint or login_url; all three are required.")
	}
	for _, i := range c.Branding.Icons {
		if i.URL == "" || i.Size != 0 && i.Size < minIcon {
			return refuse(CodeDocument, "A branding icon has no url, or a size below 25 pixels.")
		}
	}
	return nil
}

// JSON returns the document. It fails if Check does or a text is not UTF-8.
func (c ProviderConfig) JSON() ([]byte, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	var o strictjson.Writer
	o.String("accounts_endpoint", c.AccountsEndpoint)
	o.OptString("client_metadata_endpoint", c.ClientMetadataEndpoint)
	o.String("id_assertion_endpoint", c.IDAssertionEndpoint)
	o.OptString("disconnect_endpoint", c.DisconnectEndpoint)
	o.String("login_url", c.LoginURL)
	o.OptString("account_label", c.AccountLabel)
	if c.SupportsUseOtherAccount {
		o.Bool("supports_use_other_account", true)
	}
	var b strictjson.Writer
	b.OptString("background_color", c.Branding.BackgroundColor)
	b.OptString("color", c.Branding.Color)
	b.OptString("name", c.Branding.Name)
	if err := appendIcons(&b, c.Branding.Icons); err != nil {
		return nil, err
	}
	branding, err := finish(&b)
	if err != nil {
		return nil, err
	}
	if len(branding) > len("{}") {
		o.Raw("branding", branding)
	}
	if c.PopupEndpoint != "" {
		var own strictjson.Writer
		own.String("popup_endpoint", c.PopupEndpoint)
		b, err := finish(&own)
		if err != nil {
			return nil, err
		}
		o.Raw("bonafides", b)
	}
	return finish(&o)
}

// ParseProviderConfig reads the document. Errors are *Error.
func ParseProviderConfig(b []byte) (*ProviderConfig, error) {
	d, err := open(b, "the config file")
	if err != nil {
		return nil, err
	}
	c := &ProviderConfig{
		AccountsEndpoint:        d.text("accounts_endpoint"),
		ClientMetadataEndpoint:  d.text("client_metadata_endpoint"),
		IDAssertionEndpoint:     d.text("id_assertion_endpoint"),
		DisconnectEndpoint:      d.text("disconnect_endpoint"),
		LoginURL:                d.text("login_url"),
		AccountLabel:            d.text("account_label"),
		SupportsUseOtherAccount: d.flag("supports_use_other_account"),
	}
	if v := d.v.Get("branding"); v.Exists() {
		if v.Kind() != strictjson.Object {
			d.fail("branding", "an object")
		}
		sub := &document{v: v, what: d.what, err: d.err}
		c.Branding = Branding{
			BackgroundColor: sub.text("background_color"),
			Color:           sub.text("color"),
			Name:            sub.text("name"),
			Icons:           sub.icons(v.Get("icons")),
		}
		d.err = sub.err
	}
	if v := d.v.Get("bonafides"); v.Exists() {
		if v.Kind() != strictjson.Object {
			d.fail("bonafides", "an object")
		}
		sub := &document{v: v, what: d.what, err: d.err}
		c.PopupEndpoint = sub.text("popup_endpoint")
		d.err = sub.err
	}
	if d.err != nil {
		return nil, d.err
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	return c, nil
}

// ClientMetadata is what a provider tells the browser about a relying party.
type ClientMetadata struct {
	PrivacyPolicyURL  string
	TermsOfServiceURL string
	Icons             []Icon
	// ClientIsThirdParty tells the browser to name the top frame's site too.
	ClientIsThirdParty bool
}

// JSON returns the document.
func (m ClientMetadata) JSON() ([]byte, error) {
	var o strictjson.Writer
	o.OptString("privacy_policy_url", m.PrivacyPolicyURL)
	o.OptString("terms_of_service_url", m.TermsOfServiceURL)
	if err := appendIcons(&o, m.Icons); err != nil {
		return nil, err
	}
	if m.ClientIsThirdParty {
		o.Bool("client_is_third_party_to_top_frame_origin", true)
	}
	return finish(&o)
}

// ParseClientMetadata reads the document. Errors are *Error.
func ParseClientMetadata(b []byte) (*ClientMetadata, error) {
	d, err := open(b, "the client metadata")
	if err != nil {
		return nil, err
	}
	m := &ClientMetadata{
		PrivacyPolicyURL:   d.text("privacy_policy_url"),
		TermsOfServiceURL:  d.text("terms_of_service_url"),
		Icons:              d.icons(d.v.Get("icons")),
		ClientIsThirdParty: d.flag("client_is_third_party_to_top_frame_origin"),
	}
	if d.err != nil {
		return nil, d.err
	}
	return m, nil
}
