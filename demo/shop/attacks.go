package shop

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
	"github.com/bonafides-dev/bonafides/internal/web"
)

func notSignedIn() look.Outcome {
	return instrument.Nothing("No ID token has arrived here yet.", "Sign in once, and try again.")
}

func (s *site) try(req *http.Request, sent string) look.Outcome {
	got, err := instrument.Try(s.client, req)
	if err != nil {
		return instrument.Unreachable(err)
	}
	return got.Outcome(sent)
}

// reuseNonce sends the last assertion that arrived once more: same token, same
// cookie of the browser that asked for it.
func (s *site) reuseNonce(r *http.Request) look.Outcome {
	req, ok := s.received.Again(r.Context(), s.origins.Shop)
	if !ok {
		return notSignedIn()
	}
	return s.try(req, "the last sign-in request, every byte as it was, its cookies included")
}

// tamperToken sends it with one character of the ID token's claims changed.
func (s *site) tamperToken(r *http.Request) look.Outcome {
	req, ok := s.received.Again(r.Context(), s.origins.Shop)
	if !ok {
		return notSignedIn()
	}
	body, err := changeToken(req.Body)
	if err != nil {
		return notSignedIn()
	}
	req.Body, req.ContentLength, req.GetBody = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	req.Header.Set("Content-Type", "application/json")
	return s.try(req, "the last sign-in request, one character of the ID token's signature changed")
}

// changeToken changes the first character of the signature in an intake body.
func changeToken(body io.Reader) ([]byte, error) {
	var in map[string]any
	if err := json.NewDecoder(io.LimitReader(body, 64<<10)).Decode(&in); err != nil {
		return nil, err
	}
	token, _ := in["token"].(string)
	at := strings.LastIndexByte(token, '.') + 1
	if at == 0 || at == len(token) {
		return nil, io.ErrUnexpectedEOF
	}
	with := "A"
	if token[at] == 'A' {
		with = "B"
	}
	in["token"] = token[:at] + with + token[at+1:]
	return json.Marshal(in)
}

// loginCSRF sends the last assertion as another site's page would: who gets it
// through signs the visitor in to an account that is not theirs.
func (s *site) loginCSRF(r *http.Request) look.Outcome {
	req, ok := s.received.Again(r.Context(), s.origins.Shop)
	if !ok {
		return notSignedIn()
	}
	req.Header.Set("Origin", s.origins.News)
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	return s.try(req, "the last sign-in request, with Origin: "+s.origins.News)
}

// wrongOrigin asks the identity provider for an assertion for this shop, as a
// page of another site would.
func (s *site) wrongOrigin(r *http.Request) look.Outcome {
	return s.assertion(r, s.origins.News, "webidentity",
		"an assertion request for client "+s.clientID+" with Origin: "+s.origins.News)
}

// noDest asks for it as a script could: without the header that only the
// browser's own FedCM code can set.
func (s *site) noDest(r *http.Request) look.Outcome {
	return s.assertion(r, s.origins.Shop, "",
		"an assertion request without Sec-Fetch-Dest: webidentity, as a script's fetch would be")
}

func (s *site) assertion(r *http.Request, origin, dest, sent string) look.Outcome {
	form := url.Values{
		"client_id":             {s.clientID},
		"account_id":            {"somebody"},
		"disclosure_text_shown": {"false"},
		"is_auto_selected":      {"false"},
		"params":                {`{"nonce":"0123456789abcdef0123456789abcdef"}`},
	}
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, s.origins.IdP+"/fedcm/assertion", strings.NewReader(form.Encode()))
	if err != nil {
		return instrument.Unreachable(err)
	}
	instrument.Mark(req)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", origin)
	if dest != "" {
		req.Header.Set("Sec-Fetch-Dest", dest)
	}
	return s.try(req, sent)
}

// otherBrowser takes a fresh ID token from the page, unused, and hands it in as
// another browser: whoever steals a token has not the cookie that it is bound
// to.
func (s *site) otherBrowser(w http.ResponseWriter, r *http.Request) {
	trace.Skip(r.Context())
	answer := func(o look.Outcome) {
		instrument.Answer(w, r, o, func(o look.Outcome) { s.home(w, r, http.StatusOK, instrument.Outcomes{"other-browser": o}) })
	}
	form, p := web.ReadForm(w, r, 20<<10)
	if p != nil {
		p.Write(w)
		return
	}
	token := form.Get("token")
	if token == "" {
		answer(instrument.Nothing("This attack needs JavaScript and a fresh ID token.", "The browser hands one over when you press the button and agree in its dialog."))
		return
	}
	// The thief's own browser: it asks for a nonce and so has a cookie, its own.
	nonce, err := http.NewRequestWithContext(r.Context(), http.MethodPost, s.origins.Shop+"/signin/nonce", nil)
	if err != nil {
		answer(instrument.Unreachable(err))
		return
	}
	ours(nonce, s.origins.Shop)
	resp, err := s.client.Do(nonce)
	if err != nil {
		answer(instrument.Unreachable(err))
		return
	}
	_ = resp.Body.Close()
	body, err := json.Marshal(map[string]string{"token": token})
	if err != nil {
		answer(instrument.Unreachable(err))
		return
	}
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, s.origins.Shop+"/signin/fedcm", bytes.NewReader(body))
	if err != nil {
		answer(instrument.Unreachable(err))
		return
	}
	ours(req, s.origins.Shop)
	req.Header.Set("Content-Type", "application/json")
	for _, c := range resp.Cookies() {
		req.AddCookie(c)
	}
	answer(s.try(req, "a fresh, unused ID token of your browser, with the cookie of another browser"))
}

// ours makes a request look like one of the shop's own pages in a browser.
func ours(req *http.Request, origin string) {
	instrument.Mark(req)
	req.Header.Set("Origin", origin)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
}
