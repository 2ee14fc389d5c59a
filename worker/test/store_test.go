// Package test holds the Worker's stores, as workerd runs them, to what every store
// of spent tokens promises.
package test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/internal/exchange"
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

// key is a token key as the Worker has it.
type key struct {
	ID      uint32 `json:"id"`
	Public  string `json:"public"`
	Expires int64  `json:"expires"`
}

func (s *store) Admit(ctx context.Context, keys ...issuer.TokenKey) error {
	list := []key{}
	for _, k := range keys {
		list = append(list, key{k.ID, hex.EncodeToString(k.Public[:]), k.Expires.Unix()})
	}
	var change *struct {
		ID     uint32
		Change issuer.KeyChange
	}
	err := s.call(ctx, &change, "admit", list)
	if err == nil && change != nil {
		return &issuer.KeyChangedError{ID: change.ID, Change: change.Change}
	}
	return err
}

func (s *store) Purge(ctx context.Context, ring []issuer.TokenKey, now time.Time) ([]uint32, error) {
	ids := []uint32{}
	for _, k := range ring {
		ids = append(ids, k.ID)
	}
	var purged struct{ Keys []uint32 }
	err := s.call(ctx, &purged, "purge", ids, now.Add(-issuer.SpentGrace).Unix())
	return purged.Keys, err
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func (s *store) Spend(ctx context.Context, keyID uint32, nonce [pst.NonceSize]byte) error {
	row := exchange.SpentRow(keyID, nonce)
	var answer string
	if err := s.call(ctx, &answer, "spend", keyID, b64(nonce[:]), b64(row[:])); err != nil {
		return err
	}
	switch answer {
	case "first":
		return nil
	case "spent":
		return issuer.ErrAlreadySpent
	case "forgotten":
		return issuer.ErrKeyForgotten
	}
	return fmt.Errorf("spend: %q", answer)
}

// object is the Durable Object of a token.
func object(keyID uint32, nonce [pst.NonceSize]byte) string {
	return fmt.Sprintf("spent %d %x", keyID, nonce[0]>>4)
}

// old spends a token as the first version of the Worker did.
func (s *store) old(t *testing.T, keyID uint32, nonce [pst.NonceSize]byte, expires int64) {
	t.Helper()
	s.do(t, "old", keyID, b64(nonce[:]), object(keyID, nonce), expires)
}

func (s *store) do(t *testing.T, method string, args ...any) {
	t.Helper()
	var nothing any
	if err := s.call(t.Context(), &nothing, method, args...); err != nil {
		t.Fatal(err)
	}
}

// ahead is how far the clock of workerd is ahead of that of storetest, which
// stands. A challenge that has expired by the first may be forgotten at once.
var ahead = time.Since(now).Truncate(time.Second)

// live is a store for storetest's keys, whose time is long ago for workerd: objects
// would forget them by their alarms while a test uses them.
type live struct{ *store }

func (s live) Admit(ctx context.Context, keys ...issuer.TokenKey) error {
	var moved []issuer.TokenKey
	for _, k := range keys {
		k.Expires = k.Expires.Add(ahead)
		moved = append(moved, k)
	}
	return s.store.Admit(ctx, moved...)
}

func (s live) Purge(ctx context.Context, ring []issuer.TokenKey, now time.Time) ([]uint32, error) {
	return s.store.Purge(ctx, ring, now.Add(ahead))
}

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

// ends is when the tests' keys expire.
var ends = time.Date(2035, 1, 1, 0, 0, 0, 0, time.UTC)

var now = time.Date(2026, 5, 4, 14, 2, 0, 0, time.UTC)

func TestStoresOfTheWorkerKeepEveryPromise(t *testing.T) {
	r := start(t)
	for _, kind := range []string{"durable", "d1"} {
		t.Run(kind, func(t *testing.T) {
			storetest.Tokens(t, func(t *testing.T) issuer.SpentStore { return live{r.open(t, kind)} })
			storetest.Keys(t, func(t *testing.T) storetest.KeyStore { return live{r.open(t, kind)} })
			storetest.Once(t, func(t *testing.T) issuer.OnceStore { return r.open(t, kind) })
			storetest.Counts(t, func(t *testing.T) storetest.CountStore { return r.open(t, kind) })

			t.Run("what was kept is there after workerd was stopped hard", func(t *testing.T) {
				s := r.open(t, kind)
				if err := s.Admit(t.Context(), storetest.Key(1, "one", ends)); err != nil {
					t.Fatal(err)
				}
				if err := s.Spend(t.Context(), 1, [64]byte{1}); err != nil {
					t.Fatal(err)
				}
				if err := s.Use(t.Context(), [32]byte{1}, now.Add(time.Hour)); err != nil {
					t.Fatal(err)
				}
				if err := s.Count(t.Context(), "https://a.example", 20000); err != nil {
					t.Fatal(err)
				}
				r.restart(t)
				if err := s.Spend(t.Context(), 1, [64]byte{1}); err != issuer.ErrAlreadySpent {
					t.Errorf("a spent token: %v", err)
				}
				if err := s.Use(t.Context(), [32]byte{1}, now.Add(time.Hour)); err != issuer.ErrUsed {
					t.Errorf("a used challenge: %v", err)
				}
				if c, err := s.Counts(t.Context(), 20000); err != nil || len(c) != 1 || c[0].Count != 1 {
					t.Errorf("%v, %v", c, err)
				}
				if err := s.Spend(t.Context(), 1, [64]byte{2}); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
