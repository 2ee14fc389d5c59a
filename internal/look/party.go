// Package look is how every page of the kit looks: one stylesheet, the
// parties' colours and shapes, the page shell and its components.
package look

// A Party is one of those who take part in the two flows. Each has a colour
// and a shape; the names are used in class names and data attributes.
type Party string

// The parties of the demo.
const (
	Browser   Party = "browser"
	Issuer    Party = "issuer"
	Publisher Party = "news"
	AdNetwork Party = "ads"
	IdP       Party = "idp"
	Shop      Party = "shop"
	Home      Party = "home"
)
