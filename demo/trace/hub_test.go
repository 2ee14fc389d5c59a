package trace

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/bonafides-dev/bonafides/demo/look"
)

func TestNoSecretIsKept(t *testing.T) {
	const secret = "s3cr3t-9f1c"
	h := NewHub()
	s := party(t, h, look.IdP, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		http.SetCookie(w, &http.Cookie{Name: "idp", Value: secret})
		w.Header().Set("Location", "/next?code="+secret)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"session":"`+secret+`","nested":{"csrf_token":"`+secret+`"},"ok":true}`)
	})
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	send(t, "POST", s.URL+"/signin?code="+secret, map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Cookie": "a=" + secret + "; b=" + secret, "Authorization": "Bearer " + secret,
	}, "email=ada%40idp.localhost&password="+secret+"&csrf="+secret)
	send(t, "POST", s.URL+"/verify-email", form, "code="+secret)
	send(t, "POST", s.URL+"/signin", map[string]string{"Content-Type": "application/json"}, `{"password":"`+secret+`","deep":[{"client_secret":"`+secret+`"}]}`)
	send(t, "POST", s.URL+"/signin", map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, "--x\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n"+secret+"\r\n--x--\r\n")

	b, err := json.Marshal(h.All())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), secret) {
		t.Errorf("an exchange shows the secret: %s", b)
	}
	if !strings.Contains(string(b), "ada@idp.localhost") {
		t.Error("the form's other field is missing")
	}
	if n := Search(h.Raw(look.IdP), []string{secret}); n > 0 {
		t.Errorf("the secret is in %d captured messages", n)
	}
	if n := strings.Count(string(b), HeldBack); n < 10 {
		t.Errorf("%d values are held back, want all that were sent", n)
	}

	// The same search does find it where a test asked for everything.
	all := NewHub()
	all.InsecureKeepSecrets = true
	s2 := party(t, all, look.IdP, func(w http.ResponseWriter, r *http.Request) { _, _ = io.ReadAll(r.Body) })
	send(t, "POST", s2.URL+"/signin", map[string]string{"Cookie": "a=" + secret}, "")
	if Search(all.Raw(look.IdP), []string{secret}) != 1 {
		t.Error("InsecureKeepSecrets kept nothing")
	}
}

func TestMemoryIsBounded(t *testing.T) {
	h := NewHub()
	big := strings.Repeat("x", 70<<10)
	s := party(t, h, look.Publisher, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, big[:n])
	})
	for i := range 900 {
		path := "/signin/nonce"
		if i%2 == 0 {
			path = fmt.Sprintf("/page/%d", i)
		}
		body := "small"
		if i%8 < 4 {
			body = big // a page's and a message's
		}
		send(t, "POST", s.URL+path, map[string]string{"Content-Type": "text/plain"}, body)
	}
	all := h.All()
	if len(all) > maxProtocol+maxPages {
		t.Errorf("%d exchanges are kept", len(all))
	}
	size := 0
	for _, m := range h.Raw(look.Publisher) {
		size += len(m)
	}
	if size > maxRaw || h.rawSize != size {
		t.Errorf("%d bytes are kept, counted as %d, at most %d allowed", size, h.rawSize, maxRaw)
	}
	for _, x := range all {
		for _, f := range append(x.Request, x.Response...) {
			if len(f.Value) > maxText+8 {
				t.Fatalf("a field of %d bytes is kept", len(f.Value))
			}
		}
	}
	if last := all[len(all)-1]; last.Seq != 900 {
		t.Errorf("the newest is %d, want 900", last.Seq)
	}
	h.Reset()
	if len(h.All()) != 0 || h.rawSize != 0 {
		t.Error("Reset left something")
	}
}

func TestFloodOfPagesLeavesTheProtocol(t *testing.T) {
	h := NewHub()
	s := party(t, h, look.Issuer, func(w http.ResponseWriter, r *http.Request) {})
	send(t, "GET", s.URL+pathCommitments, nil, "")
	for i := range maxPages + 50 {
		send(t, "GET", s.URL+fmt.Sprintf("/style%d.css", i), nil, "")
	}
	only(t, h, KindCommitments)
}

func TestSamePageAgainIsOneArrow(t *testing.T) {
	h := NewHub()
	s := party(t, h, look.Shop, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
	})
	for range 3 {
		send(t, "GET", s.URL+"/", nil, "")
	}
	if x := only(t, h, KindPage); x.Count != 3 || x.Seq != 3 {
		t.Errorf("count %d, seq %d", x.Count, x.Seq)
	}
}

func TestSubscriberGetsWhatWasAndWhatComes(t *testing.T) {
	h := NewHub()
	s := party(t, h, look.Issuer, func(w http.ResponseWriter, r *http.Request) {})
	get := func() { send(t, "GET", s.URL+pathRecordKeys, nil, "") }
	get()
	get()
	ctx, cancel := context.WithCancel(context.Background())
	ch := h.Subscribe(ctx, 1)
	if x := <-ch; x.Seq != 2 {
		t.Errorf("first is %d, want 2", x.Seq)
	}
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(get)
	}
	for seq := int64(3); seq <= 22; seq++ {
		if x := <-ch; x.Seq != seq {
			t.Fatalf("got %d, want %d", x.Seq, seq)
		}
	}
	wait.Wait()
	cancel()
	if _, open := <-ch; open {
		t.Error("a message after the end")
	}
}
