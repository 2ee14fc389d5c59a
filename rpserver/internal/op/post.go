package op

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// Bounds of what a provider answers, in bytes, where no setting says otherwise.
const (
	MaxIDToken = 16 << 10 // what protocol/oidc reads
	maxAnswer  = 64 << 10
)

func (p *Provider) maxIDToken() int {
	if p.c.MaxIDToken > 0 {
		return p.c.MaxIDToken
	}
	return MaxIDToken
}

// maxAnswer leaves room for the other tokens beside the largest ID token.
func (p *Provider) maxAnswer() int {
	if p.c.MaxAnswer > 0 {
		return p.c.MaxAnswer
	}
	return max(maxAnswer, p.maxIDToken()+maxAnswer/2)
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   []byte
	said   *oidc.ProviderError // nil: it named no error
	words  string              // the same for a log
}

// refused is the reply as an Error.
func (r *reply) refused(code string) *Error {
	return &Error{Code: code, Status: r.status, Said: r.words}
}

// post sends a form to an endpoint that the discovery document names, with the client's
// authentication, from server to server.
func (p *Provider) post(ctx context.Context, member string, form url.Values) (*reply, *Error) {
	return p.patiently(ctx, func() (*reply, *Error) { return p.postOnce(ctx, member, form) })
}

// patiently asks a provider that is busy and says when it may be asked again once more,
// if that is within a few seconds: the person waits in front of an empty page, and a
// code does not live long.
func (p *Provider) patiently(ctx context.Context, ask func() (*reply, *Error)) (*reply, *Error) {
	res, why := ask()
	if why != nil && why.Code == CodeBusy && why.After.Known && why.After.Duration <= patience {
		if p.wait(ctx, why.After.Duration) == nil {
			res, why = ask()
		}
	}
	return res, why
}

func (p *Provider) postOnce(ctx context.Context, member string, form url.Values) (*reply, *Error) {
	to, err := p.Endpoint(ctx, member)
	if err != nil {
		return nil, notFound(err)
	}
	sent := url.Values{}
	for name, values := range form {
		sent[name] = values
	}
	shown, why := p.authenticate(ctx, sent)
	if why != nil {
		return nil, why
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(sent.Encode()))
	if err != nil {
		return nil, &Error{Code: CodeUnreachable, Err: err}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	shown.show(req, p.c.Auth.ID)
	basic := strings.TrimPrefix(req.Header.Get("Authorization"), "Basic ")
	r, why := p.send(req, secretsOf(sent, shown.password, basic))
	// RFC 6749 section 5.2: a 401 is about the client, also where nothing else says so.
	// Auth0 says access_denied with it. A code or token that is over is over all the same.
	if why == nil && (r.status == http.StatusUnauthorized && (r.said == nil || !isOver(r.said)) ||
		r.said != nil && (r.said.Code == "invalid_client" || r.said.Code == oidc.ErrorUnauthorizedClient)) {
		why = r.refused(CodeClient)
		why.Setting = shown.setting()
	}
	if why != nil {
		return nil, why
	}
	return r, nil
}

// isOver tells whether an error is about the code or the token that was sent.
func isOver(said *oidc.ProviderError) bool {
	return said.Code == "invalid_grant" || said.Code == "invalid_token"
}

// send does one request and judges what every endpoint may answer. What the other side
// says of it is told without secrets, which were sent.
func (p *Provider) send(req *http.Request, secrets []string) (*reply, *Error) {
	req.Header.Set("Accept", "application/json")
	res, err := p.client.Do(req)
	if err != nil {
		return nil, &Error{Code: CodeUnreachable, Err: unanswered(err, secrets)}
	}
	defer res.Body.Close()
	most := p.maxAnswer()
	body, err := io.ReadAll(io.LimitReader(res.Body, int64(most)+1))
	if err != nil {
		return nil, &Error{Code: CodeUnreachable, Status: res.StatusCode, Err: unanswered(err, secrets)}
	}
	body = web.WithoutMark(body)
	r := &reply{status: res.StatusCode, header: res.Header, body: body, said: oidc.ParseTokenError(body, most)}
	if r.said == nil {
		r.said = challenged(res)
	}
	if r.said != nil {
		r.words = withoutSecrets(r.said, secrets)
	}
	switch {
	case r.status == http.StatusTooManyRequests, r.status == http.StatusServiceUnavailable,
		r.said != nil && r.said.Code == oidc.ErrorTemporarilyUnavailable:
		why := r.refused(CodeBusy)
		why.After = retryAfter(res.Header, p.c.Now())
		return nil, why
	case r.status >= 500:
		return nil, r.refused(CodeUnreachable)
	case r.status >= 300 && r.status < 400:
		why := r.refused(CodeMalformed)
		why.Err = errors.New("the endpoint answers with a redirect, which is not followed")
		return nil, why
	case r.status < 300 && len(body) > most:
		why := r.refused(CodeTooLarge)
		why.Setting, why.Err = "MaxAnswer", fmt.Errorf("the answer is longer than %d bytes", most)
		return nil, why
	}
	return r, nil
}
