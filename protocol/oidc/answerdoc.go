//go:build !tinygo

package oidc

import "github.com/bonafides-dev/bonafides/protocol/strictjson"

// answer is what a provider's endpoint answered from server to server. Members that
// nobody reads may hold anything, and be there twice.
type answer struct {
	members []strictjson.RawMember
	maxSize int
}

func readAnswer(body []byte, maxSize int) (*answer, *Error) {
	members, err := strictjson.RawMembers(string(body), maxSize)
	if err != nil {
		return nil, refuse(CodeAnswer, "the answer is not a JSON object: "+err.Error())
	}
	return &answer{members, maxSize}, nil
}

// get reads a member. One that is null is as if it were absent; one that is there twice
// is refused, since two readers could take different ones.
func (a *answer) get(name string) (v strictjson.Value, _ *Error) {
	for _, m := range a.members {
		if m.Name != name {
			continue
		}
		if v.Exists() {
			return strictjson.Value{}, refuse(CodeAnswer, "the answer's "+name+" appears twice")
		}
		var err error
		if v, err = strictjson.ParseString(m.Raw, strictjson.Limits{MaxSize: a.maxSize}); err != nil {
			return strictjson.Value{}, refuse(CodeAnswer, "the answer's "+name+" is not strict JSON")
		}
	}
	if isNull(v) {
		v = strictjson.Value{}
	}
	return v, nil
}

// text reads a member that must be a string where it is there.
func (a *answer) text(name string) (string, *Error) {
	v, err := a.get(name)
	if err != nil || !v.Exists() {
		return "", err
	}
	s, ok := v.Text()
	if !ok {
		return "", refuse(CodeAnswer, "the answer's "+name+" is not a string")
	}
	return s, nil
}
