//go:build unix

package oidc

import (
	"syscall"
	"testing"
)

// reportCPU adds the CPU time of each operation to a benchmark, which a machine
// that does other things as well does not blur as it blurs wall time.
func reportCPU(b *testing.B) func() {
	start := cpuTime(b)
	return func() { b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N), "cpu-ns/op") }
}

func cpuTime(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// BenchmarkOver is what a whole verification takes more than the signature check,
// in CPU time: both in turn, a few at a time, so that they meet the same machine
// and each finds the caches as the other leaves them.
func BenchmarkOver(b *testing.B) {
	const turn = 8
	cases, config, now := benchCases(b)
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			var bare, whole int64
			for b.Loop() {
				start := cpuTime(b)
				for range turn {
					if !c.bare() {
						b.Fatal("bad signature")
					}
				}
				middle := cpuTime(b)
				for range turn {
					if _, err := Verify(c.token, config, now); err != nil {
						b.Fatal(err)
					}
				}
				bare += middle - start
				whole += cpuTime(b) - middle
			}
			b.ReportMetric(float64(whole-bare)/float64(turn*b.N), "over-ns/token")
		})
	}
}
