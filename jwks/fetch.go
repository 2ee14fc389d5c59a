package jwks

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

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/origin"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// reach is how documents are asked for.
type reach struct {
	client  *http.Client // of the caller; nil: one for each issuer
	private []netip.Prefix
	plain   bool // Config.InsecureHTTP
	timeout time.Duration
}

// clientFor returns what fetches for an issuer; from is the address that others are
// learned from.
func (r reach) clientFor(from string) (*http.Client, error) {
	client := r.client
	if client == nil {
		var err error
		client, err = web.Outbound{From: from, Private: r.private, Timeout: r.timeout}.Client()
		if err != nil {
			return nil, err
		}
	}
	own := *client
	// A redirect would let the answer of one host come from another.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own, nil
}

// request is one document that is asked for.
type request struct {
	what    string // "the key set"
	where   string
	accept  string
	most    int // bytes of the answer
	noCache bool
}

type answer struct {
	body              []byte
	cacheControl, age string
}

// get asks for a document and reads a bounded answer of status 200. The errors have no
// code yet.
func (r reach) get(ctx context.Context, client *http.Client, q request) (answer, *Error) {
	if _, err := web.SecureURL(q.where); err != nil && !(r.plain && errors.Is(err, origin.ErrPlain)) {
		return answer{}, &Error{Reason: ReasonAddress, Err: fmt.Errorf("the address of %s %w", q.what, err)}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, q.where, nil)
	if err != nil {
		return answer{}, &Error{Reason: ReasonAddress, Err: fmt.Errorf("the address of %s is not a URL", q.what)}
	}
	req.Header.Set("Accept", q.accept)
	if q.noCache {
		req.Header.Set("Cache-Control", "no-cache")
	}
	got, why := do(client, req, q.most)
	if why != nil {
		why.At = originOf(q.where)
	}
	return got, why
}

// originOf is the origin of an address, for an error.
func originOf(where string) string {
	u, err := url.Parse(where)
	if err != nil || u.Host == "" {
		return ""
	}
	return escaped(web.OriginOf(u), mostOrigin)
}

func do(client *http.Client, req *http.Request, most int) (answer, *Error) {
	res, err := client.Do(req)
	if err != nil {
		return answer{}, notAnswered(err)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode >= 300 && res.StatusCode < 400 && res.StatusCode != http.StatusNotModified:
		return answer{}, redirected(res)
	case res.StatusCode != http.StatusOK:
		return answer{}, &Error{Reason: ReasonStatus, Status: res.StatusCode}
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, int64(most)+1))
	switch {
	case err != nil:
		return answer{}, notAnswered(err)
	case len(body) > most:
		return answer{}, &Error{Reason: ReasonSize, Err: fmt.Errorf("it is longer than %d KiB", most>>10)}
	}
	body = web.WithoutMark(body)
	return answer{body, strings.Join(res.Header.Values("Cache-Control"), ","), res.Header.Get("Age")}, pageInstead(res.Header, body)
}

// pageInstead tells a page of an error or of somebody's sign-in from JSON that is bad.
func pageInstead(h http.Header, body []byte) *Error {
	kind, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	text := strings.TrimLeft(string(body[:min(len(body), 64)]), " \t\r\n\ufeff")
	if !strings.HasPrefix(text, "<") && (kind != "text/html" || strings.HasPrefix(text, "{")) {
		return nil
	}
	return &Error{Reason: ReasonHTML}
}

// unread says why a body is not the document.
func unread(body []byte, most int, err error) *Error {
	why := &Error{Reason: ReasonDocument, Err: err}
	var e *strictjson.Error
	if _, strict := strictjson.Parse(body, strictjson.Limits{MaxSize: most}); errors.As(strict, &e) && e.Code == strictjson.CodeDuplicate {
		why.Reason = ReasonDuplicate
	}
	return why
}
