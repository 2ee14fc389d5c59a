package issuer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/internal/exchange"
)

// Captcha is a Policy that grants tokens for a solved CAPTCHA. The page sends
// the widget's response in the ProofHeader.
type Captcha struct {
	Verifier CaptchaVerifier
	Tokens   int // granted for one solved CAPTCHA
}

// CaptchaVerifier asks a CAPTCHA service whether a response is good. The service
// sees to it that a response works once. An error means that the service could
// not be asked or that the configuration is wrong. Implementations are safe for
// concurrent use.
type CaptchaVerifier interface {
	VerifyCaptcha(ctx context.Context, response string, ip netip.Addr) (CaptchaVerdict, error)
}

// CaptchaVerdict is what the service found.
type CaptchaVerdict int

// Verdicts; the zero value grants nothing.
const (
	CaptchaBad     CaptchaVerdict = iota // not solved, or not for this site
	CaptchaExpired                       // too old, or used before
	CaptchaGood
)

// Decide asks the service.
func (p *Captcha) Decide(ctx context.Context, f Facts) (Decision, error) {
	if f.Proof == "" {
		return Decision{0, ReasonCaptchaMissing}, nil
	}
	v, err := p.Verifier.VerifyCaptcha(ctx, f.Proof, f.RemoteIP)
	switch {
	case err != nil:
		return Decision{}, err
	case v == CaptchaGood:
		return Decision{p.Tokens, ReasonGranted}, nil
	case v == CaptchaExpired:
		return Decision{0, ReasonCaptchaExpired}, nil
	}
	return Decision{0, ReasonCaptchaFailed}, nil
}

// Siteverify is a CaptchaVerifier for services with the "siteverify" protocol:
// reCAPTCHA, hCaptcha, Turnstile and others. Fields without a stated default are
// required.
type Siteverify struct {
	URL    string // the service's endpoint, https
	Secret string // the site's secret; sent in the body, never logged
	// Hostname is the site's host name, which the answer has to name: a response
	// that was solved on another site is refused.
	Hostname string
	// Action, where not empty, is the action that the answer has to name.
	Action string
	// MinScore, where above 0, refuses answers without a score of at least this.
	MinScore float64
	// SendIP tells the service the visitor's address; otherwise it is not told.
	SendIP bool
	// Client makes the request; nil means a client with a timeout of 10 seconds.
	// Redirects are not followed whatever it says: the secret goes to URL only.
	Client *http.Client
}

// VerifyCaptcha posts the response to the service and judges its answer. The
// answer must be status 200, JSON, below 16 KiB and without duplicate members.
// Errors never hold the secret or the response.
func (s *Siteverify) VerifyCaptcha(ctx context.Context, response string, ip netip.Addr) (CaptchaVerdict, error) {
	if s.Secret == "" || s.Hostname == "" {
		return CaptchaBad, errors.New("siteverify: Secret or Hostname is missing")
	}
	form := url.Values{"secret": {s.Secret}, "response": {response}}
	if s.SendIP && ip.IsValid() {
		form.Set("remoteip", ip.String())
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, strings.NewReader(form.Encode()))
	if err != nil {
		return CaptchaBad, errors.New("siteverify: URL is not a URL")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	client := http.Client{Timeout: 10 * time.Second}
	if s.Client != nil {
		client = *s.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	if err != nil {
		return CaptchaBad, fmt.Errorf("siteverify: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, exchange.MaxSiteverify+1))
	if err != nil {
		return CaptchaBad, fmt.Errorf("siteverify: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return CaptchaBad, fmt.Errorf("siteverify: the service answered %d", resp.StatusCode)
	}
	if t, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return CaptchaBad, errors.New("siteverify: the answer is not application/json")
	}
	rules := exchange.Siteverify{Hostname: s.Hostname, Action: s.Action, MinScore: s.MinScore}
	switch v, err := rules.Judge(body); v {
	case exchange.CaptchaGood:
		return CaptchaGood, err
	case exchange.CaptchaExpired:
		return CaptchaExpired, err
	default:
		return CaptchaBad, err
	}
}
