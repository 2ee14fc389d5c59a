package web

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestOnlyAddressesOfThePublicInternetArePublic(t *testing.T) {
	for _, a := range []string{
		"1.1.1.1", "9.9.9.9", "93.184.215.14", "100.63.255.255", "100.128.0.1", "172.15.255.255", "172.32.0.1", "223.255.255.255",
		"2606:4700:4700::1111", "2a00:1450:4001:800::200e", "::ffff:1.1.1.1",
	} {
		if !IsPublic(netip.MustParseAddr(a)) {
			t.Errorf("%s is refused", a)
		}
	}
	for _, a := range []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254", "169.254.169.254",
		"172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255",
		"198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1",
		"64:ff9b::10.0.0.1", "64:ff9b::1.1.1.1", "64:ff9b:1::1", "100::1", "2001::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::1", "2002:a00:1::",
		"3fff::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "2606:4700::1%eth0", "fec0::1", "ff02::1", "5f00::1", "4000::1",
	} {
		if IsPublic(netip.MustParseAddr(a)) {
			t.Errorf("%s is taken for public", a)
		}
	}
	if IsPublic(netip.Addr{}) {
		t.Error("no address is taken for public")
	}
}

// example.com is the name in the certificate of httptest.
func TestANameWithAPrivateAddressIsNotConnectedTo(t *testing.T) {
	var connections atomic.Int32
	_, port, roots := site(t, "127.0.0.1:0", &connections, hello)
	n := &names{of: map[string][]string{
		"loopback.example.com": {"127.0.0.1"}, "mapped.example.com": {"::ffff:127.0.0.1"}, "ten.example.com": {"10.0.0.1"},
		"cloud.example.com": {"169.254.169.254"}, "six.example.com": {"::1"}, "nat.example.com": {"64:ff9b::7f00:1"}, "any.example.com": {"0.0.0.0"},
	}}
	c := client(t, Outbound{RootCAs: roots, resolver: n.resolver(t)})
	for name := range n.of {
		if _, err := get(c, "https://"+name+":"+port+"/"); !errors.Is(err, ErrNotPublic) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, host := range []string{"127.0.0.1", "[::ffff:127.0.0.1]", "[::1]", "localhost", "127.1", "0"} {
		if _, err := get(c, "https://"+host+":"+port+"/"); err == nil {
			t.Errorf("%s: connected", host)
		}
	}
	if connections.Load() != 0 {
		t.Errorf("%d connections", connections.Load())
	}
}

func TestANameThatResolvesDifferentlyTheSecondTimeGainsNothing(t *testing.T) {
	var public, private atomic.Int32
	_, port, roots := site(t, "127.0.0.2:0", &public, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close") // so that the name is resolved anew
		hello(w, r)
	})
	victim, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { victim.Close() })
	go func() {
		for {
			conn, err := victim.Accept()
			if err != nil {
				return
			}
			private.Add(1)
			conn.Close()
		}
	}()
	n := &names{of: map[string][]string{"example.com": {"127.0.0.2", "127.0.0.1"}}}
	// 127.0.0.2 plays an address that is allowed.
	c := client(t, Outbound{RootCAs: roots, resolver: n.resolver(t), Private: []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}})
	if body, err := get(c, "https://example.com:"+port+"/"); err != nil || body != "hello" {
		t.Fatalf("%q %v", body, err)
	}
	if _, err := get(c, "https://example.com:"+port+"/"); !errors.Is(err, ErrNotPublic) {
		t.Errorf("%v", err)
	}
	if public.Load() != 1 || private.Load() != 0 {
		t.Errorf("%d and %d connections", public.Load(), private.Load())
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	var hits atomic.Int32
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer target.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		from := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, target.URL, status) }))
		c := client(t, Outbound{Loopback: []string{from.URL, target.URL}})
		if _, err := get(c, from.URL); !errors.Is(err, ErrRedirect) {
			t.Errorf("%d: %v", status, err)
		}
		if res, err := c.Post(from.URL, "text/plain", strings.NewReader("secret")); err == nil {
			res.Body.Close()
			t.Errorf("%d: a post was redirected", status)
		}
		from.Close()
	}
	if hits.Load() != 0 {
		t.Error("the target was asked")
	}
}

