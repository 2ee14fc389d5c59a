//go:build postgres

package idpstore_test

import (
	"testing"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/store/idpstore"
	"github.com/bonafides-dev/bonafides/store/internal/pgtest"
	"github.com/bonafides-dev/bonafides/store/storetest"
)

func TestPostgres(t *testing.T) {
	storetest.IdP(t, func(t *testing.T) directory.Store {
		s, err := idpstore.OpenPostgres(t.Context(), pgtest.URL(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	})
}
