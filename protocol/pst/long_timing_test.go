//go:build long && unix

package pst

import (
	"crypto/rand"
	"encoding/binary"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/voprf"
)

// The secret operations are timed on two classes of secrets, a fixed one and
// random ones, mixed at random, and the classes are compared by Welch's t-test
// (Reparaz, Balasch, Verbauwhede: "Dude, is my code constant time?", DATE 2017).
// A |t| that stays above 10 and grows with the number of samples means a leak; a
// small one means that none was seen, on this machine, with these classes and
// this many samples. It is no proof: TestSecretsStayInConstantTimeCode of
// internal/p384 looks at the code itself.
//
// BONAFIDES_TIMING_SAMPLES sets the number of samples of each operation.
func TestLongTiming(t *testing.T) {
	samples := 200_000
	if s := os.Getenv("BONAFIDES_TIMING_SAMPLES"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1000 {
			t.Fatalf("BONAFIDES_TIMING_SAMPLES=%q is not a number of at least 1000", s)
		}
		samples = n
	}
	fixed := timingKey(t, 1) // the smallest key: every digit but one is zero
	for _, op := range []struct {
		name string
		// prepare makes one run with a secret of the class; only the run is timed.
		prepare func(random bool) func()
	}{
		{"blind", func(random bool) func() {
			// The blind cannot be chosen: it is drawn inside. The classes are a
			// fixed and a random nonce, which is the secret input.
			// Both classes draw: what drawing leaves of the caches would show.
			nonce := make([]byte, NonceSize)
			rand.Read(nonce)
			if !random {
				clear(nonce)
			}
			inputs := [][]byte{nonce}
			return func() { voprf.Blind(inputs) }
		}},
		{"evaluate", func(random bool) func() {
			key := pick(t, fixed, random)
			// A new request each time, for both classes: the weight of the proof
			// is a hash of the public key and the elements, public, and is
			// multiplied in variable time. With one request it would be one number
			// for the fixed key and many for the others.
			request, _, err := Begin(fixed.PublicKey(), 1)
			if err != nil {
				t.Fatal(err)
			}
			return func() { key.Issue(request, 1) }
		}},
		{"redeem", func() func(bool) func() {
			other, err := voprf.GenerateKey()
			if err != nil {
				t.Fatal(err)
			}
			element, err := other.Element(make([]byte, NonceSize))
			if err != nil {
				t.Fatal(err)
			}
			return func(random bool) func() {
				key := pick(t, fixed, random)
				// Neither class verifies the token, so both take the same path.
				token := &Token{KeyID: key.ID(), w: element}
				return func() {
					if key.Verify(token) == nil {
						panic("a token of another key verified")
					}
				}
			}
		}()},
	} {
		t.Run(op.name, func(t *testing.T) {
			value, threshold := welch(samples, op.prepare)
			t.Logf("result: t = %.2f over %d samples, the largest of the cut-offs: %s", value, samples, threshold)
			if math.Abs(value) > 10 {
				t.Errorf("|t| = %.2f is above 10: the two classes take different times", math.Abs(value))
			}
		})
	}
}

func timingKey(t *testing.T, last byte) *PrivateKey {
	t.Helper()
	b := make([]byte, PrivateKeySize)
	b[3], b[PrivateKeySize-1] = 1, last
	k, err := ParsePrivateKey(b)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func pick(t *testing.T, fixed *PrivateKey, random bool) *PrivateKey {
	t.Helper()
	// Both classes do the same work outside the timed part.
	k, err := GenerateKey(1)
	if err != nil {
		t.Fatal(err)
	}
	if !random {
		b := fixed.Bytes()
		if k, err = ParsePrivateKey(b); err != nil {
			t.Fatal(err)
		}
	} else if k, err = ParsePrivateKey(k.Bytes()); err != nil {
		t.Fatal(err)
	}
	return k
}

// welch returns the t of largest magnitude over several cut-offs: interruptions
// make a long tail, which the cut-offs leave out for both classes alike.
func welch(samples int, prepare func(random bool) func()) (t float64, which string) {
	times := [2][]float64{}
	var coins [8]byte
	for i := range samples + samples/10 {
		if i%64 == 0 {
			rand.Read(coins[:])
		}
		class := int(binary.LittleEndian.Uint64(coins[:]) >> (i % 64) & 1)
		run := prepare(class == 1)
		start := time.Now()
		run()
		took := time.Since(start)
		if i >= samples/10 { // the first ones warm up
			times[class] = append(times[class], float64(took))
		}
	}
	all := slices.Concat(times[0], times[1])
	slices.Sort(all)
	for _, percent := range []int{50, 75, 90, 95, 99, 100} {
		limit := all[len(all)*percent/100-1]
		var n, mean, m2 [2]float64
		for class, list := range times {
			for _, x := range list {
				if x > limit {
					continue
				}
				n[class]++
				d := x - mean[class]
				mean[class] += d / n[class]
				m2[class] += d * (x - mean[class])
			}
		}
		v := (mean[0] - mean[1]) / math.Sqrt(m2[0]/(n[0]-1)/n[0]+m2[1]/(n[1]-1)/n[1])
		if math.Abs(v) > math.Abs(t) {
			t, which = v, strconv.Itoa(percent)+" % fastest"
		}
	}
	return t, which
}
