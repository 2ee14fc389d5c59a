package idpmem_test

import (
	"testing"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/store/mem/idpmem"
	"github.com/bonafides-dev/bonafides/store/storetest"
)

func TestIdP(t *testing.T) {
	storetest.IdP(t, func(*testing.T) directory.Store { return new(idpmem.Store) })
}
