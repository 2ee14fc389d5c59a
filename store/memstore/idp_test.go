package memstore_test

import (
	"testing"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/store/memstore"
	"github.com/bonafides-dev/bonafides/store/storetest"
)

func TestIdP(t *testing.T) {
	storetest.IdP(t, func(*testing.T) idpserver.Store { return new(memstore.IdP) })
}
