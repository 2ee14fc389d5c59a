package op

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/internal/web"
)

// authenticateClient finds out which client asks (RFC 6749 section 2.3): with its
// secret in the form or in the Authorization header, not in both, or by its id
// alone where it has none.
func (o *OP) authenticateClient(r *http.Request, form url.Values) (*directory.Client, error) {
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
	client, err := o.c.Clients.Client(r.Context(), id)
	if errors.Is(err, directory.ErrNotFound) {
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
	if !client.HasSecret(secret) {
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
