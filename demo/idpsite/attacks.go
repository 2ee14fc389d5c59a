package idpsite

import (
	"bytes"
	"crypto/rand"
	"io"
	"net/http"
	"net/url"

	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/look"
)

// again sends the last ID assertion request that really arrived once more, its
// cookies included, after change has changed it.
func (s *site) again(r *http.Request, change func(req *http.Request, form url.Values) (sent string)) look.Outcome {
	req, ok := s.received.Again(r.Context(), s.origins.IdP)
	if !ok {
		return instrument.Nothing("No browser has asked for an ID token here yet.",
			"Sign in here, then sign in at the shop, and try again.")
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return instrument.Unreachable(err)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return instrument.Nothing("The last request cannot be read.", "Sign in at the shop again.")
	}
	sent := change(req, form)
	body = []byte(form.Encode())
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	got, err := instrument.Try(s.client, req)
	if err != nil {
		return instrument.Unreachable(err)
	}
	return got.Outcome(sent)
}

// foreignAccount asks for a token about somebody who is not signed in in this
// browser.
func (s *site) foreignAccount(r *http.Request) look.Outcome {
	return s.again(r, func(_ *http.Request, form url.Values) string {
		form.Set("account_id", rand.Text())
		return "the last ID assertion request with the account id of somebody else"
	})
}

// foreignOrigin asks in the name of a client from a page that is not the
// client's.
func (s *site) foreignOrigin(r *http.Request) look.Outcome {
	return s.again(r, func(req *http.Request, _ url.Values) string {
		req.Header.Set("Origin", s.origins.News)
		return "the last ID assertion request with Origin: " + s.origins.News
	})
}

// script asks as a page's JavaScript would, which cannot set Sec-Fetch-Dest.
func (s *site) script(r *http.Request) look.Outcome {
	return s.again(r, func(req *http.Request, _ url.Values) string {
		req.Header.Set("Sec-Fetch-Dest", "empty")
		return "the last ID assertion request with Sec-Fetch-Dest: empty, as a script's fetch has it"
	})
}

// noCookie asks without the FedCM cookie.
func (s *site) noCookie(r *http.Request) look.Outcome {
	return s.again(r, func(req *http.Request, _ url.Values) string {
		req.Header.Del("Cookie")
		return "the last ID assertion request without its cookie"
	})
}
