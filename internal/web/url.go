package web

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"

	"github.com/bonafides-dev/bonafides/protocol/origin"
)

// SecureURL reads an absolute URL whose pages are a secure context: https, or http
// on this machine. It has no user name and no fragment. Unlike an origin it may be
// written in more than one way: with capitals in its host, or the scheme's own port.
func SecureURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, errors.New("is not a URL")
	case u.Host == "" || u.Hostname() == "" || u.User != nil || u.Opaque != "":
		return nil, errors.New("must be an absolute URL, like https://host.example/path")
	case u.Fragment != "" || strings.Contains(raw, "#"):
		return nil, errors.New("must have no fragment")
	}
	if err := origin.CheckSecure(OriginOf(u)); err != nil {
		return nil, err
	}
	return u, nil
}

// ErrLinked is the error of [LinkedURL] for an address that its document may not
// lead to.
var ErrLinked = errors.New("leads from another host, or from https, to this machine: only what is on it leads to it, and to http only what is http")

// LinkedURL reads a URL that the document at from names, a discovery document its
// endpoints. It is a [SecureURL], and on this machine only where from is: what
// another host says of localhost is about services that are none of its own, and
// what is sent there by http is read there.
func LinkedURL(from, raw string) (*url.URL, error) {
	source, err := SecureURL(from)
	if err != nil {
		return nil, err
	}
	u, err := SecureURL(raw)
	if err != nil {
		return nil, err
	}
	if here(u) && !(here(source) && (u.Scheme == "https" || source.Scheme == "http")) {
		return nil, ErrLinked
	}
	return u, nil
}

// here tells whether the host of a URL is this machine, in whatever spelling: a
// client that is not ours may connect to any of them.
func here(u *url.URL) bool {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if a, err := netip.ParseAddr(host); err == nil {
		a = a.Unmap()
		return a.IsLoopback() || a.IsUnspecified() // to connect to 0.0.0.0 reaches this machine
	}
	return origin.IsLoopback(host)
}

// OriginOf is the origin of an absolute URL as browsers write it.
func OriginOf(u *url.URL) string {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	if own := map[string]string{"https": ":443", "http": ":80"}[scheme]; own != "" {
		host = strings.TrimSuffix(host, own)
	}
	return scheme + "://" + host
}
