//go:build postgres

package rpstore_test

import (
	"testing"

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
