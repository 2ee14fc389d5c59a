package web

import (
	"errors"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
)

func TestAQueryIsReadAsBrowsersWriteIt(t *testing.T) {
	for in, want := range map[string]url.Values{
		"":                    {},
		"a=1&b=2":             {"a": {"1"}, "b": {"2"}},
		"max_age=0;":          {"max_age": {"0;"}},
		"state=a;b&iss=x":     {"state": {"a;b"}, "iss": {"x"}},
		"a;b=1":               {"a;b": {"1"}},
		"a=1+2%203%3B":        {"a": {"1 2 3;"}},
		"a=1&a=2":             {"a": {"1", "2"}},
		"&&a=&b":              {"a": {""}, "b": {""}},
		"a=b=c&%C3%A9=%F0%9F": {"a": {"b=c"}, "é": {"\xf0\x9f"}},
	} {
		if got, err := ParseQuery(in); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v %v", in, got, err)
		}
	}
	for _, in := range []string{"a=%", "a=%4", "a=%zz", "%=1", "good=1&b=%g0"} {
		if got, err := ParseQuery(in); !errors.Is(err, ErrQuery) || got != nil {
			t.Errorf("%q: %v %v", in, got, err)
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.RawQuery = in
		if _, p := ReadQuery(r); p == nil || p.Status != 400 || p.Code != "malformed_query" {
			t.Errorf("%q: %v", in, p)
		}
		if got := Query(r); got.Get("good") != "" {
			t.Errorf("%q: %v", in, got)
		}
	}
}

func TestAFormIsReadLikeAQuery(t *testing.T) {
	r := httptest.NewRequest("POST", "/", strings.NewReader("state=a;b&code=c"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if v, p := ReadForm(httptest.NewRecorder(), r, 100); p != nil || v.Get("state") != "a;b" || v.Get("code") != "c" {
		t.Errorf("%v %v", v, p)
	}
}
