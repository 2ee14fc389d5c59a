package op

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// A busy provider is asked again once, when it says, if that is soon.
func TestABusyProviderIsAskedOnceMore(t *testing.T) {
	date := func(d time.Duration) string { return "Retry-After: " + now.Add(d).Format(http.TimeFormat) }
	busy := func(after string) answer { return answer{503, "Retry-After: " + after, ""} }
	const code = CodeBusy
	for name, c := range map[string]struct {
		answers []answer
		asked   int
		waited  string
		code    string
		after   time.Duration // -1: it did not say
	}{
		"not busy":                  {[]answer{good}, 1, "", "", 0},
		"503, then good":            {[]answer{busy("2"), good}, 2, "2s", "", 0},
		"429, then good":            {[]answer{{429, "Retry-After: 1", `{"error":"slow_down"}`}, good}, 2, "1s", "", 0},
		"with a long page":          {[]answer{{503, "Retry-After: 1", fmt.Sprintf("%1000000d", 1)}, good}, 2, "1s", "", 0},
		"at once":                   {[]answer{busy("0"), good}, 2, "0s", "", 0},
		"in words, then good":       {[]answer{{400, "Retry-After: 3", `{"error":"temporarily_unavailable"}`}, good}, 2, "3s", "", 0},
		"in words of a 200":         {[]answer{{200, "Retry-After: 3", `{"error":"temporarily_unavailable"}`}, good}, 2, "3s", "", 0},
		"the longest that is borne": {[]answer{busy("5"), good}, 2, "5s", "", 0},
		"a date":                    {[]answer{{503, date(4 * time.Second), ""}, good}, 2, "4s", "", 0},
		"a date that is over":       {[]answer{{503, date(-time.Hour), ""}, good}, 2, "0s", "", 0},
		"busy still":                {[]answer{busy("1"), {429, "Retry-After: 2", ""}, good}, 2, "1s", code, 2 * time.Second},
		"then refused":              {[]answer{busy("1"), {400, "", `{"error":"invalid_grant"}`}}, 2, "1s", CodeRefused, -1},
		"for longer":                {[]answer{busy("6"), good}, 1, "", code, 6 * time.Second},
		"for ever":                  {[]answer{busy("4294967295"), good}, 1, "", code, 24 * time.Hour},
		"until a late date":         {[]answer{{503, date(time.Minute), ""}, good}, 1, "", code, time.Minute},
		"it does not say":           {[]answer{{503, "", ""}, good}, 1, "", code, -1},
		"nonsense":                  {[]answer{busy("soon"), good}, 1, "", code, -1},
		"less than no time":         {[]answer{busy("-1"), good}, 1, "", code, -1},
		"down":                      {[]answer{{500, "Retry-After: 1", ""}, good}, 1, "", CodeUnreachable, -1},
		"no gateway":                {[]answer{{502, "Retry-After: 1", "<html>"}, good}, 1, "", CodeUnreachable, -1},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t, (*httptest.Server).Start)
			got := p.record(t, c.answers...)
			client, waited := p.client(t, nil), ""
			client.wait = func(_ context.Context, d time.Duration) error { waited += d.String(); return nil }
			tokens, err := client.Exchange(t.Context(), codeRequest)
			if len(*got) != c.asked || waited != c.waited {
				t.Errorf("asked %d times after waiting %q", len(*got), waited)
			}
			for _, r := range *got {
				if r != (*got)[0] {
					t.Errorf("asked something else: %+v", r)
				}
			}
			if c.code == "" {
				if err != nil || tokens.IDToken != "a.b.c" {
					t.Errorf("%+v %v", tokens, err)
				}
				return
			}
			why := refusedWith(t, name, err, c.code)
			if tokens != nil || why.After.Known != (c.after >= 0) || c.after >= 0 && why.After.Duration != c.after {
				t.Errorf("after %+v, %+v", why.After, tokens)
			}
		})
	}
}

// Every endpoint may be busy.
func TestEveryBusyEndpointIsAskedOnceMore(t *testing.T) {
	for name, c := range map[string]struct {
		then answer
		ask  func(context.Context, *Provider) error
	}{
		"renew":    {answer{200, "", `{"access_token":"t"}`}, func(ctx context.Context, p *Provider) error { _, err := p.Renew(ctx, "r", nil); return err }},
		"userinfo": {answer{200, "", `{"sub":"1"}`}, func(ctx context.Context, p *Provider) error { _, err := p.Userinfo(ctx, "t", "1"); return err }},
		"revoke":   {answer{200, "", ``}, func(ctx context.Context, p *Provider) error { return p.Revoke(ctx, "r", "refresh_token") }},
		"push": {answer{201, "", `{"request_uri":"urn:a"}`}, func(ctx context.Context, p *Provider) error {
			_, err := p.Push(ctx, []oidc.Param{{Name: "scope", Value: "openid"}})
			return err
		}},
	} {
		p := everything(t)
		got := p.record(t, answer{503, "Retry-After: 1", ""}, c.then)
		client := p.client(t, nil)
		client.wait = func(context.Context, time.Duration) error { return nil }
		if err := c.ask(t.Context(), client); err != nil || len(*got) != 2 || (*got)[0] != (*got)[1] {
			t.Errorf("%s: %v, asked %+v", name, err, *got)
		}
		p.record(t, answer{429, "Retry-After: 60", ""})
		why := refusedWith(t, name, c.ask(t.Context(), client), CodeBusy)
		if why.After.Duration != time.Minute {
			t.Errorf("%s: %+v", name, why.After)
		}
	}
}

// The clock of the wait is the machine's: what ends it here is the request's context.
func TestAWaitEndsWithItsRequest(t *testing.T) {
	p := newProvider(t, (*httptest.Server).Start)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got := p.record(t, answer{503, "Retry-After: 5", ""})
	client := p.client(t, nil)
	client.wait = func(ctx context.Context, d time.Duration) error { cancel(); return wait(ctx, d) }
	_, err := client.Exchange(ctx, codeRequest)
	refusedWith(t, "busy", err, CodeBusy)
	if len(*got) != 1 || fmt.Sprint(err) != "provider_busy: status 503" {
		t.Errorf("%v, asked %d times", err, len(*got))
	}
	if err := wait(t.Context(), 0); err != nil {
		t.Error(err)
	}
	if err := wait(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
