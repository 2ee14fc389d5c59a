package main

import (
	"crypto/rand"
	"fmt"
	"runtime"
	"syscall"

	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/oprf"
)

// cpu is the CPU time of this process in microseconds, garbage collection
// included.
func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		fail(err)
	}
	us := func(t syscall.Timeval) float64 { return float64(t.Sec)*1e6 + float64(t.Usec) }
	return us(u.Utime) + us(u.Stime)
}

// best prints the shortest of a few runs of f, each of enough repetitions to be
// measured, divided by the batch.
func best(op string, batch int, f func()) {
	repeat := max(1, 40/batch)
	shortest := 1e18
	for range 6 {
		t := cpu()
		for range repeat {
			f()
		}
		shortest = min(shortest, (cpu()-t)/float64(repeat))
	}
	fmt.Printf("%s %d %.2f\n", op, batch, shortest/float64(batch))
}

func must[T any](v T, err error) T {
	if err != nil {
		fail(err)
	}
	return v
}

// ours takes bytes in and gives bytes out at every step, as a server does.
func ours() {
	runtime.GOMAXPROCS(1)
	key := must(pst.GenerateKey(1))
	pub := key.PublicKey()
	for _, n := range []int{1, 10, 100} {
		var states []*pst.Pending
		best("begin", n, func() {
			req, p, err := pst.Begin(pub, n)
			if err != nil {
				fail(err)
			}
			req.Bytes()
			states = append(states[:0], p)
		})
		req, pending, err := pst.Begin(pub, n)
		if err != nil {
			fail(err)
		}
		in := req.Bytes()
		var out []byte
		best("issue", n, func() {
			out = must(key.Issue(must(pst.ParseIssueRequest(in)), n)).Bytes()
		})
		saved := pending.Bytes()
		var tokens []pst.Token
		best("finish", n, func() {
			// A request is finished once: read it again each time, which is not
			// part of the work (and is counted).
			p := must(pst.ParsePending(saved))
			tokens = must(p.Finish(must(pst.ParseIssueResponse(out))))
		})
		raw := tokens[0].Bytes()
		if n == 1 {
			best("redeem", 1, func() {
				if err := key.Verify(must(pst.ParseToken(raw))); err != nil {
					fail(err)
				}
			})
		}
		if n == 100 {
			list := make([]*pst.Token, n)
			for i := range list {
				list[i] = &tokens[i]
			}
			best("redeem", n, func() {
				for _, err := range key.VerifyAll(list) {
					if err != nil {
						fail(err)
					}
				}
			})
		}
	}
}

func circl() {
	runtime.GOMAXPROCS(1)
	key := must(oprf.GenerateKey(oprf.SuiteP384, rand.Reader))
	server := oprf.NewVerifiableServer(oprf.SuiteP384, key)
	client := oprf.NewVerifiableClient(oprf.SuiteP384, key.Public())
	for _, n := range []int{1, 10, 100} {
		inputs := make([][]byte, n)
		for i := range inputs {
			inputs[i] = make([]byte, 64)
			rand.Read(inputs[i])
		}
		best("begin", n, func() {
			_, req, err := client.Blind(inputs)
			if err != nil {
				fail(err)
			}
			marshal(req.Elements)
		})
		fin, req, err := client.Blind(inputs)
		if err != nil {
			fail(err)
		}
		in := marshal(req.Elements)
		var ev *oprf.Evaluation
		best("issue", n, func() {
			ev = must(server.Evaluate(&oprf.EvaluationRequest{Elements: unmarshal(in)}))
			marshal(ev.Elements)
			must(ev.Proof.MarshalBinary())
		})
		out := marshal(ev.Elements)
		best("finish", n, func() {
			must(client.Finalize(fin, &oprf.Evaluation{Elements: unmarshal(out), Proof: ev.Proof}))
		})
		if n == 1 {
			best("redeem", 1, func() { must(server.FullEvaluate(inputs[0])) })
		}
	}
}

func marshal(elements []group.Element) (out [][]byte) {
	for _, e := range elements {
		out = append(out, must(e.MarshalBinary()))
	}
	return out
}

func unmarshal(in [][]byte) (out []group.Element) {
	for _, b := range in {
		e := group.P384.NewElement()
		if err := e.UnmarshalBinary(b); err != nil {
			fail(err)
		}
		out = append(out, e)
	}
	return out
}
