package op

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// answer is one of an endpoint.
type answer struct {
	status int
	after  string // Retry-After
	body   string
}

func (a answer) write(w http.ResponseWriter) {
	if a.after != "" {
		w.Header().Set("Retry-After", a.after)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write([]byte(a.body))
}

var good = answer{200, "", `{"id_token":"a.b.c"}`}

// whyNot is the *Error of a call, which there must be.
func whyNot(t *testing.T, err error) *Error {
	t.Helper()
	var why *Error
	if !errors.As(err, &why) {
		t.Fatalf("%v is no *Error", err)
	}
	return why
}

func TestACodeGivesTokens(t *testing.T) {
	p := newProvider(t, (*httptest.Server).Start)
	p.token = func(w http.ResponseWriter, _ *http.Request) {
		answer{200, "", `{"id_token":"a.b.c","access_token":"at","token_type":"bearer","refresh_token":"rt","expires_in":"60","scope":"openid","x":[1,{"y":2}]}`}.write(w)
	}
	got, err := p.client(t, nil).Exchange(t.Context(), CodeRequest{Code: "c"})
	if err != nil || got.IDToken != "a.b.c" || got.AccessToken != "at" || got.RefreshToken != "rt" || got.ExpiresIn != 60 || got.Scope != "openid" {
		t.Errorf("%+v %v", got, err)
	}
}

// A busy provider is asked again once, when it says, if that is soon.
func TestABusyProviderIsAskedOnceMore(t *testing.T) {
	date := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	const code = CodeBusy
	for name, c := range map[string]struct {
		replies []answer
		asked   int
		waited  string
		code    string
		after   time.Duration // -1: it did not say
	}{
		"not busy":                  {[]answer{good}, 1, "", "", 0},
		"503, then good":            {[]answer{{503, "2", ""}, good}, 2, "2s", "", 0},
		"429, then good":            {[]answer{{429, "1", `{"error":"slow_down"}`}, good}, 2, "1s", "", 0},
		"at once":                   {[]answer{{503, "0", ""}, good}, 2, "0s", "", 0},
		"in words, then good":       {[]answer{{400, "3", `{"error":"temporarily_unavailable"}`}, good}, 2, "3s", "", 0},
		"in words of a 200":         {[]answer{{200, "3", `{"error":"temporarily_unavailable"}`}, good}, 2, "3s", "", 0},
		"the longest that is borne": {[]answer{{503, "5", ""}, good}, 2, "5s", "", 0},
		"a date":                    {[]answer{{503, date(4 * time.Second), ""}, good}, 2, "4s", "", 0},
		"a date that is over":       {[]answer{{503, date(-time.Hour), ""}, good}, 2, "0s", "", 0},
		"with a long page":          {[]answer{{503, "1", strings.Repeat("<p>", maxAnswer)}, good}, 2, "1s", "", 0},
		"busy still":                {[]answer{{503, "1", ""}, {429, "2", ""}, good}, 2, "1s", code, 2 * time.Second},
		"then refused":              {[]answer{{503, "1", ""}, {400, "", `{"error":"invalid_grant"}`}}, 2, "1s", CodeRefused, -1},
		"for longer":                {[]answer{{503, "6", ""}, good}, 1, "", code, 6 * time.Second},
		"for ever":                  {[]answer{{503, "4294967295", ""}, good}, 1, "", code, 24 * time.Hour},
		"until a late date":         {[]answer{{503, date(time.Minute), ""}, good}, 1, "", code, time.Minute},
		"it does not say":           {[]answer{{503, "", ""}, good}, 1, "", code, -1},
		"nonsense":                  {[]answer{{503, "soon", ""}, good}, 1, "", code, -1},
		"less than no time":         {[]answer{{503, "-1", ""}, good}, 1, "", code, -1},
		"down":                      {[]answer{{500, "1", ""}, good}, 1, "", CodeUnreachable, -1},
		"no gateway":                {[]answer{{502, "1", "<html>"}, good}, 1, "", CodeUnreachable, -1},
		"down, with a long page":    {[]answer{{502, "1", strings.Repeat("<p>", maxAnswer)}, good}, 1, "", CodeUnreachable, -1},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t, (*httptest.Server).Start)
			asked := 0
			p.token = func(w http.ResponseWriter, r *http.Request) {
				a := c.replies[min(asked, len(c.replies)-1)]
				asked++
				if r.FormValue("code") != "c" {
					t.Errorf("request %d has the code %q", asked, r.FormValue("code"))
				}
				a.write(w)
			}
			client, waited := p.client(t, nil), ""
			client.wait = func(_ context.Context, d time.Duration) error { waited += d.String(); return nil }
			got, err := client.Exchange(t.Context(), CodeRequest{Code: "c"})
			if asked != c.asked || waited != c.waited {
				t.Errorf("asked %d times after waiting %q", asked, waited)
			}
			if c.code == "" {
				if err != nil || got.IDToken != "a.b.c" {
					t.Errorf("%+v %v", got, err)
				}
				return
			}
			if why := whyNot(t, err); why.Code != c.code || got != nil || why.After.Known != (c.after >= 0) || c.after >= 0 && why.After.Duration != c.after {
				t.Errorf("%v %+v", err, why.After)
			}
		})
	}
}

func TestAWaitEndsWithItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if err := wait(ctx, 5*time.Second); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		if err := wait(t.Context(), 5*time.Second); err != nil || time.Since(began) != 6*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
	p := newProvider(t, (*httptest.Server).Start)
	asked := 0
	p.token = func(w http.ResponseWriter, _ *http.Request) { asked++; answer{503, "5", ""}.write(w) }
	c := p.client(t, nil)
	c.wait = func(context.Context, time.Duration) error { return context.Canceled }
	_, err := c.Exchange(t.Context(), CodeRequest{})
	if why := whyNot(t, err); why.Code != CodeBusy || asked != 1 || err.Error() != "provider_busy: status 503" {
		t.Errorf("%v, asked %d times", err, asked)
	}
}

// What each answer of the token endpoint means, and which setting would help.
func TestARefusalSaysWhoseItIs(t *testing.T) {
	long := strings.Repeat("a", MaxIDToken+1)
	for name, c := range map[string]struct {
		answer
		code, setting, says string
	}{
		"a code that was used":           {answer{400, "", `{"error":"invalid_grant"}`}, CodeRefused, "", "status 400, and it said invalid_grant"},
		"a code that was used, with 401": {answer{401, "", `{"error":"invalid_grant"}`}, CodeRefused, "", "invalid_grant"},
		"a code that was used, with 200": {answer{200, "", `{"error":"invalid_grant"}`}, CodeRefused, "", "invalid_grant"},
		"a wrong secret":                 {answer{401, "", `{"error":"invalid_client","error_description":"no"}`}, CodeClient, "ClientSecret or TokenAuth", "invalid_client: no; the setting"},
		"the same with 400":              {answer{400, "", `{"error":"invalid_client"}`}, CodeClient, "ClientSecret or TokenAuth", "invalid_client"},
		"the same with 200":              {answer{200, "", `{"error":"invalid_client"}`}, CodeClient, "ClientSecret or TokenAuth", "invalid_client"},
		"the same in Auth0's words":      {answer{401, "", `{"error":"access_denied","error_description":"Unauthorized"}`}, CodeClient, "ClientSecret or TokenAuth", "Unauthorized"},
		"the same in a page":             {answer{401, "", `<html>`}, CodeClient, "ClientSecret or TokenAuth", "401"},
		"a client that may not":          {answer{400, "", `{"error":"unauthorized_client"}`}, CodeClient, "ClientSecret or TokenAuth", "unauthorized_client"},
		"a request that is no request":   {answer{400, "", `{"error":"invalid_request"}`}, CodeRefused, "", "invalid_request"},
		"nothing at all":                 {answer{400, "", ``}, CodeRefused, "", "status 400"},
		"a redirect":                     {answer{307, "", ``}, CodeMalformed, "", "redirect"},
		"not JSON":                       {answer{200, "", "token"}, CodeMalformed, "", "JSON"},
		"a list":                         {answer{200, "", "[]"}, CodeMalformed, "", "JSON"},
		"half of it":                     {answer{200, "", `{"id_token":"a.b.c"`}, CodeMalformed, "", "JSON"},
		"a token twice":                  {answer{200, "", `{"id_token":"a.b.c","id_token":"d.e.f"}`}, CodeMalformed, "", "twice"},
		"a number for a token":           {answer{200, "", `{"id_token":1}`}, CodeMalformed, "", "id_token"},
		"a token of another type":        {answer{200, "", `{"id_token":"a.b.c","access_token":"x","token_type":"DPoP"}`}, CodeMalformed, "", "token_type"},
		"no token":                       {answer{200, "", `{}`}, CodeNoIDToken, "", "status 200"},
		"null for a token":               {answer{200, "", `{"id_token":null}`}, CodeNoIDToken, "", ""},
		"a long token":                   {answer{200, "", `{"id_token":"` + long + `"}`}, CodeTooLarge, "MaxIDToken", "has 16385 bytes, more than 16384"},
		"a long answer":                  {answer{200, "", `{"x":"` + strings.Repeat("a", maxAnswer) + `"}`}, CodeTooLarge, "MaxAnswer", "longer than 65536 bytes"},
	} {
		p := newProvider(t, (*httptest.Server).Start)
		asked := 0
		p.token = func(w http.ResponseWriter, _ *http.Request) {
			asked++
			w.Header().Set("Location", "/token")
			c.write(w)
		}
		client := p.client(t, func(c *Config) { c.Auth = ClientAuth{ID: "shop", Secret: "hunter2"} })
		got, err := client.Exchange(t.Context(), CodeRequest{Code: "c0de"})
		if why := whyNot(t, err); why.Code != c.code || why.Setting != c.setting || why.Status != c.status || !strings.Contains(err.Error(), c.says) || got != nil || asked != 1 {
			t.Errorf("%s: %+v; %v; asked %d times", name, why, err, asked)
		}
		if strings.Contains(err.Error(), "a.b.c") || len(err.Error()) > 500 {
			t.Errorf("%s: the error holds a token, or too much: %v", name, err)
		}
	}
}

