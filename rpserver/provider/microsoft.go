package provider

import "github.com/bonafides-dev/bonafides/rpserver"

// Entra is Microsoft Entra ID for the people of one tenant, by its id. Sign-in by
// domain name is the provider's own: the id is what its tokens name.
func Entra(tenantID, clientID, clientSecret string) rpserver.Provider {
	return rpserver.Provider{
		Name:         "entra",
		Issuer:       "https://login.microsoftonline.com/" + tenantID + "/v2.0",
		ClientID:     clientID,
		ClientSecret: clientSecret,
		MaxIDToken:   manyGroups,

		MaxSignOutURL: longestQuery,
	}
}

// EntraTenants is Microsoft Entra ID for the people of several tenants, by their ids.
// One discovery document is for all of them and holds a place for the id where an
// issuer has it; a token of a tenant that is not listed is refused.
//
// Personal accounts are the tenant 9188040d-6c67-4c5b-b112-36a304b66dad.
func EntraTenants(tenantIDs []string, clientID, clientSecret string) rpserver.Provider {
	return rpserver.Provider{
		Name:         "entra",
		Issuer:       "https://login.microsoftonline.com/{tenantid}/v2.0",
		DiscoveryURL: "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration",
		Tenants:      tenantIDs,
		ClientID:     clientID,
		ClientSecret: clientSecret,
		MaxIDToken:   manyGroups,

		MaxSignOutURL: longestQuery,
	}
}

// manyGroups is what an ID token with the ids of 400 groups needs, and some room.
const manyGroups = 64 << 10

// longestQuery is what the front of Microsoft's servers takes of an address; a longer one is
// answered with 404 or 414, and nobody is signed out.
const longestQuery = 2000

// AzureB2C is Azure AD B2C: tenant is the name before .onmicrosoft.com, tenantID its
// id, policy the user flow (B2C_1_signin). Its discovery document is below the user
// flow and names an issuer that is elsewhere.
func AzureB2C(tenant, tenantID, policy, clientID, clientSecret string) rpserver.Provider {
	host := "https://" + tenant + ".b2clogin.com/"
	return rpserver.Provider{
		Name:         "b2c",
		Issuer:       host + tenantID + "/v2.0/",
		DiscoveryURL: host + tenant + ".onmicrosoft.com/" + policy + "/v2.0/.well-known/openid-configuration",
		ClientID:     clientID,
		ClientSecret: clientSecret,

		MaxSignOutURL: longestQuery,
		Scopes:        []string{"profile"}, // it has no scope email; the address comes as emails or by the user flow
	}
}
