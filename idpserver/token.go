package idpserver

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// The errors of the token endpoint (RFC 6749 section 5.2).
const (
	tokenInvalidRequest = "invalid_request"
	tokenInvalidClient  = "invalid_client"
	tokenInvalidGrant   = "invalid_grant"
	tokenUnsupported    = "unsupported_grant_type"
)

// codeData is what an authorization code stands for.
type codeData struct {
	client, redirectURI, challenge, nonce, scope string
	fields                                       []string
	signedIn                                     int64 // Unix seconds: auth_time
}

// JSON is the stored form.
func (d codeData) JSON() ([]byte, error) {
	var w strictjson.Writer
	w.String("client", d.client)
	w.String("redirect_uri", d.redirectURI)
	w.String("challenge", d.challenge)
	w.String("nonce", d.nonce)
	w.String("scope", d.scope)
	w.Strings("fields", d.fields)
	w.Int("signed_in", d.signedIn)
	return w.Bytes()
}

func parseCodeData(b []byte) (d codeData, err error) {
	v, err := strictjson.Parse(b, strictjson.Limits{})
	if err != nil {
		return d, err
	}
	ok := true
	for name, to := range map[string]*string{
		"client": &d.client, "redirect_uri": &d.redirectURI, "challenge": &d.challenge, "nonce": &d.nonce, "scope": &d.scope,
	} {
		text, is := v.Get(name).Text()
		*to, ok = text, ok && is
	}
	fields, is := v.Get("fields").Strings()
	at, isTime := v.Get("signed_in").Int()
	d.fields, d.signedIn = fields, at
	if !ok || !is || !isTime {
		return d, errors.New("idpserver: a stored code cannot be read")
	}
	return d, nil
}

