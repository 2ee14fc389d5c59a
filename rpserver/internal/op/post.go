package op

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/bonafides-dev/bonafides/jwks"
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

// code is the error that it named, "" if it named none.
func (r *reply) code() string {
	if r.said == nil {
		return ""
	}
	return r.said.Code
}

// post sends a form to an endpoint that the discovery document names, with the client's
// authentication, from server to server.
//
// A provider that is busy and says when it may be asked again is asked again, once, if
// that is within a few seconds: the person waits in front of an empty page, and a code
// does not live long.
func (p *Provider) post(ctx context.Context, member string, form url.Values) (*reply, *Error) {
	return p.patiently(ctx, func() (*reply, *Error) { return p.postOnce(ctx, member, form) })
}

func (p *Provider) patiently(ctx context.Context, ask func() (*reply, *Error)) (*reply, *Error) {
	res, why := ask()
	if why != nil && why.Code == CodeBusy && why.After.Known && why.After.Duration <= patience {
		if p.wait(ctx, why.After.Duration) == nil {
			res, why = ask()
		}
	}
	return res, why
}

// to is where an endpoint is. A document that names none is not one that cannot be had.
func (p *Provider) to(ctx context.Context, member string) (string, *Error) {
	at, err := p.Endpoint(ctx, member)
	if err == nil {
		return at, nil
	}
	var why *jwks.Error
	if errors.As(err, &why) && why.Reason == jwks.ReasonMember {
		return "", &Error{Code: CodeNoEndpoint, Err: err}
	}
	return "", &Error{Code: CodeUnreachable, Err: err}
}

func (p *Provider) postOnce(ctx context.Context, member string, form url.Values) (*reply, *Error) {
	to, why := p.to(ctx, member)
	if why != nil {
		return nil, why
	}
	sent := url.Values{}
	for name, values := range form {
		sent[name] = values
	}
	header, why := p.authenticate(ctx, sent)
	if why != nil {
		return nil, why
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(sent.Encode()))
	if err != nil {
		return nil, &Error{Code: CodeUnreachable, Err: err}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	header(req)
	r, why := p.send(req)
	// RFC 6749 section 5.2 has 401 for a client that is not taken and for nothing else.
	// Auth0 says access_denied with it, others say nothing.
	if why == nil && (r.status == http.StatusUnauthorized && r.code() != "invalid_grant" ||
		r.code() == "invalid_client" || r.code() == oidc.ErrorUnauthorizedClient) {
		return nil, &Error{Code: CodeClient, Status: r.status, Said: r.words, Setting: p.c.Auth.setting()}
	}
	return r, why
}

// send does one request and judges what every endpoint may answer.
func (p *Provider) send(req *http.Request) (*reply, *Error) {
	req.Header.Set("Accept", "application/json")
	res, err := p.client.Do(req)
	if err != nil {
		// The error of net/http names the URL, which has no secret in it, and repeats
		// what it cannot read, which may have.
		return nil, &Error{Code: CodeUnreachable, Err: shown{err, secretsOf(req)}}
	}
	defer res.Body.Close()
	most := p.maxAnswer()
	body, err := io.ReadAll(io.LimitReader(res.Body, int64(most)+1))
	if err != nil {
		return nil, &Error{Code: CodeUnreachable, Status: res.StatusCode, Err: shown{err, secretsOf(req)}}
	}
	if len(body) > most && res.StatusCode != http.StatusOK { // a page that says what the status says
		body = nil
	}
	if len(body) > most {
		return nil, &Error{Code: CodeTooLarge, Status: res.StatusCode, Setting: "MaxAnswer",
			Err: fmt.Errorf("the answer is longer than %d bytes", most)}
	}
	r := &reply{status: res.StatusCode, header: res.Header, body: body}
	said := oidc.ParseTokenError(body, most)
	why := &Error{Status: res.StatusCode}
	if said != nil {
		why.Said = withoutSecrets(said, secretsOf(req))
	}
	switch {
	case res.StatusCode == http.StatusTooManyRequests, res.StatusCode == http.StatusServiceUnavailable,
		said != nil && said.Code == oidc.ErrorTemporarilyUnavailable:
		why.Code, why.After = CodeBusy, retryAfter(res.Header, p.c.Now())
	case res.StatusCode >= 500:
		why.Code = CodeUnreachable
	case res.StatusCode >= 300 && res.StatusCode < 400:
		why.Code, why.Err = CodeMalformed, errors.New("the endpoint answers with a redirect, which is not followed")
	default:
		r.said = said
		r.words = why.Said
		return r, nil
	}
	return nil, why
}
