package storetest

import (
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"

	"github.com/bonafides-dev/bonafides/issuer"
)

func take(t *testing.T, s SpentStore, account string, day issuer.Day, ask, limit, want int) {
	t.Helper()
	if got, err := s.Take(t.Context(), account, day, ask, limit); err != nil || got != want {
		t.Errorf("took %d, %v; want %d", got, err, want)
	}
}

func budgetLeft(t *testing.T, s SpentStore) {
	for _, c := range []struct{ ask, limit, want int }{
		{10, 30, 10}, {15, 30, 15}, {15, 30, 5}, {1, 30, 0}, {30, 30, 0},
		{10, 20, 0},           // the limit was lowered
		{10, 36, 6},           // and raised
		{0, 99, 0},            // nothing asked for
		{-5, 99, 0},           // nor less
		{5, 0, 0}, {5, -1, 0}, // no budget
		{100, 40, 4},
	} {
		take(t, s, "ada", 20000, c.ask, c.limit, c.want)
	}
}

func budgetDistinct(t *testing.T, s SpentStore) {
	take(t, s, "ada", 20000, 30, 30, 30)
	take(t, s, "grace", 20000, 30, 30, 30)
	take(t, s, "Ada", 20000, 30, 30, 30)
	take(t, s, "ada", 20001, 30, 30, 30)
	take(t, s, "ada", 20000, 30, 30, 0)
}

func budgetRace(t *testing.T, s SpentStore) {
	var sum atomic.Int64
	parallel(50, func(int) {
		n, err := s.Take(t.Context(), "ada", 20000, 7, 100)
		if err != nil {
			t.Error(err)
		}
		sum.Add(int64(n))
	})
	if sum.Load() != 100 {
		t.Errorf("together they got %d of 100", sum.Load())
	}
}

func wantCounts(t *testing.T, s CountStore, since issuer.Day, want ...issuer.OriginCount) {
	t.Helper()
	got, err := s.Counts(t.Context(), since)
	if err != nil || len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Errorf("counts %v, %v; want %v", got, err, want)
	}
}

func counted(t *testing.T, s CountStore) {
	wantCounts(t, s, 0)
	parallel(60, func(i int) {
		o := []string{"https://a.example", "https://b.example", "https://b.example"}[i%3]
		if err := s.Count(t.Context(), o, 20000); err != nil {
			t.Error(err)
		}
	})
	must(t, s.Count(t.Context(), "https://b.example", 20001))
	must(t, s.Count(t.Context(), "https://c.example", 20000))
	wantCounts(t, s, 20000,
		issuer.OriginCount{Origin: "https://b.example", Day: 20001, Count: 1},
		issuer.OriginCount{Origin: "https://b.example", Day: 20000, Count: 40},
		issuer.OriginCount{Origin: "https://a.example", Day: 20000, Count: 20},
		issuer.OriginCount{Origin: "https://c.example", Day: 20000, Count: 1})
	wantCounts(t, s, 20001, issuer.OriginCount{Origin: "https://b.example", Day: 20001, Count: 1})
	wantCounts(t, s, 20002)
}

var hostileText = []string{"'; DROP TABLE spent; --", `"`, "", "ünï", "%_", fmt.Sprintf("%0500d", 1)}

func budgetHostileText(t *testing.T, s SpentStore) {
	for _, text := range hostileText {
		take(t, s, text, 20000, 5, 5, 5)
		take(t, s, text, 20000, 5, 5, 0)
	}
}

func countHostileText(t *testing.T, s CountStore) {
	for i, text := range hostileText {
		must(t, s.Count(t.Context(), text, issuer.Day(30000+i)))
		wantCounts(t, s, issuer.Day(30000+i), issuer.OriginCount{Origin: text, Day: issuer.Day(30000 + i), Count: 1})
	}
}