// serveToken answers the token endpoint (OpenID Connect Core 1.0 section 3.1.3).
// It uses no cookie, so other sites' forms are no danger to it.
func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store") // RFC 6749 section 5.1
	h.Set("Pragma", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	now := s.config.Now()
	back, wait, ok := s.limits.tokenPrefix.allow(s.prefix(r), now)
	if !ok {
		s.refuseToken(w, r, tooMany(w, wait))
		return
	}
	body, err := s.token(w, r)
	var p *web.Problem
	if err != nil && !errors.As(err, &p) {
		s.config.Log.ErrorContext(r.Context(), "token endpoint failed", "error", err.Error())
		back() // our fault
		s.refuseToken(w, r, web.NewProblem(http.StatusServiceUnavailable, "temporarily_unavailable",
			"The provider could not answer. The code may be used up; begin again."))
		return
	}
	if err != nil {
		s.refuseToken(w, r, p)
		return
	}
	back() // only failures count
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

// refuseToken writes the error object of RFC 6749 section 5.2.
func (s *Server) refuseToken(w http.ResponseWriter, r *http.Request, p *web.Problem) {
	s.config.Log.InfoContext(r.Context(), "token refused", "code", p.Code, "status", p.Status)
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="token", charset="UTF-8"`)
	}
	var o strictjson.Writer
	o.String("error", p.Code)
	o.String("error_description", p.Detail)
	b, err := o.Bytes()
	if err != nil {
		p.Write(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(p.Status)
	_, _ = w.Write(b)
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if p := web.CheckMethod(w, r, http.MethodPost); p != nil {
		return nil, p
	}
	form, p := web.ReadForm(w, r, maxForm)
	if p != nil {
		return nil, web.NewProblem(p.Status, tokenInvalidRequest, p.Code+": "+p.Detail)
	}
	client, err := s.authenticateClient(r, form)
	if err != nil {
		return nil, err
	}
	bad := func(code, detail string) error { return web.NewProblem(http.StatusBadRequest, code, detail) }
	switch {
	case form.Get("grant_type") == "":
		return nil, bad(tokenInvalidRequest, "grant_type is missing.")
	case form.Get("grant_type") != "authorization_code":
		return nil, bad(tokenUnsupported, "grant_type must be authorization_code.")
	case form.Get("code") == "" || form.Get("redirect_uri") == "":
		return nil, bad(tokenInvalidRequest, "code and redirect_uri are both needed.")
	case form.Get("code_verifier") == "":
		return nil, bad(tokenInvalidRequest, "code_verifier is missing (RFC 7636).")
	}
	return s.exchange(r.Context(), client, form)
}

// exchange takes the code, in one statement, before it looks at anything else
// about it: whoever shows a code has used it up, with a right verifier or a wrong
// one.
func (s *Server) exchange(ctx context.Context, client *Client, form url.Values) ([]byte, error) {
	now := s.config.Now()
	refused := web.NewProblem(http.StatusBadRequest, tokenInvalidGrant,
		"The code is unknown, used already, older than a minute, or was made for another client, redirect_uri or code_verifier. Begin again.")
	c, err := s.config.Store.TakeCode(ctx, CodeAuthorization, sha256.Sum256([]byte(form.Get("code"))), now)
	if errors.Is(err, ErrNotFound) {
		return nil, refused
	}
	if err != nil {
		return nil, err
	}
	d, err := parseCodeData(c.Data)
	if err != nil {
		return nil, err
	}
	if d.client != client.ID || d.redirectURI != form.Get("redirect_uri") ||
		oidc.CheckVerifier(form.Get("code_verifier"), d.challenge) != nil {
		return nil, refused
	}
	// Whoever disconnected the site in this minute gave it nothing.
	if _, ok, err := s.grant(ctx, c.Account, client.ID); err != nil {
		return nil, err
	} else if !ok {
		return nil, refused
	}
	account, err := s.config.Store.Account(ctx, c.Account)
	if errors.Is(err, ErrNotFound) {
		return nil, refused
	}
	if err != nil {
		return nil, err
	}
	key, err := s.signingKey(client.algorithm())
	if err != nil {
		return nil, err
	}
	// RFC 6749 section 5.1 wants an access token in every answer. No endpoint
	// here takes one: all that a client learns is in the ID token.
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails: it ends the program instead
	access := base64.RawURLEncoding.EncodeToString(secret[:])
	token, err := s.signIDToken(key, account, idTokenFor{
		client: client.ID, nonce: d.nonce, release: d.fields,
		signedIn: d.signedIn, accessTokenHash: oidc.AccessTokenHash(key.Algorithm(), access),
	})
	if err != nil {
		return nil, err
	}
	var o strictjson.Writer
	o.String("access_token", access)
	o.String("token_type", "Bearer")
	o.Int("expires_in", int64(s.config.TokenLifetime.Seconds()))
	o.String("scope", d.scope)
	o.String("id_token", token)
	body, err := o.Bytes()
	if err == nil {
		s.config.Log.InfoContext(ctx, "ID token issued", "account", account.ID, "client", client.ID, "by", "code")
	}
	return body, err
}

// authenticateClient finds out which client asks (RFC 6749 section 2.3): with its
// secret in the form or in the Authorization header, not in both, or by its id
// alone where it has none.
func (s *Server) authenticateClient(r *http.Request, form url.Values) (*Client, error) {
	refused := web.NewProblem(http.StatusUnauthorized, tokenInvalidClient,
		"The client is unknown, or its secret is missing, wrong, or was sent by a client that has none.")
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if headers := r.Header.Values("Authorization"); len(headers) > 0 {
		user, password, ok := basicCredentials(r)
		if len(headers) > 1 || !ok {
			return nil, refused
		}
		if form.Has("client_secret") || id != "" && id != user {
			return nil, web.NewProblem(http.StatusBadRequest, tokenInvalidRequest,
				"The client authenticates in two ways at once. Send its secret in the header or in the form.")
		}
		id, secret = user, password
	}
	if id == "" {
		return nil, refused
	}
	client, err := s.config.Clients.Client(r.Context(), id)
	if errors.Is(err, ErrNotFound) {
		return nil, refused
	}
	if err != nil {
		return nil, err
	}
	if len(client.SecretHash) == 0 {
		if secret != "" {
			return nil, refused
		}
		return client, nil // public: the code verifier shows whose code it is
	}
	if subtle.ConstantTimeCompare(HashClientSecret(secret), client.SecretHash) != 1 {
		return nil, refused
	}
	return client, nil
}

// basicCredentials reads client_secret_basic, where both parts are form-encoded
// (RFC 6749 section 2.3.1).
func basicCredentials(r *http.Request) (id, secret string, ok bool) {
	user, password, ok := r.BasicAuth()
	if !ok {
		return "", "", false
	}
	id, err1 := url.QueryUnescape(user)
	secret, err2 := url.QueryUnescape(password)
	return id, secret, err1 == nil && err2 == nil && !strings.ContainsRune(id, 0)
}
