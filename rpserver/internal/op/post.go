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

// post sends a form to an endpoint that the discovery document names, with the client's
// authentication, from server to server.
//
// A provider that is busy and says when it may be asked again is asked again, once, if
// that is within a few seconds: the person waits in front of an empty page, and a code
// does not live long.
func (p *Provider) post(ctx context.Context, member string, form url.Values) (*reply, *Error) {
	res, why := p.postOnce(ctx, member, form)
	if why != nil && why.Code == CodeBusy && why.After.Known && why.After.Duration <= patience {
		if p.wait(ctx, why.After.Duration) == nil {
			res, why = p.postOnce(ctx, member, form)
		}
	}
	return res, why
}

func (p *Provider) postOnce(ctx context.Context, member string, form url.Values) (*reply, *Error) {
	to, err := p.Endpoint(ctx, member)
	if err != nil {
		return nil, &Error{Code: CodeUnreachable, Err: err}
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
	return p.send(req)
}

// send does one request and judges what every endpoint may answer.
func (p *Provider) send(req *http.Request) (*reply, *Error) {
	req.Header.Set("Accept", "application/json")
	res, err := p.client.Do(req)
	if err != nil {
		// The error of net/http names the URL, which has no secret in it.
		return nil, &Error{Code: CodeUnreachable, Err: err}
	}
	defer res.Body.Close()
	most := p.maxAnswer()
	body, err := io.ReadAll(io.LimitReader(res.Body, int64(most)+1))
	if err != nil {
		return nil, &Error{Code: CodeUnreachable, Status: res.StatusCode, Err: err}
	}
	if len(body) > most {
		return nil, &Error{Code: CodeTooLarge, Status: res.StatusCode, Setting: "MaxAnswer",
			Err: fmt.Errorf("the answer is longer than %d bytes", most)}
	}
	r := &reply{status: res.StatusCode, header: res.Header, body: body}
	said := oidc.ParseTokenError(body, most)
	why := &Error{Status: res.StatusCode}
	if said != nil {
		why.Said = withoutSecrets(said, req)
	}
	switch {
	case res.StatusCode == http.StatusTooManyRequests, res.StatusCode == http.StatusServiceUnavailable,
		said != nil && said.Code == oidc.ErrorTemporarilyUnavailable:
		why.Code, why.After = CodeBusy, retryAfter(res.Header, p.c.Now())
	case res.StatusCode >= 500:
		why.Code = CodeUnreachable
	case said != nil && (said.Code == "invalid_client" || said.Code == oidc.ErrorUnauthorizedClient):
		why.Code, why.Setting = CodeClient, "ClientSecret or TokenAuth"
	case res.StatusCode >= 300 && res.StatusCode < 400:
		why.Code, why.Err = CodeMalformed, errors.New("the endpoint answers with a redirect, which is not followed")
	default:
		r.said = said
		r.words = why.Said
		return r, nil
	}
	return nil, why
}

// leftOut stands for words that repeat what was sent.
const leftOut = "(left out: it repeats what was sent)"

// withoutSecrets are the other side's words, unless they repeat what was sent.
func withoutSecrets(said *oidc.ProviderError, req *http.Request) string {
	words := *said
	for _, s := range secretsOf(req) {
		if len(s) > 3 && (strings.Contains(words.Description, s) || strings.Contains(words.Code, s)) {
			words.Description = leftOut
			if strings.Contains(words.Code, s) {
				words.Code = leftOut
			}
		}
	}
	return words.Said()
}

// secretsOf is what of a request must not come to a log.
func secretsOf(req *http.Request) []string {
	var out []string
	if _, password, ok := req.BasicAuth(); ok {
		plain, _ := url.QueryUnescape(password)
		out = append(out, password, plain)
	}
	if bearer, ok := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer "); ok {
		out = append(out, bearer)
	}
	if req.GetBody == nil {
		return out
	}
	sent, err := req.GetBody()
	if err != nil {
		return out
	}
	b, _ := io.ReadAll(sent)
	form, _ := web.ParseQuery(string(b))
	for name, values := range form {
		if secretParameters[name] {
			out = append(out, values...)
		}
	}
	return out
}

var secretParameters = map[string]bool{
	"code": true, "code_verifier": true, "client_secret": true, "client_assertion": true,
	"refresh_token": true, "token": true, "login_hint": true, "id_token_hint": true, "state": true, "nonce": true,
}
