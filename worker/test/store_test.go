// Package test holds the Worker's stores, as workerd runs them, to what every store
// of spent tokens promises.
package test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/store/storetest"
)

// runtime is store.mjs at work.
type runtime struct {
	url   string
	in    io.Writer
	lines *bufio.Scanner
}

func start(t *testing.T) *runtime {
	t.Helper()
	cmd := exec.Command("node", "store.mjs")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("store.mjs: %v", err)
		}
	})
	r := &runtime{in: in, lines: bufio.NewScanner(out)}
	r.read(t)
	return r
}

func (r *runtime) read(t *testing.T) {
	t.Helper()
	if !r.lines.Scan() {
		t.Fatal("store.mjs ended")
	}
	r.url = r.lines.Text()
}

// restart stops workerd hard and starts it again.
func (r *runtime) restart(t *testing.T) {
	t.Helper()
	fmt.Fprintln(r.in)
	r.read(t)
}

// store is one store of the Worker.
type store struct {
	r          *runtime
	kind, name string
}

func (s *store) call(ctx context.Context, out any, method string, args ...any) error {
	body, err := json.Marshal(append([]any{}, args...))
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, "POST", s.r.url+"/"+s.kind+"/"+s.name+"/"+method, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return err
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%s: %d %s", method, resp.StatusCode, answer)
	}
	return json.Unmarshal(answer, out)
}

// keyLives is long enough for every token of the tests.
var keyLives = time.Date(2035, 1, 1, 0, 0, 0, 0, time.UTC).Unix()

func (s *store) spend(ctx context.Context, keyID uint32, nonce [pst.NonceSize]byte, at time.Time, expires int64) error {
	var answer struct {
		First bool
		At    int64
	}
	err := s.call(ctx, &answer, "spend", keyID, base64.StdEncoding.EncodeToString(nonce[:]), at.Unix(), expires)
	switch {
	case err != nil:
		return err
	case answer.First:
		return nil
	}
	return &issuer.AlreadySpentError{At: time.Unix(answer.At, 0).UTC()}
}

func (s *store) Spend(ctx context.Context, keyID uint32, nonce [pst.NonceSize]byte, at time.Time) error {
	return s.spend(ctx, keyID, nonce, at, keyLives)
}

// ahead is how far the clock of workerd is ahead of that of storetest, which
// stands. A challenge that has expired by the first may be forgotten at once.
var ahead = time.Since(now)

func (s *store) Use(ctx context.Context, id [32]byte, expires time.Time) error {
	var first bool
	err := s.call(ctx, &first, "use", base64.StdEncoding.EncodeToString(id[:]), expires.Add(ahead).Unix())
	if err == nil && !first {
		return issuer.ErrUsed
	}
	return err
}

func (s *store) Count(ctx context.Context, origin string, day issuer.Day) error {
	var nothing any
	return s.call(ctx, &nothing, "count", origin, day)
}

func (s *store) Counts(ctx context.Context, since issuer.Day) ([]issuer.OriginCount, error) {
	var counts []issuer.OriginCount
	err := s.call(ctx, &counts, "counts", since)
	return counts, err
}

var opened atomic.Int64

func (r *runtime) open(t *testing.T, kind string) *store {
	t.Helper()
	s := &store{r, kind, strconv.FormatInt(opened.Add(1), 10)}
	var nothing any
	if err := s.call(t.Context(), &nothing, "open"); err != nil {
		t.Fatal(err)
	}
	return s
}

var now = time.Date(2026, 5, 4, 14, 2, 0, 0, time.UTC)

func TestStoresOfTheWorkerKeepEveryPromise(t *testing.T) {
	r := start(t)
	for _, kind := range []string{"durable", "d1"} {
		t.Run(kind, func(t *testing.T) {
			storetest.Tokens(t, func(t *testing.T) issuer.SpentStore { return r.open(t, kind) })
			storetest.Once(t, func(t *testing.T) issuer.OnceStore { return r.open(t, kind) })
			storetest.Counts(t, func(t *testing.T) storetest.CountStore { return r.open(t, kind) })

			t.Run("what was kept is there after workerd was stopped hard", func(t *testing.T) {
				s := r.open(t, kind)
				if err := s.Spend(t.Context(), 1, [64]byte{1}, now); err != nil {
					t.Fatal(err)
				}
				if err := s.Use(t.Context(), [32]byte{1}, now.Add(time.Hour)); err != nil {
					t.Fatal(err)
				}
				if err := s.Count(t.Context(), "https://a.example", 20000); err != nil {
					t.Fatal(err)
				}
				r.restart(t)
				if err := s.Spend(t.Context(), 1, [64]byte{1}, now.Add(time.Hour)); spentAt(err) != now.Unix() {
					t.Errorf("a spent token: %v", err)
				}
				if err := s.Use(t.Context(), [32]byte{1}, now.Add(time.Hour)); err != issuer.ErrUsed {
					t.Errorf("a used challenge: %v", err)
				}
				if c, err := s.Counts(t.Context(), 20000); err != nil || len(c) != 1 || c[0].Count != 1 {
					t.Errorf("%v, %v", c, err)
				}
				if err := s.Spend(t.Context(), 1, [64]byte{2}, now); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func spentAt(err error) int64 {
	if e, ok := err.(*issuer.AlreadySpentError); ok {
		return e.At.Unix()
	}
	return 0
}

// An object forgets by its alarm, an hour after the key has expired: then no token
// of that key is ever a first time again.
func TestADurableObjectForgetsWhenTheKeyHasRetired(t *testing.T) {
	r := start(t)
	s := r.open(t, "durable")
	nonce, other := [64]byte{7}, [64]byte{7, 1} // of one object
	soon := time.Now().Unix() - 3600 + 5
	if err := s.spend(t.Context(), 3, nonce, now, soon); err != nil {
		t.Fatal(err)
	}
	if err := s.spend(t.Context(), 3, nonce, now, soon); spentAt(err) != now.Unix() {
		t.Errorf("before the alarm: %v", err)
	}
	// A key whose tokens live longer keeps what it knows.
	if err := s.spend(t.Context(), 4, nonce, now, keyLives); err != nil {
		t.Fatal(err)
	}
	forgotten := func(err error) bool { return err != nil && strings.Contains(err.Error(), "was forgotten") }
	for until := time.Now().Add(60 * time.Second); ; time.Sleep(500 * time.Millisecond) {
		err := s.spend(t.Context(), 3, nonce, now, soon)
		if forgotten(err) {
			break
		}
		if spentAt(err) == 0 {
			t.Fatalf("a spent token: %v", err)
		}
		if time.Now().After(until) {
			t.Fatal("the alarm did not ring")
		}
	}
	for _, expires := range []int64{soon, keyLives} {
		if err := s.spend(t.Context(), 3, other, now, expires); !forgotten(err) {
			t.Errorf("a first time after all was forgotten: %v", err)
		}
	}
	if err := s.spend(t.Context(), 4, nonce, now, keyLives); spentAt(err) != now.Unix() {
		t.Errorf("another key: %v", err)
	}
	r.restart(t)
	if err := s.spend(t.Context(), 3, other, now, keyLives); !forgotten(err) {
		t.Errorf("after a restart: %v", err)
	}
}
