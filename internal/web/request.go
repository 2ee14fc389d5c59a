package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// CheckMethod refuses a request whose method is not one of allowed, naming the
// methods in Allow as RFC 9110 section 15.5.6 asks. HEAD is allowed with GET.
func CheckMethod(w http.ResponseWriter, r *http.Request, allowed ...string) *Problem {
	for _, m := range allowed {
		if r.Method == m || (r.Method == http.MethodHead && m == http.MethodGet) {
			return nil
		}
	}
	list := strings.Join(allowed, ", ")
	w.Header().Set("Allow", list)
	return NewProblem(http.StatusMethodNotAllowed, "method_not_allowed",
		"This endpoint answers "+list+" only.")
}

// ReadBody reads at most limit bytes of the body. A longer body is refused, not
// cut. If types is not empty the media type must be one of them.
func ReadBody(w http.ResponseWriter, r *http.Request, limit int64, types ...string) ([]byte, *Problem) {
	if len(types) > 0 {
		got, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		ok := false
		for _, t := range types {
			ok = ok || (err == nil && got == t)
		}
		if !ok {
			return nil, NewProblem(http.StatusUnsupportedMediaType, "wrong_content_type",
				"Send the body as "+strings.Join(types, " or ")+".")
		}
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return nil, NewProblem(http.StatusRequestEntityTooLarge, "body_too_large",
			"The body is longer than this endpoint reads.")
	case err != nil:
		return nil, NewProblem(http.StatusBadRequest, "body_unreadable",
			"The body ended early. Send it again.")
	}
	return b, nil
}

// ReadForm reads an application/x-www-form-urlencoded body of at most limit
// bytes. A name that appears twice, a malformed escape or text that is not
// UTF-8 is refused, so that no two readers can take the form differently.
func ReadForm(w http.ResponseWriter, r *http.Request, limit int64) (url.Values, *Problem) {
	v, p := ReadPosted(w, r, limit)
	for _, values := range v {
		if len(values) != 1 {
			return nil, NewProblem(http.StatusBadRequest, "duplicate_parameter",
				"A form field appears more than once. Send each once.")
		}
	}
	return v, p
}

// ReadPosted is ReadForm for the parameters of a protocol, which may come in a query as
// well: of those that it does not know there may be several, and its reader judges
// the others (RFC 6749 section 3.1).
func ReadPosted(w http.ResponseWriter, r *http.Request, limit int64) (url.Values, *Problem) {
	b, p := ReadBody(w, r, limit, "application/x-www-form-urlencoded")
	if p != nil {
		return nil, p
	}
	v, err := ParseQuery(string(b))
	if err != nil {
		return nil, NewProblem(http.StatusBadRequest, "malformed_form", "The form is not well encoded.")
	}
	for name, values := range v {
		if !utf8.ValidString(name) || !utf8.ValidString(strings.Join(values, "")) {
			return nil, NewProblem(http.StatusBadRequest, "malformed_form", "The form is not UTF-8.")
		}
	}
	return v, nil
}
