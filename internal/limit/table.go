package limit

import (
	"encoding/binary"
	"math/bits"
)

const (
	// levels are how a table ranks its entries: level n holds those that stand for
	// 2^n events or more, the last one all above.
	levels = 8
	// tableSize is how many keys a table holds: some 4 MB.
	tableSize = 1 << 16
)

// table is a map with an end. When it is full, one entry leaves for each that
// comes, found in a fixed number of steps: the oldest of a level, if it no longer
// counts, else the oldest of the lowest level that holds more than its share.
//
// So whoever wants an entry out that stands for n events has to fill its level's
// share with younger ones of its kind: that takes about size/levels*n events of
// other keys, each of which was counted too. Many keys of one event each push out
// nothing but each other, and an entry of one event is not pushed out by what
// stands above it.
type table struct {
	size  int
	heads []int32 // chains of equal hash, by the key's first bits
	slots []slot
	free  int32 // chain of unused slots
	count int
	rank  [levels]struct {
		oldest, newest int32
		count          int
	}
}

// slot is an entry. References are positions in slots plus one; 0 is none.
type slot struct {
	key          Key
	value        int64
	until        int64 // when the entry no longer counts, in Unix nanoseconds
	chain        int32
	older, newer int32
	level        int32
}

// newTable makes a table of at least size keys. It takes no memory before the
// first key comes.
func newTable(size int) *table {
	size = max(size, levels)
	return &table{size: 1 << bits.Len(uint(size-1))}
}

func (t *table) head(k Key) *int32 {
	return &t.heads[binary.LittleEndian.Uint64(k[:])&uint64(t.size-1)]
}

func (t *table) find(k Key) *slot {
	if t.heads == nil {
		return nil
	}
	for at := *t.head(k); at != 0; at = t.slots[at-1].chain {
		if s := &t.slots[at-1]; s.key == k {
			return s
		}
	}
	return nil
}

// put sets the entry of k, which stands for n events (1 or more) until a time, and
// makes it the youngest of its level.
func (t *table) put(k Key, value, until int64, n int, now int64) {
	level := int32(min(bits.Len(uint(max(n, 1)))-1, levels-1))
	if s := t.find(k); s != nil {
		at := t.unrank(s)
		s.value, s.until, s.level = value, until, level
		t.ranked(at)
		return
	}
	if t.heads == nil {
		t.heads = make([]int32, t.size)
	}
	if t.count == t.size {
		t.evict(level, now)
	}
	at := t.free
	if at != 0 {
		t.free = t.slots[at-1].chain
	} else {
		t.slots = append(t.slots, slot{})
		at = int32(len(t.slots))
	}
	h := t.head(k)
	t.slots[at-1] = slot{key: k, value: value, until: until, level: level, chain: *h}
	*h = at
	t.count++
	t.ranked(at)
}

// evict makes room for an entry of a level.
func (t *table) evict(level int32, now int64) {
	share := t.size / levels
	victim := int32(0)
	for i := range t.rank {
		r := &t.rank[i]
		if r.oldest != 0 && t.slots[r.oldest-1].until <= now {
			victim = r.oldest
			break
		}
		n := r.count
		if int32(i) == level {
			n++
		}
		// With the one that comes there are more than all shares, so one is found.
		if victim == 0 && n > share && r.oldest != 0 {
			victim = r.oldest
		}
	}
	t.remove(t.slots[victim-1].key)
}

func (t *table) remove(k Key) {
	s := t.find(k)
	if s == nil {
		return
	}
	at := t.unrank(s)
	p := t.head(k)
	for *p != at {
		p = &t.slots[*p-1].chain
	}
	*p = s.chain
	*s = slot{chain: t.free}
	t.free = at
	t.count--
}

// ranked appends an entry to the list of its level.
func (t *table) ranked(at int32) {
	s := &t.slots[at-1]
	r := &t.rank[s.level]
	s.older, s.newer = r.newest, 0
	if r.newest != 0 {
		t.slots[r.newest-1].newer = at
	} else {
		r.oldest = at
	}
	r.newest = at
	r.count++
}

// unrank takes an entry out of the list of its level and says where it stands.
func (t *table) unrank(s *slot) (at int32) {
	r := &t.rank[s.level]
	if s.older != 0 {
		at = t.slots[s.older-1].newer
		t.slots[s.older-1].newer = s.newer
	} else {
		at = r.oldest
		r.oldest = s.newer
	}
	if s.newer != 0 {
		t.slots[s.newer-1].older = s.older
	} else {
		r.newest = s.older
	}
	r.count--
	return at
}
