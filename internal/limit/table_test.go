package limit

import (
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"
	"unsafe"
)

func name(kind string, i int) Key { return Of(kind, strconv.Itoa(i)) }

// check walks the whole table, as no code but this does.
func (t *table) check(tb testing.TB) {
	tb.Helper()
	ranked := 0
	for level, r := range t.rank {
		n, older := 0, int32(0)
		for at := r.oldest; at != 0; at = t.slots[at-1].newer {
			s := &t.slots[at-1]
			if s.older != older || s.level != int32(level) || t.find(s.key) != s {
				tb.Fatalf("slot %d stands wrong in level %d", at, level)
			}
			n, older = n+1, at
		}
		if n != r.count || r.newest != older {
			tb.Fatalf("level %d has %d entries and counts %d", level, n, r.count)
		}
		ranked += n
	}
	if ranked != t.count || t.count > t.size || len(t.slots) > t.size {
		tb.Fatalf("%d ranked, %d counted, %d slots, %d at most", ranked, t.count, len(t.slots), t.size)
	}
}

func TestATableIsAMapUntilItIsFull(t *testing.T) {
	type entry struct{ value, until int64 }
	want, tab, r := map[Key]entry{}, newTable(256), rand.New(rand.NewPCG(1, 2))
	for i := range 20_000 {
		k := name("k", r.IntN(250))
		if r.IntN(3) == 0 {
			tab.remove(k)
			delete(want, k)
		} else {
			e := entry{r.Int64(), r.Int64()}
			tab.put(k, e.value, e.until, r.IntN(300), 0)
			want[k] = e
		}
		if i%100 == 0 {
			tab.check(t)
		}
	}
	for i := range 250 {
		k := name("k", i)
		e, ok := want[k]
		if s := tab.find(k); (s != nil) != ok || ok && (s.value != e.value || s.until != e.until) {
			t.Errorf("key %d: %v, want %v", i, s, e)
		}
	}
}

func TestAFullTableForgetsWhatNoLongerCountsFirst(t *testing.T) {
	tab := newTable(64)
	for i := range 64 {
		tab.put(name("k", i), 0, 1000, 1<<(i%3), 0)
	}
	tab.put(name("k", 2), 0, 10, 4, 0) // now the youngest
	for i := range 64 {
		if i%3 == 2 && i != 2 { // so that it is the oldest of its level
			tab.put(name("k", i), 0, 1000, 4, 0)
		}
	}
	tab.put(name("new", 0), 0, 1000, 1, 10)
	if tab.find(name("k", 2)) != nil || tab.find(name("k", 0)) == nil {
		t.Error("an entry left that counts, and one that does not stayed")
	}
	tab.check(t)
}

// Somebody who wants an entry forgotten fills the table with other keys.
func TestWashingAnEntryOutCostsMoreThanItIsWorth(t *testing.T) {
	const size = 1024
	share := size / levels
	for level := range levels {
		tab, victim := newTable(size), Of("victim")
		// All levels are as full as the attacker can make them before.
		for l := range levels {
			for i := range size {
				tab.put(name("before"+strconv.Itoa(l), i), 0, 1<<60, 1<<l, 0)
			}
		}
		tab.put(victim, 7, 1<<60, 1<<level, 0)
		spent, i := 0, 0
		for ; tab.find(victim) != nil; i++ {
			if i > 10*size {
				t.Fatalf("level %d: it stays whatever comes", level)
			}
			tab.put(name("wash", i), 0, 1<<60, 1<<level, 0)
			spent += 1 << level
		}
		if spent < share<<level {
			t.Errorf("level %d: an entry of %d events was out after %d others", level, 1<<level, spent)
		}
		tab.check(t)
	}
	// Keys of one event each do not touch what stands for more, however many.
	tab := newTable(size)
	for i := range share {
		tab.put(name("guessed", i), 0, 1<<60, 16, 0)
	}
	for i := range 100 * size {
		tab.put(name("noise", i), 0, 1<<60, 1, 0)
	}
	for i := range share {
		if tab.find(name("guessed", i)) == nil {
			t.Fatalf("entry %d was pushed out by noise", i)
		}
	}
}

// heap is how many bytes are in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestAMillionKeysTakeAsMuchMemoryAsTheTableHolds(t *testing.T) {
	before := heap()
	tab := newTable(tableSize)
	for i := range tableSize {
		tab.put(name("k", i), 0, 1<<60, 1, 0)
	}
	full := heap() - before
	most := full
	for i := range 1_000_000 - tableSize {
		tab.put(name("more", i), 0, 1<<60, 1+i%40, 0)
		if i%100_000 == 0 {
			most = max(most, heap()-before)
		}
	}
	after := heap() - before
	t.Logf("%d bytes a slot; full %d bytes, %d a key; most %d", unsafe.Sizeof(slot{}), full, full/tableSize, most)
	if len(tab.slots) != tableSize || tab.count != tableSize {
		t.Errorf("%d slots, %d keys", len(tab.slots), tab.count)
	}
	if most > 6<<20 || after > full+64<<10 {
		t.Errorf("full %d bytes, most %d, after a million keys %d", full, most, after)
	}
	runtime.KeepAlive(tab)
}

func TestAnEmptyTableTakesNothing(t *testing.T) {
	if tab := newTable(tableSize); tab.heads != nil || tab.slots != nil || tab.find(Of("k")) != nil {
		t.Error("memory was taken before the first key")
	}
	newTable(tableSize).remove(Of("k"))
}

func TestKeysDependOnWhereTheTextsAreCut(t *testing.T) {
	seen := map[Key]bool{}
	for _, parts := range [][]string{{}, {""}, {"", ""}, {"ab"}, {"a", "b"}, {"a", "b", ""}, {"b", "a"}, {"a\x00b"}} {
		if k := Of(parts...); seen[k] {
			t.Errorf("%q has another's key", parts)
		} else if seen[k] = true; k != Of(parts...) {
			t.Errorf("%q has two keys", parts)
		}
	}
}

func BenchmarkTable(b *testing.B) {
	tab := newTable(tableSize)
	for i := 0; b.Loop(); i++ {
		var k Key
		k[0], k[1], k[2], k[3] = byte(i), byte(i>>8), byte(i>>16), byte(i>>24)
		tab.put(k, 0, 1<<60, 1+i%40, 0)
	}
}
