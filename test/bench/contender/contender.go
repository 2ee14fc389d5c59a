// Package contender is one side of the benchmarks: a process that knows some
// operations and measures one whenever it is told to.
//
// It first prints "ops" and the names of its operations. Each line "NAME MS" on
// standard input is answered by "NAME NANOSECONDS ALLOCATIONS": CPU time and heap
// allocations per item, over runs that took about MS milliseconds. An operation
// with a bare part adds the CPU time that it takes over that. Only one contender
// of a comparison works at a time, so that all see the same machine.
package contender

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
)

// An Op is one operation.
type Op struct {
	Name  string
	Items int // how many tokens, points or checks one run covers
	// Prepare makes what n runs use up; it is not measured. It may be nil.
	Prepare func(n int)
	// Run is called with 0 to n-1. It panics when its result is wrong.
	Run func(i int)
	// Bare is the part of Run that everybody has to do, if only what Run takes
	// over it is of interest. It may be nil.
	Bare func()
}

// Serve answers until standard input ends. One core is used.
func Serve(ops ...Op) {
	runtime.GOMAXPROCS(1)
	names := make([]string, len(ops))
	byName := map[string]*Op{}
	runs := map[string]int{}
	for i := range ops {
		names[i] = ops[i].Name
		byName[ops[i].Name] = &ops[i]
		runs[ops[i].Name] = 1
	}
	fmt.Println("ops", strings.Join(names, " "))
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var name string
		var ms int64
		if _, err := fmt.Sscan(in.Text(), &name, &ms); err != nil || byName[name] == nil {
			fmt.Fprintf(os.Stderr, "not an operation: %q\n", in.Text())
			os.Exit(2)
		}
		op := byName[name]
		for {
			n := runs[name]
			took, allocs := measure(op, n)
			if took >= ms*1e6*3/4 || n >= 1<<22 {
				per := float64(n * op.Items)
				fmt.Printf("%s %.1f %.1f", name, float64(took)/per, float64(allocs)/per)
				if op.Bare != nil {
					fmt.Printf(" %.1f", over(op, n))
				}
				fmt.Println()
				break
			}
			runs[name] = int(min(float64(10*n), max(float64(n+1), float64(n)*float64(ms)*1e6/float64(max(took, 1)))))
		}
	}
}

func measure(op *Op, n int) (nanoseconds int64, allocs uint64) {
	if op.Prepare != nil {
		op.Prepare(n)
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := cpu()
	for i := range n {
		op.Run(i)
	}
	nanoseconds = cpu() - start
	runtime.ReadMemStats(&after)
	return nanoseconds, after.Mallocs - before.Mallocs
}

// over returns the nanoseconds that a run of op takes more than the bare part of
// it. They are a small difference of two numbers that a busy machine moves by
// more than that, so the two take turns every few milliseconds, in one process,
// and meet the same machine. The garbage of both is collected in the time of
// whoever is at work, so that turns are of many lengths.
func over(op *Op, n int) float64 {
	runtime.GC()
	var with, without int64
	const least = 16
	done := 0
	for turn := 0; done < n; turn++ {
		size := least + turn%least
		start := cpu()
		for i := range size {
			op.Run(i)
		}
		middle := cpu()
		for range size {
			op.Bare()
		}
		with += middle - start
		without += cpu() - middle
		done += size
	}
	return float64(with-without) / float64(done)
}

// cpu is the CPU time of the process, the garbage collector's included.
func cpu() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// Must panics with an error: a benchmark of something that failed is none.
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Check panics with an error.
func Check(err error) {
	if err != nil {
		panic(err)
	}
}
