package stack

import (
	"net/netip"
	"net/url"
	"strings"

	"github.com/bonafides-dev/bonafides/demo/look"
)

// Origins are the sites of the demo, each a site of its own to a browser.
type Origins struct {
	Home, Issuer, News, Ads, IdP, Shop, Keeper string
}

// originsAt returns the origins on a port. A browser leaves port 80 out.
func originsAt(port string) Origins {
	at := func(host string) string {
		if port == "80" {
			return "http://" + host
		}
		return "http://" + host + ":" + port
	}
	return Origins{
		Home:   at("localhost"),
		Issuer: at("issuer.localhost"),
		News:   at("news.localhost"),
		Ads:    at("ads.localhost"),
		IdP:    at("idp.localhost"),
		Shop:   at("shop.localhost"),
		Keeper: at("keeper.localhost"),
	}
}

// A Site is a party with an origin.
type Site struct {
	Party  look.Party
	Origin string
}

// Sites lists the five sites, in the order in which a visitor meets them. The
// home page is not among them, and neither is the keeper, which keeps tokens
// where a browser does not and is on the browser's side.
func (o Origins) Sites() []Site {
	return []Site{
		{look.Issuer, o.Issuer}, {look.Publisher, o.News}, {look.AdNetwork, o.Ads}, {look.IdP, o.IdP}, {look.Shop, o.Shop},
	}
}

// hostname returns the host of an origin without its port.
func hostname(origin string) string {
	u, err := url.Parse(origin)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// requestHost returns the host that a request names, lower case, without port
// and without a final dot.
func requestHost(host string) string {
	u, err := url.Parse("//" + host)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
}

func isLoopbackIP(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func (o Origins) of(p look.Party) string {
	for _, s := range o.Sites() {
		if s.Party == p {
			return s.Origin
		}
	}
	return o.Home
}
