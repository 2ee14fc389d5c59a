package op

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// MaxIDToken is how many bytes an ID token may have, what protocol/oidc reads.
const MaxIDToken = 16 << 10

const maxAnswer = MaxIDToken + 16<<10

// TokenRequest is what a code is sent with (OpenID Connect Core 1.0 section
// 3.1.3.1).
type TokenRequest struct {
	Endpoint     string // of Endpoints
	ClientID     string
	ClientSecret string // client_secret_basic; empty: a public client, whose codes PKCE protects
	RedirectURI  string // exactly that of the authentication request
	Code         string
	Verifier     string // PKCE
}

// Codes of an Error.
const (
	CodeUnreachable = "token_endpoint_unreachable"
	CodeBusy        = "provider_busy" // it says so itself
	CodeRefused     = "code_refused"
	CodeMalformed   = "token_answer_malformed"
	CodeNoIDToken   = "token_answer_without_id_token"
)

// Error is why a provider gave no ID token. Code is stable; the text is for a log
// and has no word of what was sent or came back.
type Error struct {
	Code   string
	Status int   // of the answer, 0 if there was none
	Err    error // why there was none
	After  Delay // of a busy provider: when it may be asked again
}

// Error returns the code with the status or the reason.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Code + ": " + e.Err.Error()
	}
	return fmt.Sprintf("%s: status %d", e.Code, e.Status)
}

// Unwrap returns Err, so that an end of the context can be told.
func (e *Error) Unwrap() error { return e.Err }

// Exchange sends the code to the token endpoint, from server to server, and
// returns the ID token, which the caller judges. An access token that comes with
// it is not kept: nothing here needs one. Errors are *Error.
//
// A provider that is busy and says when it may be asked again is asked again,
// once, if that is within a few seconds: the person waits in front of an empty
// page, and a code does not live long.
func (p *Provider) Exchange(ctx context.Context, q TokenRequest) (string, error) {
	token, why := p.exchange(ctx, q)
	if why != nil && why.Code == CodeBusy && why.After.Known && why.After.Duration <= patience {
		if p.wait(ctx, why.After.Duration) == nil {
			token, why = p.exchange(ctx, q)
		}
	}
	if why != nil {
		return "", why
	}
	return token, nil
}

func (p *Provider) exchange(ctx context.Context, q TokenRequest) (string, *Error) {
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {q.Code}, "redirect_uri": {q.RedirectURI}, "code_verifier": {q.Verifier},
	}
	if q.ClientSecret == "" {
		form.Set("client_id", q.ClientID)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, q.Endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return "", &Error{Code: CodeUnreachable, Err: err}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if q.ClientSecret != "" { // RFC 6749 section 2.3.1: form-encoded, then Basic
		req.SetBasicAuth(url.QueryEscape(q.ClientID), url.QueryEscape(q.ClientSecret))
	}
	res, err := p.client.Do(req)
	if err != nil {
		// The error of net/http names the URL, which has no secret in it.
		return "", &Error{Code: CodeUnreachable, Err: err}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return "", &Error{Code: CodeUnreachable, Status: res.StatusCode, Err: err}
	}
	token, code := judgeAnswer(res.StatusCode, body)
	if code == "" {
		return token, nil
	}
	why := &Error{Code: code, Status: res.StatusCode}
	if code == CodeBusy {
		why.After = retryAfter(res.Header, p.c.Now())
	}
	return "", why
}

// judgeAnswer reads what the token endpoint answered with: the ID token, or the
// code of an Error.
func judgeAnswer(status int, body []byte) (token, code string) {
	v, err := strictjson.Parse(body, strictjson.Limits{MaxSize: maxAnswer})
	good := err == nil && v.Kind() == strictjson.Object
	said := ""
	if good {
		said, _ = v.Get("error").Text()
	}
	switch {
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable, said == "temporarily_unavailable":
		return "", CodeBusy
	case status >= 500:
		return "", CodeUnreachable
	case status != http.StatusOK:
		return "", CodeRefused
	case !good:
		return "", CodeMalformed
	}
	token, ok := v.Get("id_token").Text()
	if !ok || token == "" || len(token) > MaxIDToken {
		return "", CodeNoIDToken
	}
	return token, ""
}