func TestThisMachineIsReachedByListedOriginsAlone(t *testing.T) {
	var connections atomic.Int32
	plain := httptest.NewServer(http.HandlerFunc(hello))
	defer plain.Close()
	_, port, _ := net.SplitHostPort(plain.Listener.Addr().String())
	_, tlsPort, roots := site(t, "127.0.0.1:0", &connections, hello)
	n := &names{of: map[string][]string{"example.com": {"127.0.0.1"}, "issuer.localhost": {"10.0.0.1"}}}
	c := client(t, Outbound{Loopback: []string{"http://issuer.localhost:" + port, "https://127.0.0.1:" + tlsPort}, RootCAs: roots, resolver: n.resolver(t)})
	for _, good := range []string{"http://issuer.localhost:" + port + "/x", "http://ISSUER.localhost:" + port, "https://127.0.0.1:" + tlsPort} {
		if body, err := get(c, good); err != nil || body != "hello" {
			t.Errorf("%s: %q %v", good, body, err)
		}
	}
	for bad, want := range map[string]error{
		"http://other.localhost:" + port:     ErrNotHTTPS, // the same server by another name
		"http://127.0.0.1:" + port:           ErrNotHTTPS,
		"http://127.0.0.1:" + tlsPort:        ErrNotHTTPS, // listed as https
		"http://example.com:" + port:         ErrNotHTTPS,
		"https://localhost:" + tlsPort:       ErrNotPublic,
		"https://example.com:" + tlsPort:     ErrNotPublic, // resolves to a listed address
		"https://other.localhost:" + tlsPort: nil,
		"ftp://issuer.localhost:" + port:     ErrNotHTTPS,
	} {
		if _, err := get(c, bad); err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, asked := range n.asked {
		if strings.HasSuffix(asked, "issuer.localhost") {
			t.Error("a resolver was asked for a name on this machine")
		}
	}
	for _, bad := range []string{"http://issuer.example", "http://10.0.0.1", "issuer.localhost", "http://issuer.localhost/", "ftp://localhost", "http://localhost.example", ""} {
		if _, err := (Outbound{Loopback: []string{bad}}).Client(); err == nil {
			t.Errorf("%q is listed as an origin on this machine", bad)
		}
	}
}

func TestAnAnswerThatIsTooLongIsNoAnswer(t *testing.T) {
	text := strings.Repeat("x", 1000)
	for _, chunked := range []bool{false, true} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if chunked {
				w.(http.Flusher).Flush()
			}
			_, _ = io.WriteString(w, text)
		}))
		defer s.Close()
		for _, limit := range []int64{1000, 1 << 20, 0} {
			if body, err := get(client(t, Outbound{Loopback: []string{s.URL}, MaxBody: limit}), s.URL); err != nil || body != text {
				t.Errorf("%d: %d %v", limit, len(body), err)
			}
		}
		for _, limit := range []int64{999, 1} {
			if body, err := get(client(t, Outbound{Loopback: []string{s.URL}, MaxBody: limit}), s.URL); !errors.Is(err, ErrAnswerTooLong) || int64(len(body)) > limit {
				t.Errorf("%d: %d %v", limit, len(body), err)
			}
		}
	}
}

func TestNoProxyOfTheEnvironmentIsUsed(t *testing.T) {
	var proxied, direct atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { proxied.Add(1); w.WriteHeader(502) }))
	defer proxy.Close()
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"} {
		t.Setenv(name, proxy.URL)
	}
	t.Setenv("NO_PROXY", "")
	_, port, roots := site(t, "127.0.0.2:0", &direct, hello)
	n := &names{of: map[string][]string{"example.com": {"127.0.0.2"}}}
	o := Outbound{RootCAs: roots, resolver: n.resolver(t), Private: []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}}
	if body, err := get(client(t, o), "https://example.com:"+port); err != nil || body != "hello" || proxied.Load() != 0 {
		t.Errorf("%q %v, %d through the proxy", body, err, proxied.Load())
	}
	// One that was asked for is used, and its own address is judged.
	o.InsecureProxy = func(*http.Request) (*url.URL, error) { return url.Parse(proxy.URL) }
	if _, err := get(client(t, o), "https://example.com:"+port); !errors.Is(err, ErrNotPublic) || proxied.Load() != 0 {
		t.Errorf("%v", err)
	}
	o.Private = append(o.Private, netip.MustParsePrefix("127.0.0.1/32"))
	if _, err := get(client(t, o), "https://example.com:"+port); err == nil || proxied.Load() != 1 {
		t.Errorf("%v, %d through the proxy", err, proxied.Load())
	}
}

func TestAServerThatNeverAnswersIsGivenUp(t *testing.T) {
	end := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		<-end
	}))
	defer s.Close()
	defer close(end)
	if _, err := get(client(t, Outbound{Loopback: []string{s.URL}, Timeout: 50 * time.Millisecond}), s.URL); err == nil {
		t.Error("no error")
	}
}

func TestAnAddressWithAPasswordIsNotAsked(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(hello))
	defer s.Close()
	_, err := get(client(t, Outbound{Loopback: []string{s.URL}}), strings.Replace(s.URL, "http://", "http://name:hunter2@", 1))
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
}
