package jws

import "github.com/bonafides-dev/bonafides/protocol/strictjson"

// maxState bounds a stored state: a set, with every byte of it escaped, and the
// times.
const maxState = 6*maxKeySet + 1024

// Bytes returns the state for storage, so that several instances of a server can
// share what one of them fetched. It holds nothing secret, but whoever can
// change it chooses the keys that tokens are checked with.
func (s KeySetState) Bytes() []byte {
	var w strictjson.Writer
	w.Int("v", 1)
	if s.keys != nil {
		w.String("set", string(s.body))
	}
	for _, m := range s.times.Fields() {
		if *m.Value != 0 {
			w.Int(m.Name, *m.Value)
		}
	}
	b, _ := w.Bytes() // fixed names, and a set that was read as UTF-8
	return b
}

// Document returns the JWK set as it was fetched, nil if there is none: for
// callers that hand it to another module. Next tells whether it may still be used.
func (s KeySetState) Document() []byte { return append([]byte(nil), s.body...) }

// ParseKeySetState reads what Bytes wrote. Errors are *Error; after one, begin with
// the zero KeySetState.
func ParseKeySetState(b []byte) (KeySetState, error) {
	v, err := strictjson.Parse(b, strictjson.Limits{MaxSize: maxState, MaxDepth: 1})
	if err != nil {
		return KeySetState{}, refuse(CodeKeySet, "the stored state is not strict JSON: "+err.Error())
	}
	if version, ok := v.Get("v").Int(); !ok || version != 1 {
		return KeySetState{}, refuse(CodeKeySet, "the stored state is of another version")
	}
	var s KeySetState
	for _, m := range s.times.Fields() {
		if c := v.Get(m.Name); c.Exists() {
			n, ok := c.Int()
			if !ok || n < 0 {
				return KeySetState{}, refuse(CodeKeySet, "a time of the stored state is not one")
			}
			*m.Value = n
		}
	}
	set := v.Get("set")
	if !set.Exists() {
		s.times = s.times.Without() // whatever its times say
		return s, nil
	}
	text, _ := set.Text()
	if s.keys, err = ParseKeySet([]byte(text)); err != nil {
		return KeySetState{}, err
	}
	s.body = []byte(text)
	return s, nil
}
