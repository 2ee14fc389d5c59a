package trace

import (
	"mime"
	"net/http"
	"path"
	"strings"
)

// The paths at which the demo's parties answer. The native endpoints of an
// issuer are told apart by structure where one path serves both operations.
const (
	pathIssue       = "/issue"
	pathRedeem      = "/redeem"
	pathTrustToken  = "/.well-known/trust-token"
	pathIssuePoly   = "/.well-known/private-state-token/polyfill/issue"
	pathRedeemPoly  = "/.well-known/private-state-token/polyfill/redeem"
	pathCommitments = "/.well-known/private-state-token/key-commitment"
	pathRecordKeys  = "/.well-known/redemption-record-keys"
	pathWellKnown   = "/.well-known/web-identity"
	pathConfig      = "/fedcm/config.json"
	pathAccounts    = "/fedcm/accounts"
	pathMetadata    = "/fedcm/client-metadata"
	pathAssertion   = "/fedcm/assertion"
	pathDisconnect  = "/fedcm/disconnect"
	pathPopup       = "/fedcm/popup"
	pathPopupAnswer = "/fedcm/popup/consent"
	pathRedirect    = "/signin/start"
	pathAuthorize   = "/authorize"
	pathConsent     = "/authorize/consent"
	pathCallback    = "/signin/callback/" // and the provider's name
	pathToken       = "/token"
	pathDiscovery   = "/.well-known/openid-configuration"
	pathKeySet      = "/jwks.json"
	pathNonce       = "/signin/nonce"
	pathSignIn      = "/signin/fedcm"
)

var kindByPath = map[string]string{
	pathIssue: KindIssue, pathRedeem: KindRedeem,
	pathIssuePoly: KindIssue, pathRedeemPoly: KindRedeem,
	pathCommitments: KindCommitments, pathRecordKeys: KindRecordKeys,
	pathWellKnown: KindWellKnown, pathConfig: KindConfig, pathAccounts: KindAccounts,
	pathMetadata: KindMetadata, pathAssertion: KindAssertion, pathDisconnect: KindDisconnect,
	pathPopup: KindPopup, pathPopupAnswer: KindPopupAnswer,
	pathRedirect: KindRedirect, pathAuthorize: KindAuthorize, pathConsent: KindConsent, pathToken: KindToken,
	pathDiscovery: KindDiscovery, pathKeySet: KindKeySet,
	pathNonce: KindNonce, pathSignIn: KindSignIn,
}

// kind says what a message is for.
func (m *message) kind() string {
	p := m.path()
	if m.method == http.MethodOptions {
		return KindAction // a preflight: the message itself comes after
	}
	// A browser's own request for the configuration names nobody; a script's cannot
	// but name its page.
	if p == pathConfig && m.header.Get("Origin") != "" {
		return KindPageConfig
	}
	if k, ok := kindByPath[p]; ok {
		return k
	}
	if strings.HasPrefix(p, pathCallback) {
		return KindCallback
	}
	if p == pathTrustToken {
		if isRedemption(m.header.Get(name(m.header, headerToken))) {
			return KindRedeem
		}
		return KindIssue
	}
	// A record may travel with any request: a fetch, a frame's navigation.
	if _, ok := m.header[name(m.header, headerRecord)]; ok {
		return KindRecord
	}
	post := m.method == http.MethodPost
	switch {
	case strings.HasPrefix(p, "/_look/"), strings.HasPrefix(p, "/_demo/"), p == "/favicon.ico", p == "/favicon.svg":
		return KindAsset
	case post && (strings.HasSuffix(p, "/signout") || strings.HasSuffix(p, "/sign-out")):
		return KindSignOut
	case post && (strings.Contains(p, "/signin") || strings.Contains(p, "/sign-in") || strings.HasSuffix(p, "/signup")):
		return KindAccountSignIn
	case strings.HasPrefix(mediaType(m.answerHeader), "text/html") && !post:
		return KindPage
	}
	switch path.Ext(p) {
	case ".js", ".mjs", ".css", ".svg", ".png", ".jpg", ".webp", ".ico", ".woff2":
		return KindAsset
	}
	return KindAction
}

func mediaType(h http.Header) string {
	t, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return t
}

// Title is the name of a kind for people.
func Title(kind string) string {
	if t, ok := titles[kind]; ok {
		return t
	}
	return kind
}

var titles = map[string]string{
	KindIssue:         "token request",
	KindRedeem:        "token redemption",
	KindRecord:        "redemption record",
	KindCommitments:   "key commitments",
	KindRecordKeys:    "record keys",
	KindWellKnown:     "well-known file",
	KindConfig:        "FedCM configuration",
	KindAccounts:      "accounts",
	KindMetadata:      "client metadata",
	KindAssertion:     "ID assertion",
	KindDisconnect:    "disconnect",
	KindPageConfig:    "configuration, read by the page",
	KindPopup:         "provider's window",
	KindPopupAnswer:   "decision in the window",
	KindRedirect:      "redirect to the provider",
	KindAuthorize:     "authorization request",
	KindConsent:       "decision at the provider",
	KindCallback:      "authorization response",
	KindToken:         "code for ID token",
	KindDiscovery:     "provider discovery",
	KindKeySet:        "provider's key set",
	KindNonce:         "nonce",
	KindSignIn:        "sign-in with ID token",
	KindSignOut:       "sign-out",
	KindAccountSignIn: "account sign-in",
	KindAction:        "action on the site",
	KindPage:          "page",
	KindAsset:         "style, script or picture",
}
