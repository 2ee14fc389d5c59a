package exchange

import (
	"errors"
	"strings"

	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// MaxSiteverify bounds a CAPTCHA service's answer in bytes.
const MaxSiteverify = 16 << 10

// Siteverify judges the answer of a CAPTCHA service with the "siteverify"
// protocol: reCAPTCHA, hCaptcha, Turnstile and others.
type Siteverify struct {
	// Hostname is the site's host name, which the answer has to name: a response
	// that was solved on another site is refused.
	Hostname string
	// Action, where not empty, is the action that the answer has to name.
	Action string
	// MinScore, where above 0, refuses answers without a score of at least this.
	MinScore float64
}

// CaptchaVerdict is what the service found.
type CaptchaVerdict int

// Verdicts; the zero value grants nothing.
const (
	CaptchaBad     CaptchaVerdict = iota // not solved, or not for this site
	CaptchaExpired                       // too old, or used before
	CaptchaGood
)

// Reasons for granting nothing to a CAPTCHA's response.
const (
	ReasonCaptchaMissing = "captcha_missing"
	ReasonCaptchaFailed  = "captcha_failed"
	ReasonCaptchaExpired = "captcha_expired"
)

// Judge reads the body of the service's answer: JSON of at most MaxSiteverify
// bytes, without duplicate members. Members that it does not know are ignored; one
// of the wrong type is an error. An error means that the service could not be
// asked or that the configuration is wrong; it holds nothing of the body.
func (s *Siteverify) Judge(body []byte) (CaptchaVerdict, error) {
	v, err := strictjson.Parse(body, strictjson.Limits{MaxSize: MaxSiteverify, MaxDepth: 8})
	if err != nil {
		return CaptchaBad, errors.New("siteverify: the answer is not strict JSON: " + err.Error())
	}
	success, ok := v.Get("success").Bool()
	if !ok {
		return CaptchaBad, errors.New("siteverify: the answer has no boolean success")
	}
	if !success {
		return judgeErrorCodes(v.Get("error-codes"))
	}
	if host, ok := v.Get("hostname").Text(); !ok || host != s.Hostname {
		return CaptchaBad, nil
	}
	if action, _ := v.Get("action").Text(); s.Action != "" && action != s.Action {
		return CaptchaBad, nil
	}
	if s.MinScore > 0 {
		score := v.Get("score")
		if score.Kind() != strictjson.Number {
			return CaptchaBad, errors.New("siteverify: the answer has no score, and MinScore asks for one")
		}
		if n, ok := parseScore(score.Raw()); !ok || n < s.MinScore {
			return CaptchaBad, nil
		}
	}
	return CaptchaGood, nil
}

// ParseMinScore sets MinScore to what an operator wrote. It is false for what is no
// score above 0.
func (s *Siteverify) ParseMinScore(text string) bool {
	score, ok := parseScore(text)
	s.MinScore = score
	return ok && score > 0
}

// parseScore reads a score from 0 to 1 as services write it, such as 0.7: at most
// nine decimals and no exponent. It gives what strconv.ParseFloat gives, whose
// tables alone are larger than this package.
func parseScore(s string) (score float64, ok bool) {
	whole, decimals, _ := strings.Cut(s, ".")
	if whole != "0" && whole != "1" || len(decimals) > 9 || strings.HasSuffix(s, ".") {
		return 0, false
	}
	n, scale := int64(whole[0]-'0'), int64(1)
	for i := range len(decimals) {
		c := decimals[i] - '0'
		if c > 9 {
			return 0, false
		}
		n, scale = n*10+int64(c), scale*10
	}
	if n > scale {
		return 0, false
	}
	// Both are exact, so that the quotient is the float nearest to the decimal.
	return float64(n) / float64(scale), true
}

// judgeErrorCodes tells a visitor's fault from the operator's and the service's.
func judgeErrorCodes(v strictjson.Value) (CaptchaVerdict, error) {
	if !v.Exists() {
		return CaptchaBad, nil
	}
	codes, ok := v.Strings()
	if !ok {
		return CaptchaBad, errors.New("siteverify: error-codes is not a list of strings")
	}
	verdict := CaptchaBad
	for _, c := range codes {
		switch c {
		case "missing-input-secret", "invalid-input-secret", "sitekey-secret-mismatch", "not-using-dummy-secret":
			return CaptchaBad, errors.New("siteverify: the service does not accept the secret")
		case "bad-request", "internal-error":
			return CaptchaBad, errors.New("siteverify: the service could not verify the response")
		case "timeout-or-duplicate", "expired-input-response", "already-seen-response", "invalid-or-already-seen-response":
			verdict = CaptchaExpired
		}
	}
	return verdict, nil
}
