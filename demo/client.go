package main

import (
	"errors"
	"strings"

	"github.com/bonafides-dev/bonafides/demo/stack"
)

// clientFlags is the value of -client, which may come several times.
type clientFlags []stack.Client

func (c *clientFlags) String() string { return "" }

func (c *clientFlags) Set(s string) error {
	id, rest, ok := strings.Cut(s, "=")
	parts := strings.Split(rest, ",")
	if !ok || id == "" || parts[0] == "" {
		return errors.New(`it is ID=ORIGIN, for example mysite=http://site.localhost:9000`)
	}
	*c = append(*c, stack.Client{ID: id, Origin: strings.TrimSuffix(parts[0], "/"), RedirectURIs: parts[1:]})
	return nil
}
