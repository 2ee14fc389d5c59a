package web

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// serve runs a Server whose deadlines are shortened to what a test has time for.
func serve(t *testing.T, h http.HandlerFunc) net.Conn {
	t.Helper()
	s := Server(h, slog.New(slog.DiscardHandler))
	for _, d := range []*time.Duration{&s.ReadHeaderTimeout, &s.ReadTimeout, &s.WriteTimeout, &s.IdleTimeout} {
		if *d <= 0 || *d > 5*time.Minute {
			t.Fatalf("a deadline of %v", *d)
		}
		*d /= 100
	}
	if s.MaxHeaderBytes <= 0 || s.MaxHeaderBytes > 1<<20 {
		t.Fatalf("headers of %d bytes", s.MaxHeaderBytes)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	return c
}

func TestWhoHoldsAConnectionIsLetGo(t *testing.T) {
	for name, sent := range map[string]string{
		"nothing":                "",
		"half a header":          "GET / HTTP/1.1\r\nHost: x\r\n",
		"a body that never ends": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\na",
		"and then nothing more":  "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
			if _, err := io.WriteString(c, sent); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, c); err != nil { // ends when the server does
				t.Errorf("the connection stands: %v", err)
			}
		})
	}
}

func TestAnEndlessAnswerGoesOnPastTheDeadlines(t *testing.T) {
	for _, endless := range []bool{true, false} {
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if endless {
				Endless(w)
			}
			control := http.NewResponseController(w)
			_ = control.Flush()
			select { // longer than a server's minute, shortened
			case <-time.After(1500 * time.Millisecond):
			case <-r.Context().Done(): // as after a read deadline
				return
			}
			_, _ = io.WriteString(w, "late")
			_ = control.Flush()
		})
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(res.Body)
		if got := strings.Contains(string(b), "late"); got != endless {
			t.Errorf("endless %v: %q", endless, b)
		}
	}
}