func TestSizesAreSettings(t *testing.T) {
	token := strings.Repeat("a", 21<<10) // 400 groups
	for name, c := range map[string]struct {
		maxIDToken, maxAnswer int
		filler                int
		setting               string
	}{
		"as it is":                           {0, 0, 0, "MaxIDToken"},
		"as long as the token":               {21 << 10, 0, 0, ""},
		"one byte too few":                   {21<<10 - 1, 0, 0, "MaxIDToken"},
		"a large token makes a large answer": {256 << 10, 0, 256 << 10, ""},
		"the answer alone":                   {256 << 10, 21 << 10, 0, "MaxAnswer"},
		"both":                               {21 << 10, 128 << 10, 100 << 10, ""},
	} {
		p := newProvider(t, (*httptest.Server).Start)
		p.token = func(w http.ResponseWriter, _ *http.Request) {
			answer{200, "", `{"id_token":"` + token + `","x":"` + strings.Repeat("x", c.filler) + `"}`}.write(w)
		}
		got, err := p.client(t, func(q *Config) { q.MaxIDToken, q.MaxAnswer = c.maxIDToken, c.maxAnswer }).Exchange(t.Context(), CodeRequest{})
		if c.setting == "" {
			if err != nil || got.IDToken != token {
				t.Errorf("%s: %v", name, err)
			}
		} else if why := whyNot(t, err); why.Code != CodeTooLarge || why.Setting != c.setting {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnAnswerThatEndsEarlyIsNone(t *testing.T) {
	p := newProvider(t, (*httptest.Server).Start)
	p.token = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(good.body))
	}
	_, err := p.client(t, nil).Exchange(t.Context(), CodeRequest{})
	if why := whyNot(t, err); why.Code != CodeUnreachable || why.Status != 200 {
		t.Error(err)
	}
}

func TestWhoeverLeavesIsToldSo(t *testing.T) {
	p := newProvider(t, (*httptest.Server).Start)
	c := p.client(t, nil)
	if _, err := c.Metadata(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	p.token = func(http.ResponseWriter, *http.Request) { cancel() }
	_, err := c.Exchange(ctx, CodeRequest{})
	if why := whyNot(t, err); why.Code != CodeUnreachable || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestARefreshTokenIsRenewedOrOver(t *testing.T) {
	for name, c := range map[string]struct {
		answer
		code, refresh string
	}{
		"a new one":        {answer{200, "", `{"access_token":"a","refresh_token":"new"}`}, "", "new"},
		"the old one":      {answer{200, "", `{"access_token":"a"}`}, "", ""},
		"no access token":  {answer{200, "", `{"id_token":"a.b.c"}`}, CodeMalformed, ""},
		"over":             {answer{400, "", `{"error":"invalid_grant"}`}, CodeGrantOver, ""},
		"over, with 401":   {answer{401, "", `{"error":"invalid_grant"}`}, CodeGrantOver, ""},
		"over, with 200":   {answer{200, "", `{"error":"invalid_grant"}`}, CodeGrantOver, ""},
		"a wrong secret":   {answer{401, "", `{"error":"invalid_client"}`}, CodeClient, ""},
		"another scope":    {answer{400, "", `{"error":"invalid_scope"}`}, CodeRefused, ""},
		"down":             {answer{500, "", `{"error":"invalid_grant"}`}, CodeUnreachable, ""},
		"400 without word": {answer{400, "", ``}, CodeRefused, ""},
	} {
		p := newProvider(t, (*httptest.Server).Start)
		p.token = func(w http.ResponseWriter, _ *http.Request) { c.write(w) }
		got, err := p.client(t, nil).Renew(t.Context(), "old", nil)
		if c.code == "" {
			if err != nil || got.AccessToken != "a" || got.RefreshToken != c.refresh {
				t.Errorf("%s: %+v %v", name, got, err)
			}
		} else if why := whyNot(t, err); why.Code != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}
