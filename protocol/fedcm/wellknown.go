package fedcm

import "github.com/bonafides-dev/bonafides/protocol/strictjson"

// maxDocument bounds what the parsers read, in bytes.
const maxDocument = 1 << 20

// WellKnownPath is where the well-known file is, on the provider's registrable
// domain (on localhost names: at the provider's own origin).
const WellKnownPath = "/.well-known/web-identity"

// WellKnown is /.well-known/web-identity. ProviderURLs has one entry at most.
// AccountsEndpoint and LoginURL belong there too whenever the config names a
// client metadata endpoint; browsers are beginning to insist on it.
type WellKnown struct {
	ProviderURLs     []string
	AccountsEndpoint string
	LoginURL         string
}

// Check refuses a document that browsers refuse.
func (w WellKnown) Check() error {
	switch {
	case len(w.ProviderURLs) > 1:
		return refuse(CodeDocument, "The well-known file names more than one provider URL; browsers refuse the whole file.")
	case len(w.ProviderURLs) == 0 && (w.AccountsEndpoint == "" || w.LoginURL == ""):
		return refuse(CodeDocument, "The well-known file names neither a provider URL nor both accounts_endpoint and login_url.")
	case (w.AccountsEndpoint == "") != (w.LoginURL == ""):
		return refuse(CodeDocument, "The well-known file names only one of accounts_endpoint and login_url; both belong there.")
	}
	return nil
}

// JSON returns the document. It fails if Check does or a text is not UTF-8.
func (w WellKnown) JSON() ([]byte, error) {
	if err := w.Check(); err != nil {
		return nil, err
	}
	var o strictjson.Writer
	if len(w.ProviderURLs) > 0 {
		o.Strings("provider_urls", w.ProviderURLs)
	}
	o.OptString("accounts_endpoint", w.AccountsEndpoint)
	o.OptString("login_url", w.LoginURL)
	return finish(&o)
}

// ParseWellKnown reads the document. Errors are *Error.
func ParseWellKnown(b []byte) (*WellKnown, error) {
	d, err := open(b, "the well-known file")
	if err != nil {
		return nil, err
	}
	w := &WellKnown{
		ProviderURLs:     d.texts("provider_urls"),
		AccountsEndpoint: d.text("accounts_endpoint"),
		LoginURL:         d.text("login_url"),
	}
	if d.err != nil {
		return nil, d.err
	}
	if err := w.Check(); err != nil {
		return nil, err
	}
	return w, nil
}

func finish(o *strictjson.Writer) ([]byte, error) {
	b, err := o.Bytes()
	if err != nil {
		return nil, refuse(CodeUTF8, "A text of the document is not UTF-8, or a value is not JSON.")
	}
	return b, nil
}

// document reads members and keeps the first fault.
type document struct {
	v    strictjson.Value
	what string
	err  *Error
}

func open(b []byte, what string) (*document, error) {
	v, err := strictjson.Parse(b, strictjson.Limits{MaxSize: maxDocument})
	if err != nil {
		return nil, refuse(CodeDocument, "In "+what+": not strict JSON: "+err.Error()+".")
	}
	if v.Kind() != strictjson.Object {
		return nil, refuse(CodeDocument, "In "+what+": not a JSON object.")
	}
	return &document{v: v, what: what}, nil
}

func (d *document) fail(name, want string) {
	if d.err == nil {
		d.err = refuse(CodeDocument, "In "+d.what+": "+name+" is not "+want+".")
	}
}

func (d *document) text(name string) string {
	v := d.v.Get(name)
	if !v.Exists() {
		return ""
	}
	s, ok := v.Text()
	if !ok {
		d.fail(name, "a string")
	}
	return s
}

func (d *document) texts(name string) []string {
	v := d.v.Get(name)
	if !v.Exists() {
		return nil
	}
	list, ok := v.Strings()
	if !ok {
		d.fail(name, "an array of strings")
	}
	return list
}

func (d *document) flag(name string) bool {
	v := d.v.Get(name)
	if !v.Exists() {
		return false
	}
	b, ok := v.Bool()
	if !ok {
		d.fail(name, "a boolean")
	}
	return b
}

// icons reads an array of {"url", "size"}.
func (d *document) icons(v strictjson.Value) []Icon {
	if !v.Exists() {
		return nil
	}
	if v.Kind() != strictjson.Array {
		d.fail("icons", "an array")
		return nil
	}
	var list []Icon
	for e := range v.Elements() {
		url, ok := e.Get("url").Text()
		if !ok {
			d.fail("icons", "an array of objects with a url")
			return nil
		}
		i := Icon{URL: url}
		if size := e.Get("size"); size.Exists() {
			n, ok := size.Int()
			if !ok || n < 1 || n > maxIcon {
				d.fail("an icon's size", "a whole number of pixels")
				return nil
			}
			i.Size = int(n)
		}
		list = append(list, i)
	}
	return list
}

const maxIcon = 1 << 14

// Icon is a square picture in a browser's dialog. Size is in pixels, 0 for
// none stated.
type Icon struct {
	URL  string
	Size int
}

func appendIcons(o *strictjson.Writer, icons []Icon) error {
	if len(icons) == 0 {
		return nil
	}
	list := make([][]byte, 0, len(icons))
	for _, i := range icons {
		var w strictjson.Writer
		w.String("url", i.URL)
		if i.Size > 0 {
			w.Int("size", int64(i.Size))
		}
		b, err := finish(&w)
		if err != nil {
			return err
		}
		list = append(list, b)
	}
	o.Raw("icons", strictjson.AppendArray(nil, list...))
	return nil
}
