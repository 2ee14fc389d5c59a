package spentmem_test

import (
	"testing"

	"github.com/bonafides-dev/bonafides/store/mem/spentmem"
	"github.com/bonafides-dev/bonafides/store/storetest"
)

func TestSpent(t *testing.T) {
	storetest.Spent(t, func(*testing.T) storetest.SpentStore { return new(spentmem.Store) }, nil)
}
