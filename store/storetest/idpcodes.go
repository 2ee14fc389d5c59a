package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
)

func idpCode(n int, account string) directory.Code {
	return directory.Code{
		Purpose: directory.CodeEmail, Hash: sha256.Sum256(fmt.Append(nil, n)),
		Account: account, Data: []byte("ada@example.test"), Expires: idpNow.Add(time.Minute),
	}
}

func idpCodeOnce(t *testing.T, s directory.Store) {
	ctx := context.Background()
	want := idpCode(1, "a")
	must(t, s.PutCode(ctx, want))
	if err := s.PutCode(ctx, want); err == nil {
		t.Error("a hash that is already there was accepted")
	}
	got, err := s.TakeCode(ctx, want.Purpose, want.Hash, idpNow)
	must(t, err)
	if !reflect.DeepEqual(*got, want) {
		t.Errorf("code = %+v\nwant   %+v", *got, want)
	}
	_, err = s.TakeCode(ctx, want.Purpose, want.Hash, idpNow)
	wantNotFound(t, err)
}

func idpCodeBound(t *testing.T, s directory.Store) {
	ctx := context.Background()
	c := idpCode(1, "a")
	must(t, s.PutCode(ctx, c))
	_, err := s.TakeCode(ctx, "another purpose", c.Hash, idpNow)
	wantNotFound(t, err)
	_, err = s.TakeCode(ctx, c.Purpose, sha256.Sum256([]byte("guess")), idpNow)
	wantNotFound(t, err)
	_, err = s.TakeCode(ctx, c.Purpose, c.Hash, c.Expires)
	wantNotFound(t, err)
	_, err = s.TakeCode(ctx, c.Purpose, c.Hash, c.Expires.Add(-time.Millisecond))
	must(t, err)
}

func idpCodeRace(t *testing.T, s directory.Store) {
	for round := range 5 {
		c := idpCode(round, "a")
		must(t, s.PutCode(context.Background(), c))
		var won atomic.Int32
		parallel(24, func(int) {
			switch _, err := s.TakeCode(context.Background(), c.Purpose, c.Hash, idpNow); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, directory.ErrNotFound):
				t.Errorf("error = %v", err)
			}
		})
		if won.Load() != 1 {
			t.Fatalf("%d takers got the code", won.Load())
		}
	}
}

func idpCodeDrop(t *testing.T, s directory.Store) {
	ctx := context.Background()
	mine, mine2, other := idpCode(1, "a"), idpCode(2, "a"), idpCode(3, "b")
	kind := idpCode(4, "a")
	kind.Purpose = "another purpose"
	for _, c := range []directory.Code{mine, mine2, other, kind} {
		must(t, s.PutCode(ctx, c))
	}
	must(t, s.DropCodes(ctx, directory.CodeEmail, "a"))
	for _, c := range []directory.Code{mine, mine2} {
		_, err := s.TakeCode(ctx, c.Purpose, c.Hash, idpNow)
		wantNotFound(t, err)
	}
	for _, c := range []directory.Code{other, kind} {
		_, err := s.TakeCode(ctx, c.Purpose, c.Hash, idpNow)
		must(t, err)
	}
}
