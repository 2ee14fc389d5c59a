//go:build !tinygo

package main

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"os"
	"strconv"

	"github.com/cloudflare/circl/group"
)

// writeTape prints what circl hashes random messages to, for n comparisons.
func writeTape(count string) {
	n, err := strconv.Atoi(count)
	must("the number of comparisons", err)
	out := bufio.NewWriter(os.Stdout)
	for i := range (n + 1) / 2 {
		msg, dst := make([]byte, i%300), make([]byte, 1+i%255)
		rand.Read(msg)
		rand.Read(dst)
		point, err := group.P384.HashToElement(msg, dst).MarshalBinary()
		must("circl", err)
		scalar, err := group.P384.HashToScalar(msg, dst).MarshalBinary()
		must("circl", err)
		fmt.Fprintf(out, "%x %x %x %x\n", msg, dst, point, scalar)
	}
	must("the tape", out.Flush())
	if failed > 0 {
		os.Exit(1)
	}
}
