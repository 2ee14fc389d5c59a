package main

import (
	"time"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/internal/sha256"
	"github.com/bonafides-dev/bonafides/wasm/guest/abi"
)

// work returns the proof of work of an issuer with these keys. The key of its
// challenges is derived from the signing key, so that all instances of a worker
// share one that nobody has to make; a rotation ends the challenges that are out.
func work(keys string) (*exchange.Work, error) {
	k, err := parseKeys(keys)
	if err != nil {
		return nil, err
	}
	secret := k.Set().Active().Bytes()
	seed := sha256.Sum256(secret)
	clear(secret)
	w := &exchange.Work{Key: sha256.HMAC(&seed, []byte("bonafides: the key of proof of work challenges"))}
	clear(seed[:])
	return w, nil
}

// workChallenge makes a challenge.
func workChallenge(keys string, difficulty uint16, lifetime uint32, now int64) (body string, err error) {
	w, err := work(keys)
	if err != nil {
		return "", err
	}
	w.Difficulty, w.Lifetime = int(difficulty), time.Duration(lifetime)*time.Second
	if err := w.Check(); err != nil {
		return "", abi.Refuse(503, "work_invalid", err.Error())
	}
	challenge, expires, err := w.Challenge(unix(now))
	if err != nil {
		return "", exchange.NoChallenge
	}
	return string(w.ChallengeBody(challenge, expires)), nil
}

// judgeWork judges a proof. What difficulty it had to have stands in its own
// challenge, under the tag.
func judgeWork(keys, proof string, now int64) (reason string, id []byte, expires int64, err error) {
	w, err := work(keys)
	if err != nil {
		return "", nil, 0, err
	}
	sum, until, reason := w.Judge(proof, unix(now))
	if reason != "" {
		return reason, nil, 0, nil
	}
	return "", sum[:], until.Unix(), nil
}

// judgeCaptcha judges what a CAPTCHA service answered.
func judgeCaptcha(body []byte, hostname, action, minScore string) (reason string, err error) {
	s := exchange.Siteverify{Hostname: hostname, Action: action}
	if minScore != "" {
		if !s.ParseMinScore(minScore) {
			return "", abi.Refuse(503, "captcha_config", "The least score is not a number above 0 and at most 1.")
		}
	}
	v, err := s.Judge(body)
	switch {
	case err != nil:
		return "", abi.Refuse(503, "captcha_unavailable", err.Error())
	case v == exchange.CaptchaGood:
		return "", nil
	case v == exchange.CaptchaExpired:
		return exchange.ReasonCaptchaExpired, nil
	}
	return exchange.ReasonCaptchaFailed, nil
}
