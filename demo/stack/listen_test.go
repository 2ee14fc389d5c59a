package stack

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
)

func TestOnlyThisMachineIsListenedOn(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "example.com:0", "localhost", "localhost:http", "localhost:-1", "localhost:65536", "localhost:080", ""} {
		if ls, err := listen(addr); err == nil {
			for _, l := range ls {
				_ = l.Close()
			}
			t.Errorf("%q was accepted", addr)
		}
	}
	for _, addr := range []string{"localhost:0", "127.0.0.1:0", "demo.localhost:0", "127.0.0.2:0"} {
		ls, err := listen(addr)
		if err != nil {
			t.Errorf("%q: %v", addr, err)
			continue
		}
		for _, l := range ls {
			if !l.Addr().(*net.TCPAddr).IP.IsLoopback() {
				t.Errorf("%q listens on %v", addr, l.Addr())
			}
			_ = l.Close()
		}
	}
}

func TestBothLoopbackAddressesShareThePort(t *testing.T) {
	probe, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Log("this machine has no ::1; one listener is right")
	} else {
		_ = probe.Close()
	}
	ls, lerr := listen("localhost:0")
	if lerr != nil {
		t.Fatal(lerr)
	}
	ports := map[int]bool{}
	for _, l := range ls {
		ports[l.Addr().(*net.TCPAddr).Port] = true
		_ = l.Close()
	}
	if err == nil && (len(ls) != 2 || len(ports) != 1) {
		t.Errorf("%d listeners on ports %v", len(ls), ports)
	}
}

func TestTakenPortSaysWhatToDo(t *testing.T) {
	for _, network := range []string{"127.0.0.1:0", "[::1]:0"} {
		blocker, err := net.Listen("tcp", network)
		if err != nil {
			continue // no ::1 here
		}
		_, port, _ := net.SplitHostPort(blocker.Addr().String())
		_, err = listen("localhost:" + port)
		var taken *TakenError
		if !errors.As(err, &taken) || taken.Port != port || !strings.Contains(err.Error(), "-addr localhost:") {
			t.Errorf("%s: %v", network, err)
		}
		_ = blocker.Close()
	}
}

func TestClientReachesTheDemoAndNothingElse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	hub := trace.NewHub()
	server := &http.Server{Handler: hub.Wrap(look.IdP, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Host)
	}))}
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	c := client(hub, look.Shop, l.Addr())
	for _, host := range []string{"idp.localhost:8080", "localhost:1", "a.b.localhost"} {
		resp, err := c.Get("http://" + host + "/")
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if string(b) != host {
			t.Errorf("asked for %s, reached %s", host, b)
		}
	}
	for _, url := range []string{"http://example.com/", "http://localhost.example.com/", "http://127.0.0.1/", "http://notlocalhost/"} {
		if resp, err := c.Get(url); err == nil {
			_ = resp.Body.Close()
			t.Errorf("%s was reached", url)
		}
	}
	for _, x := range hub.All() {
		if x.From != look.Shop {
			t.Errorf("a call of the shop's is drawn from %s", x.From)
		}
	}
}

func TestHosts(t *testing.T) {
	o := originsAt("8080")
	say := func(s string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, s) })
	}
	h := &byHost{origins: o, home: say("home"), sites: map[string]http.Handler{"shop.localhost": say("shop")}}
	for host, want := range map[string]string{
		"shop.localhost:8080": "shop", "SHOP.localhost.:8080": "shop", "shop.localhost": "shop",
		"localhost:8080": "home", "home.localhost:8080": "home", "127.0.0.1:8080": "home", "[::1]:8080": "home",
		"evil.example": "", "xshop.localhost": "", "": "",
	} {
		w := &recorder{header: http.Header{}}
		h.ServeHTTP(w, &http.Request{Method: "GET", Host: host, URL: mustURL("/"), Header: http.Header{}})
		switch {
		case want != "" && (w.body.String() != want || w.status > 200):
			t.Errorf("%q: %d %q", host, w.status, w.body.String())
		case want == "" && (w.status != 404 || !strings.Contains(w.body.String(), o.Shop)):
			t.Errorf("%q: %d %q", host, w.status, w.body.String())
		}
	}
	w := &recorder{header: http.Header{}}
	h.ServeHTTP(w, &http.Request{Method: "GET", Host: "<script>alert(1)</script>", URL: mustURL("/"), Header: http.Header{}})
	if strings.Contains(w.body.String(), "<script>") {
		t.Error("the host is written without escaping")
	}
}

func TestOriginsLeaveOutTheDefaultPort(t *testing.T) {
	if o := originsAt("80"); o.Shop != "http://shop.localhost" {
		t.Error(o.Shop)
	}
	if o := originsAt("8080"); o.Shop != "http://shop.localhost:8080" || o.Home != "http://localhost:8080" {
		t.Error(o)
	}
}
