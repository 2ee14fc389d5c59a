//go:build postgres

package rpstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/internal/pgtest"
	"github.com/bonafides-dev/bonafides/store/rpstore"
	"github.com/bonafides-dev/bonafides/store/storetest"
)

func openPostgres(t *testing.T, url string) *rpstore.Store {
	t.Helper()
	s, err := rpstore.OpenPostgres(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestPostgres(t *testing.T) {
	storetest.RP(t, func(t *testing.T) storetest.RPStore { return openPostgres(t, pgtest.URL(t)) })
}

func TestPostgresOfTwoProcesses(t *testing.T) {
	storetest.RPShared(t, func(t *testing.T) [2]storetest.RPStore {
		url := pgtest.URL(t)
		return [2]storetest.RPStore{openPostgres(t, url), openPostgres(t, url)}
	})
}

func TestPostgresLeasesToOneOfManyProcesses(t *testing.T) { leaseByProcesses(t, pgtest.URL(t)) }

func TestPostgresProcessesRenewOneTokenOnce(t *testing.T) { renewByProcesses(t, pgtest.URL(t)) }

// A sweep may forget a nonce while the statement that uses it again waits for it, with
// the epoch of before in its hands.
func TestPostgresRefusesWhatASweepForgotMeanwhile(t *testing.T) {
	url := pgtest.URL(t)
	s := openPostgres(t, url)
	ctx, now, hash := t.Context(), time.Now().Add(time.Minute), [32]byte{1}
	if err := s.UseNonce(ctx, hash, now, now.Add(time.Minute), now); err != nil {
		t.Fatal(err)
	}
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	sweep, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer sweep.Close(context.WithoutCancel(ctx))
	tx, err := sweep.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{`UPDATE nonces_epoch SET made_from = made_from + 7200000`, `DELETE FROM used_nonces`} {
		if _, err := tx.Exec(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	used := make(chan error)
	go func() { used <- s.UseNonce(ctx, hash, now, now.Add(time.Minute), now) }()
	watch, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close(context.WithoutCancel(ctx))
	for waiting := 0; waiting == 0; { // until it waits for the sweep
		select {
		case err := <-used:
			t.Fatalf("it did not wait: %v", err)
		default:
		}
		if err := watch.QueryRow(ctx, `SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'`).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if err := <-used; !errors.Is(err, rpserver.ErrNonceUnknown) {
		t.Errorf("used twice: %v", err)
	}
}
