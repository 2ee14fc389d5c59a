package provider

import "github.com/bonafides-dev/bonafides/protocol/oidc"

// githubActions is who signs the tokens of every workflow on github.com.
const githubActions = "https://token.actions.githubusercontent.com"

// GitHubActions takes the tokens of the workflows of one repository, "owner/name" as
// GitHub writes it: case counts. audience is what workflows ask tokens for; choose one
// that names this server, since the default, the address of the owner, is that of
// tokens for everybody else as well.
//
// Without the claim repository any workflow of anybody would do: the issuer is the same
// for all of GitHub, and whoever runs a workflow chooses the aud. repository_owner admits
// every repository of the owner, also one made tomorrow. Even repository says only where
// a workflow ran, on whatever branch, and pull_request_target runs on pull requests of
// strangers: name in more what may act, such as
//
//	oidc.ClaimMatch{Name: "ref", Values: []string{"refs/heads/main"}}
//	oidc.ClaimMatch{Name: "environment", Values: []string{"production"}}
//	oidc.ClaimMatch{Name: "repository_id", Values: []string{"1296269"}} // stays with the repository when its name is given to another
func GitHubActions(audience, repository string, more ...oidc.ClaimMatch) VerifierConfig {
	return VerifierConfig{
		Issuer:   githubActions,
		Audience: audience,
		Match:    append([]oidc.ClaimMatch{{Name: "repository", Values: []string{repository}}}, more...),
	}
}

// AccessHeader is where Cloudflare Access puts its token.
const AccessHeader = "Cf-Access-Jwt-Assertion"

// CloudflareAccess takes what Cloudflare Access says about who came through it: team is
// the name before .cloudflareaccess.com, audienceTag the AUD of the application. The
// sub of a service token is empty, and its common_name says whose it is: ask
// IDToken.Claim for it.
//
// The token of the team's own pages is refused (type is org there), as is that of
// another application of the team.
func CloudflareAccess(team, audienceTag string) VerifierConfig {
	issuer := "https://" + team + ".cloudflareaccess.com"
	return VerifierConfig{
		Issuer:   issuer,
		Audience: audienceTag,
		Match:    []oidc.ClaimMatch{{Name: "type", Values: []string{"app"}}},
		Header:   AccessHeader,
		JWKSURL:  issuer + "/cdn-cgi/access/certs",
	}
}
