package provider

import (
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// Google is Google's identity provider. Its tokens have two forms of iss, and it gives
// a refresh token for access_type=offline, which Offline asks for; after the first time
// only together with Prompt "consent".
//
// hd in HostedDomain admits one organisation. Tokens that a phone's own client asked
// for have that client's id in azp: list it in AuthorizedParties.
func Google(clientID, clientSecret string) rpserver.Provider {
	return rpserver.Provider{
		Name:          "google",
		Issuer:        oidc.GoogleIssuers[0],
		IssuerAliases: oidc.GoogleIssuers[1:],
		ClientID:      clientID,
		ClientSecret:  clientSecret,
	}
}
