package look

import kit "github.com/bonafides-dev/bonafides/internal/look"

// A Party is one role of the two flows. Its value is the first label of the
// party's host name in the demo.
type Party string

// The parties. Browser stands for the browser and for whatever keeps tokens on
// its behalf; Home is the demo's own page, which is no party of a flow.
const (
	Browser   Party = "browser"
	Issuer    Party = "issuer"
	Publisher Party = "news"
	AdNetwork Party = "ads"
	IdP       Party = "idp"
	Shop      Party = "shop"
	Home      Party = "home"
)

// Parties returns the parties in the order of the columns of a sequence chart,
// without [Home].
func Parties() []Party { return []Party{Browser, Issuer, Publisher, AdNetwork, IdP, Shop} }

type partyLook struct {
	name, brand, shape string
	colour             kit.Colour
	// The shape's outline in a 24 x 24 box, as SVG path data.
	path string
}

var partyLooks = map[Party]partyLook{
	Browser:   {"browser", "Token keeper", "square", kit.Colour{Light: "#475569", Dark: "#94a3b8"}, "M4 4h16v16H4z"},
	Issuer:    {"issuer", "Meridian Library", "hexagon", kit.Colour{Light: "#15803d", Dark: "#4ade80"}, "M12 2l8.7 5v10L12 22l-8.7-5V7z"},
	Publisher: {"publisher", "The Tidewater Post", "circle", kit.Colour{Light: "#1d4ed8", Dark: "#60a5fa"}, "M12 2.5a9.5 9.5 0 1 1 0 19 9.5 9.5 0 0 1 0-19z"},
	AdNetwork: {"ad network", "Lanternfish", "diamond", kit.Colour{Light: "#b45309", Dark: "#fbbf24"}, "M12 1.5L22.5 12 12 22.5 1.5 12z"},
	IdP:       {"identity provider", "Lanternkey", "shield", kit.Colour{Light: "#6d28d9", Dark: "#a78bfa"}, "M12 2l8.5 3v6.5c0 5-3.5 8.7-8.5 10.5-5-1.8-8.5-5.5-8.5-10.5V5z"},
	Shop:      {"relying party", "Kiln Lane", "bag", kit.Colour{Light: "#0f766e", Dark: "#2dd4bf"}, "M4 8h3.5V7a4.5 4.5 0 0 1 9 0v1H20l1 13.5H3zM9.5 8h5V7a2.5 2.5 0 0 0-5 0z"},
	Home:      {"home", "Bonafides demo", "bars", kit.Colour{Light: "#0f172a", Dark: "#e2e8f0"}, "M3 4h4v16H3zM10 8h4v12h-4zM17 12h4v8h-4z"},
}

func (p Party) look() partyLook {
	if l, ok := partyLooks[p]; ok {
		return l
	}
	return partyLooks[Home]
}

// Name returns the party's role in the words of the specifications: "issuer",
// "ad network", "relying party".
func (p Party) Name() string { return p.look().name }

// Brand returns the name of the party's site in the demo: "Meridian Library". The
// browser's side has one too: whoever keeps tokens for browsers that do not.
func (p Party) Brand() string { return p.look().brand }

// Shape returns the name of the party's shape: "hexagon".
func (p Party) Shape() string { return p.look().shape }

// Path returns the shape as the data of an SVG path in a 24 by 24 box. Fill it
// with fill-rule evenodd.
func (p Party) Path() string { return p.look().path }

// Colour returns the party's colour.
func (p Party) Colour() kit.Colour { return p.look().colour }

// Favicon returns the URL path of the party's icon.
func (p Party) Favicon() string { return assets.Path("favicon-" + string(p.known()) + ".svg") }

func (p Party) known() Party {
	if _, ok := partyLooks[p]; ok {
		return p
	}
	return Home
}
