package stack

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
)

// listen opens the listeners for addr. "localhost:PORT" means 127.0.0.1 and,
// where the machine has it, ::1, because browsers try both. Port 0 takes a free
// one. Anything but this machine's own addresses is refused: the demo shows
// every party's messages to whoever can reach it.
func listen(addr string) ([]net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("the address %q is not HOST:PORT: write it like localhost:8080", addr)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return nil, fmt.Errorf("the port %q is not a number from 0 to 65535", port)
	}
	both := host == "localhost" || strings.HasSuffix(host, ".localhost")
	if both {
		host = "127.0.0.1"
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("the demo listens on this machine only, and %q is not a loopback address: use localhost:%s. "+
			"It shows what every party received, which nobody else should see", host, port)
	}
	for try := 0; ; try++ {
		first, err := net.Listen("tcp", net.JoinHostPort(ip.String(), port))
		if err != nil {
			return nil, explain(err, port)
		}
		if !both {
			return []net.Listener{first}, nil
		}
		_, got, _ := net.SplitHostPort(first.Addr().String())
		second, err := net.Listen("tcp6", net.JoinHostPort("::1", got))
		switch {
		case err == nil:
			return []net.Listener{first, second}, nil
		case !inUse(err):
			return []net.Listener{first}, nil // no IPv6 here; browsers fall back
		case port == "0" && try < 10:
			_ = first.Close() // somebody has that port on ::1; take another
		default:
			_ = first.Close()
			return nil, explain(err, port)
		}
	}
}

// TakenError says that another program listens on the port.
type TakenError struct {
	Port string
	Err  error
}

func (e *TakenError) Error() string {
	next := 8081
	if n, err := strconv.Atoi(e.Port); err == nil && n < 65535 {
		next = n + 1
	}
	return fmt.Sprintf("port %s is taken by another program (perhaps another run of this demo). Stop that one, or take another port: -addr localhost:%d", e.Port, next)
}

func (e *TakenError) Unwrap() error { return e.Err }

func explain(err error, port string) error {
	switch {
	case inUse(err):
		return &TakenError{port, err}
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("this user may not listen on port %s: take one above 1023, like -addr localhost:8080", port)
	}
	return fmt.Errorf("cannot listen: %w", err)
}

func inUse(err error) bool {
	var number syscall.Errno
	return errors.Is(err, syscall.EADDRINUSE) ||
		errors.As(err, &number) && number == 10048 // WSAEADDRINUSE, which Windows returns
}
