package issuer_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/store/mem/spentmem"
)

func newWork(t testing.TB, change func(*issuer.WorkConfig)) *issuer.ProofOfWork {
	t.Helper()
	c := issuer.WorkConfig{Difficulty: 8, Tokens: 5, Once: new(spentmem.Store),
		Key: bytes.Repeat([]byte{3}, 32), Now: func() time.Time { return start }}
	if change != nil {
		change(&c)
	}
	p, err := issuer.NewProofOfWork(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func solve(t testing.TB, p *issuer.ProofOfWork, now time.Time) string {
	t.Helper()
	challenge, err := p.Challenge(now)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := issuer.SolveWork(t.Context(), challenge)
	if err != nil {
		t.Fatal(err)
	}
	return proof
}

func TestProofOfWorkGrantsOnce(t *testing.T) {
	p := newWork(t, nil)
	proof := solve(t, p, start)
	if d := decide(t, p, issuer.Facts{Now: start, Proof: proof}); d.Tokens != 5 || d.Reason != "granted" {
		t.Fatalf("%+v", d)
	}
	if d := decide(t, p, issuer.Facts{Now: start, Proof: proof}); d.Tokens != 0 || d.Reason != "proof_of_work_used" {
		t.Errorf("the same proof again: %+v", d)
	}
	// Another solution of the same puzzle is the same puzzle.
	challenge, number, _ := strings.Cut(proof, ".")
	n, _ := strconv.ParseUint(number, 10, 64)
	for n++; ; n++ {
		other := challenge + "." + strconv.FormatUint(n, 10)
		d := decide(t, p, issuer.Facts{Now: start, Proof: other})
		if d.Reason == "proof_of_work_invalid" {
			continue
		}
		if d.Reason != "proof_of_work_used" || d.Tokens != 0 {
			t.Errorf("another solution of a used challenge: %+v", d)
		}
		break
	}
}

func TestProofOfWorkInParallelGrantsOnce(t *testing.T) {
	p := newWork(t, nil)
	proof := solve(t, p, start)
	var granted atomic.Int32
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			d, err := p.Decide(t.Context(), issuer.Facts{Now: start, Proof: proof})
			if err != nil {
				t.Error(err)
			}
			if d.Tokens > 0 {
				granted.Add(1)
			}
		})
	}
	wg.Wait()
	if granted.Load() != 1 {
		t.Errorf("granted %d times", granted.Load())
	}
}

func TestProofsOfWorkThatAreRefused(t *testing.T) {
	p := newWork(t, nil)
	proof := solve(t, p, start)
	challenge, number, _ := strings.Cut(proof, ".")
	raw, err := base64.RawURLEncoding.DecodeString(challenge)
	if err != nil {
		t.Fatal(err)
	}
	edit := func(at int, with byte) string {
		b := bytes.Clone(raw)
		b[at] = with
		s, err := issuer.SolveWork(t.Context(), base64.RawURLEncoding.EncodeToString(b))
		if err != nil {
			return base64.RawURLEncoding.EncodeToString(b) + "." + number
		}
		return s
	}
	var wrong string
	for n := 0; ; n++ { // a number that is no solution
		wrong = challenge + "." + strconv.Itoa(n)
		if sha256.Sum256([]byte(wrong))[0] != 0 {
			break
		}
	}
	for _, c := range []struct{ name, proof, want string }{
		{"nothing", "", "proof_of_work_missing"},
		{"no number", challenge, "proof_of_work_invalid"},
		{"an empty number", challenge + ".", "proof_of_work_invalid"},
		{"a number that is none", challenge + ".x", "proof_of_work_invalid"},
		{"a number with a zero in front", challenge + ".0" + number, "proof_of_work_invalid"},
		{"a number with a sign", challenge + ".+" + number, "proof_of_work_invalid"},
		{"a second number", proof + ".1", "proof_of_work_invalid"},
		{"no solution", wrong, "proof_of_work_invalid"},
		{"a challenge cut short", challenge[1:] + "." + number, "proof_of_work_invalid"},
		{"a longer challenge", "A" + proof, "proof_of_work_invalid"},
		{"padding", challenge + "=." + number, "proof_of_work_invalid"},
		{"an easier challenge", edit(1, 0), "proof_of_work_invalid"},
		{"a challenge that lasts longer", edit(9, 0xff), "proof_of_work_invalid"},
		{"another version", edit(0, 2), "proof_of_work_invalid"},
		{"another tag", edit(len(raw)-1, raw[len(raw)-1]^1), "proof_of_work_invalid"},
		{"a challenge of another issuer", solve(t, newWork(t, func(c *issuer.WorkConfig) { c.Key = bytes.Repeat([]byte{4}, 32) }), start), "proof_of_work_invalid"},
		{"an expired one", solve(t, p, start.Add(-5*time.Minute)), "proof_of_work_expired"},
	} {
		if d := decide(t, p, issuer.Facts{Now: start, Proof: c.proof}); d.Tokens != 0 || d.Reason != c.want {
			t.Errorf("%s: %+v, want %s", c.name, d, c.want)
		}
	}
	if d := decide(t, p, issuer.Facts{Now: start, Proof: proof}); d.Tokens != 5 {
		t.Errorf("all of that used the challenge up: %+v", d)
	}
}

