package idpserver

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// document is a public file that changes only with the configuration.
type document struct {
	body              []byte
	etag, contentType string
	cacheControl      string
}

func newDocument(body []byte, contentType, cacheControl string) document {
	sum := sha256.Sum256(body)
	return document{body, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`, contentType, cacheControl}
}

func (d *document) serve(w http.ResponseWriter, r *http.Request) {
	if p := web.CheckMethod(w, r, http.MethodGet); p != nil {
		p.Write(w)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", d.cacheControl)
	h.Set("ETag", d.etag)
	h.Set("Access-Control-Allow-Origin", "*") // public, and of no use to a session
	h.Set("X-Content-Type-Options", "nosniff")
	if strings.Contains(r.Header.Get("If-None-Match"), d.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", d.contentType)
	h.Set("Content-Length", strconv.Itoa(len(d.body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(d.body)
	}
}

// buildDocuments writes the discovery document (OpenID Connect Discovery 1.0
// section 3) and the JWK set (RFC 7517 section 5) once. Keys are cached for five
// minutes, so that a new one is seen soon; publish it that long before it signs.
func (s *Server) buildDocuments() error {
	var algorithms []string
	for _, k := range s.config.Keys {
		if a := string(k.Algorithm()); !slices.Contains(algorithms, a) {
			algorithms = append(algorithms, a)
		}
	}
	no := false
	body, err := (&oidc.Discovery{
		Issuer:                        s.config.Issuer,
		AuthorizationEndpoint:         s.config.Issuer + authorizePath,
		TokenEndpoint:                 s.config.Issuer + tokenPath,
		JWKSURI:                       s.config.Issuer + "/jwks.json",
		ScopesSupported:               []string{"openid", "profile", "email"},
		ResponseTypesSupported:        []string{"code"},
		ResponseModesSupported:        []string{"query"},
		GrantTypesSupported:           []string{"authorization_code"},
		SubjectTypesSupported:         []string{"public"},
		IDTokenSigningAlgValues:       algorithms,
		TokenEndpointAuthMethods:      []string{"client_secret_basic", "client_secret_post", "none"},
		CodeChallengeMethods:          []string{oidc.PKCEMethod},
		PromptValuesSupported:         promptValues,
		AuthorizationResponseIssParam: true,
		RequestURIParameterSupported:  &no,
		ClaimsSupported: []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash",
			"name", "given_name", "email", "email_verified", "picture", "hd"},
	}).JSON()
	if err != nil {
		return err
	}
	s.discovery = newDocument(body, "application/json", "public, max-age=3600")

	keys, err := jose.PublicSet(s.config.Keys...)
	if err != nil {
		return err
	}
	s.jwks = newDocument(keys, jose.ContentType, "public, max-age=300")
	return nil
}
