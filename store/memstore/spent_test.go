package memstore_test

import (
	"testing"

	"github.com/bonafides-dev/bonafides/store/memstore"
	"github.com/bonafides-dev/bonafides/store/storetest"
)

func TestSpent(t *testing.T) {
	storetest.Spent(t, func(*testing.T) storetest.SpentStore { return new(memstore.Spent) }, nil)
}