type noOnce struct{}

func (noOnce) Use(context.Context, [32]byte, time.Time) error { return errors.New("away") }

func TestProofOfWorkWithoutItsStoreDecidesNothing(t *testing.T) {
	p := newWork(t, func(c *issuer.WorkConfig) { c.Once = noOnce{} })
	if d, err := p.Decide(t.Context(), issuer.Facts{Now: start, Proof: solve(t, p, start)}); err == nil || d.Tokens != 0 {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestProofOfWorkOverHTTP(t *testing.T) {
	f := serve(t, func(_ *fixture, c *issuer.Config) { c.Policy = newWork(t, nil) })
	p := newWork(t, nil)
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest("GET", "/issue/challenge", nil))
	var got struct {
		Challenge  string
		Difficulty int
		Expires    int64
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Difficulty != 8 || got.Expires != start.Add(5*time.Minute).Unix() {
		t.Fatalf("%s, %v", w.Body, err)
	}
	if w.Header().Get("Cache-Control") != "no-store" {
		t.Error("a challenge may be cached")
	}
	proof, err := issuer.SolveWork(t.Context(), got.Challenge)
	if err != nil {
		t.Fatal(err)
	}
	f.secret([]byte(proof))
	if n := len(f.issue("POST", issuer.IssuePath, 30, issuer.ProofHeader, proof)); n != 5 {
		t.Errorf("%d tokens", n)
	}
	if n := len(f.issue("POST", issuer.IssuePath, 30, issuer.ProofHeader, proof)); n != 0 {
		t.Errorf("%d tokens for a used proof", n)
	}
	w = httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest("POST", "/issue/challenge", nil))
	if w.Code != 405 {
		t.Errorf("POST was answered %d", w.Code)
	}
}

func TestProofOfWorkConfigurations(t *testing.T) {
	for name, change := range map[string]func(*issuer.WorkConfig){
		"too easy": func(c *issuer.WorkConfig) { c.Difficulty = 7 }, "too hard": func(c *issuer.WorkConfig) { c.Difficulty = 41 },
		"no store": func(c *issuer.WorkConfig) { c.Once = nil }, "short key": func(c *issuer.WorkConfig) { c.Key = make([]byte, 31) },
		"for ever": func(c *issuer.WorkConfig) { c.Lifetime = 25 * time.Hour }, "for never": func(c *issuer.WorkConfig) { c.Lifetime = -1 },
	} {
		c := issuer.WorkConfig{Difficulty: 8, Tokens: 5, Once: new(spentmem.Store)}
		change(&c)
		if _, err := issuer.NewProofOfWork(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	// Who says nothing asks for what costs something.
	w := httptest.NewRecorder()
	newWork(t, func(c *issuer.WorkConfig) { c.Difficulty = 0 }).ServeHTTP(w, httptest.NewRequest("GET", "/issue/challenge", nil))
	if !strings.Contains(w.Body.String(), `"difficulty":20,`) {
		t.Errorf("the default is %s", w.Body)
	}
	// Without a key each process makes its own.
	a, b := newWork(t, func(c *issuer.WorkConfig) { c.Key = nil }), newWork(t, func(c *issuer.WorkConfig) { c.Key = nil })
	if d := decide(t, b, issuer.Facts{Now: start, Proof: solve(t, a, start)}); d.Tokens != 0 {
		t.Error("two processes share a key that nobody gave them")
	}
}

// What somebody pays for the tokens of one solution, in time of one core; what it
// says of a difficulty stands at WorkConfig. The time of one solution is by chance,
// so let it make many (-benchtime 100x), on a machine that does nothing else.
func BenchmarkSolveWork(b *testing.B) {
	for _, bits := range []int{16, 20, 24} {
		b.Run(strconv.Itoa(bits), func(b *testing.B) {
			p := newWork(b, func(c *issuer.WorkConfig) { c.Difficulty = bits })
			for b.Loop() {
				solve(b, p, start)
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/float64(uint64(1)<<bits), "ns/hash")
		})
	}
}

func FuzzProofOfWork(f *testing.F) {
	p := newWork(f, nil)
	f.Add(solve(f, p, start))
	f.Add("")
	f.Add(".")
	f.Add(strings.Repeat("A", 78) + ".1")
	form := regexp.MustCompile(`^[A-Za-z0-9_-]{78}\.(0|[1-9][0-9]*)$`)
	f.Fuzz(func(t *testing.T, proof string) {
		d, err := p.Decide(t.Context(), issuer.Facts{Now: start, Proof: proof})
		if err != nil {
			t.Fatal(err)
		}
		accepted := d.Tokens > 0 || d.Reason == issuer.ReasonWorkUsed
		if accepted && (!form.MatchString(proof) || sha256.Sum256([]byte(proof))[0] != 0) {
			t.Errorf("%q was accepted", proof)
		}
	})
}
