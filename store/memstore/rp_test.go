package memstore_test

import (
	"testing"

	"github.com/bonafides-dev/bonafides/store/memstore"
	"github.com/bonafides-dev/bonafides/store/storetest"
)

func TestRP(t *testing.T) {
	storetest.RP(t, func(*testing.T) storetest.RPStore { return new(memstore.RP) })
}
