package provider

import (
	"strings"

	"github.com/bonafides-dev/bonafides/rpserver"
)

// Zitadel is a Zitadel instance. Its tokens are for the project and all its clients
// besides the one that asked: audiences are the id of the project and those of its other
// clients.
func Zitadel(issuer, clientID, clientSecret string, audiences ...string) rpserver.Provider {
	return rpserver.Provider{
		Issuer:           issuer,
		ClientID:         clientID,
		ClientSecret:     clientSecret,
		TrustedAudiences: audiences,
	}
}

// LinkedIn returns no nonce, takes the secret in the body alone though its discovery
// document does not say so, and refuses codes for which PKCE was used by a client that
// has a secret, with invalid_client.
func LinkedIn(clientID, clientSecret string) rpserver.Provider {
	return rpserver.Provider{
		Name:            "linkedin",
		Issuer:          "https://www.linkedin.com/oauth",
		ClientID:        clientID,
		ClientSecret:    clientSecret,
		TokenAuth:       "client_secret_post",
		InsecureNoNonce: true,
		InsecureNoPKCE:  true,
	}
}

// UAA is Cloud Foundry's UAA, and SAP's XSUAA, at this base URL
// ("https://uaa.example"). The headers of its tokens say where the key is (jku), which is
// ignored; its issuer is the token endpoint, and its discovery document is at the base.
func UAA(base, clientID, clientSecret string) rpserver.Provider {
	base = strings.TrimSuffix(base, "/")
	return rpserver.Provider{
		Issuer:         base + "/oauth/token",
		DiscoveryURL:   base + "/.well-known/openid-configuration",
		ClientID:       clientID,
		ClientSecret:   clientSecret,
		Scopes:         []string{}, // it knows openid and scopes of its own
		IgnoreKeyHints: true,
		Userinfo:       rpserver.UserinfoAlways,
	}
}
