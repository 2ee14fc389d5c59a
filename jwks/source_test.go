package jwks

import (
	"context"
	"errors"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// shelf is a source whose answers are given beforehand.
type shelf struct {
	first, second       *jws.KeySet
	firstErr, secondErr error
	asked, looked       int
}

func (s *shelf) KeySet(context.Context, string) (*jws.KeySet, error) {
	s.asked++
	return s.first, s.firstErr
}

func (s *shelf) Refresh(context.Context, string) (*jws.KeySet, error) {
	s.looked++
	return s.second, s.secondErr
}

func TestATokenOfAnUnknownKeyIsJudgedOnceMore(t *testing.T) {
	unknown := &jws.Error{Code: jws.CodeKeyUnknown}
	bad := errors.New("bad signature")
	down := errors.New("down")
	one, two := &jws.KeySet{}, &jws.KeySet{}
	for name, c := range map[string]struct {
		source  shelf
		says    map[*jws.KeySet]error
		want    error // nil: good
		verdict error // of an Unavailable
		looked  int
		judged  int
	}{
		"good":                {shelf{first: one}, map[*jws.KeySet]error{one: nil}, nil, nil, 0, 1},
		"bad":                 {shelf{first: one}, map[*jws.KeySet]error{one: bad}, bad, nil, 0, 1},
		"a new key":           {shelf{first: one, second: two}, map[*jws.KeySet]error{one: unknown, two: nil}, nil, nil, 1, 2},
		"a new key, but bad":  {shelf{first: one, second: two}, map[*jws.KeySet]error{one: unknown, two: bad}, bad, nil, 1, 2},
		"nobody's key":        {shelf{first: one, second: two}, map[*jws.KeySet]error{one: unknown, two: unknown}, unknown, nil, 1, 2},
		"no keys":             {shelf{firstErr: down}, nil, down, nil, 0, 0},
		"no newer keys":       {shelf{first: one, secondErr: down}, map[*jws.KeySet]error{one: unknown}, down, unknown, 1, 1},
		"bad, and none newer": {shelf{first: one, secondErr: down}, map[*jws.KeySet]error{one: bad}, bad, nil, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			judged := 0
			got, err := Judge(t.Context(), &c.source, "https://issuer.example", &jws.Error{Code: jws.CodeKeyUnknown}, func(keys *jws.KeySet) (string, error) {
				judged++
				why, ok := c.says[keys]
				if !ok {
					t.Error("judged with keys of nobody")
				}
				if why != nil {
					return "", why
				}
				return "good", nil
			})
			if !errors.Is(err, c.want) || (got == "good") != (c.want == nil) || c.source.looked != c.looked || judged != c.judged {
				t.Errorf("%q, %v; looked %d times, judged %d times", got, err, c.source.looked, judged)
			}
			var u *Unavailable
			if errors.As(err, &u) != (c.want == down) || u != nil && !errors.Is(u.Verdict, c.verdict) {
				t.Errorf("%#v", u)
			}
		})
	}
}

func TestFixedKeysAreNotLookedForAgain(t *testing.T) {
	set, judged := &jws.KeySet{}, 0
	_, err := Judge(t.Context(), Fixed(set), "x", &jws.Error{Code: jws.CodeKeyUnknown}, func(keys *jws.KeySet) (int, error) {
		judged++
		if keys != set {
			t.Error("other keys")
		}
		return 0, &jws.Error{Code: jws.CodeKeyUnknown}
	})
	if judged != 1 || !errors.Is(err, &jws.Error{Code: jws.CodeKeyUnknown}) {
		t.Errorf("%v after %d", err, judged)
	}
}
