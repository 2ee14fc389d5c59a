package trace

import (
	"context"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/bonafides-dev/bonafides/demo/look"
)

// What is kept. Pages and assets have their own share, so that browsing does
// not push the protocol's messages out.
const (
	maxProtocol = 400       // exchanges of the two flows
	maxPages    = 200       // pages, assets and the sites' own actions
	maxBody     = 64 << 10  // bytes kept of one body, each way
	maxAlike    = 256 << 10 // bytes kept of equal exchanges in a row
	maxRaw      = 24 << 20  // bytes kept of all messages together
)

// A Hub collects the exchanges of all parties. Its methods may be called from
// many goroutines.
type Hub struct {
	// InsecureKeepSecrets keeps cookies and passwords in what [Hub.Raw]
	// returns. Only a test that searches for them sets it, before the first
	// request.
	InsecureKeepSecrets bool

	// Now is the clock; nil is time.Now.
	Now func() time.Time

	mu      sync.Mutex
	seq     int64
	kept    []entry // ascending Seq
	rawSize int
	changed chan struct{} // closed and replaced at every change
	callers map[string]look.Party
	ended   chan struct{} // closed when event streams are to end
	end     sync.Once
}

type entry struct {
	x Exchange
	// received by x.To, and received back by x.From; wire bytes followed by
	// what is inside their encodings.
	in, out []byte
}

// NewHub makes an empty Hub.
func NewHub() *Hub {
	return &Hub{changed: make(chan struct{}), callers: map[string]look.Party{}, ended: make(chan struct{})}
}

func (h *Hub) now() time.Time {
	if h.Now != nil {
		return h.Now()
	}
	return time.Now()
}

// Exchanges returns what party received, and what it asked of others, oldest
// first.
func (h *Hub) Exchanges(party look.Party) []Exchange {
	return h.filter(func(x *Exchange) bool { return x.To == party || x.From == party })
}

// All returns every exchange that is still kept, oldest first.
func (h *Hub) All() []Exchange { return h.filter(func(*Exchange) bool { return true }) }

// Last returns the number of the newest exchange, 0 before the first.
func (h *Hub) Last() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seq
}

func (h *Hub) filter(keep func(*Exchange) bool) []Exchange {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := []Exchange{}
	for i := range h.kept {
		if keep(&h.kept[i].x) {
			out = append(out, h.kept[i].x)
		}
	}
	return out
}

// Raw returns the bytes that party's server received: requests that came to
// it, and answers to requests that it made. After the wire bytes of a message
// come the bytes inside its encodings (base64, percent, JWS), so that a search
// for a value cannot miss it for being wrapped. Secrets are left out unless
// InsecureKeepSecrets is set.
func (h *Hub) Raw(party look.Party) [][]byte {
	return h.raw(party, func(*Exchange) bool { return true })
}

// RawKind is Raw for the requests of one kind that came to party.
func (h *Hub) RawKind(party look.Party, kind string) [][]byte {
	return h.raw(party, func(x *Exchange) bool { return x.To == party && x.Kind == kind })
}

func (h *Hub) raw(party look.Party, keep func(*Exchange) bool) [][]byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out [][]byte
	for i := range h.kept {
		e := &h.kept[i]
		if !keep(&e.x) {
			continue
		}
		if e.x.To == party {
			out = append(out, e.in)
		}
		if e.x.From == party {
			out = append(out, e.out)
		}
	}
	return out
}

// Reset forgets every exchange. Sequence numbers go on.
func (h *Hub) Reset() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept, h.rawSize = nil, 0
	h.wake()
}

// Subscribe sends the exchanges after the sequence number given, those that
// are kept and then new ones as they happen, until ctx ends; then the channel
// is closed. A slow reader misses what the bounds have dropped meanwhile, and
// holds nobody up.
func (h *Hub) Subscribe(ctx context.Context, after int64) <-chan Exchange {
	ch := make(chan Exchange)
	go func() {
		defer close(ch)
		for {
			h.mu.Lock()
			var batch []Exchange
			for i := range h.kept {
				if h.kept[i].x.Seq > after {
					batch = append(batch, h.kept[i].x)
				}
			}
			changed := h.changed
			h.mu.Unlock()
			for _, x := range batch {
				select {
				case ch <- x:
					after = x.Seq
				case <-ctx.Done():
					return
				}
			}
			if len(batch) > 0 {
				continue
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}()
	return ch
}

// EndStreams ends what [Hub.Events] serves, now and from now on: a server that
// shuts down would otherwise wait for streams that never end.
func (h *Hub) EndStreams() { h.end.Do(func() { close(h.ended) }) }

func (h *Hub) wake() {
	close(h.changed)
	h.changed = make(chan struct{})
}

// add numbers and keeps an exchange and drops what the bounds no longer allow.
func (h *Hub) add(x Exchange, in, out []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(h.kept); n > 0 && collapses(&h.kept[n-1].x, &x) {
		// The same again at once: one arrow that counts. What the server
		// received stays searchable, all of it.
		last := &h.kept[n-1]
		h.rawSize -= len(last.in) + len(last.out)
		in, out = tail(last.in, in), tail(last.out, out)
		h.rawSize += len(in) + len(out)
		x.Count, x.Replaces = last.x.Count+1, last.x.Seq
		h.seq++
		x.Seq = h.seq
		last.x, last.in, last.out = x, in, out
		h.trim()
		h.wake()
		return
	}
	h.seq++
	x.Seq, x.Count = h.seq, 1
	h.kept = append(h.kept, entry{x, in, out})
	h.rawSize += len(in) + len(out)
	h.trim()
	h.wake()
}

func collapses(last, x *Exchange) bool {
	return (x.Kind == KindPage || x.Kind == KindAsset || x.Refused) && last.Kind == x.Kind &&
		last.From == x.From && last.To == x.To && last.Method == x.Method &&
		last.URL == x.URL && last.Status == x.Status && last.Note == x.Note
}

// tail joins two captures and keeps the last maxAlike bytes.
func tail(a, b []byte) []byte {
	joined := append(append(a[:len(a):len(a)], '\n'), b...)
	return joined[max(0, len(joined)-maxAlike):]
}

// minor reports whether an exchange is no part of the two flows.
func minor(kind string) bool {
	return kind == KindPage || kind == KindAsset || kind == KindAction
}

func (h *Hub) trim() {
	pages, protocol := 0, 0
	for i := range h.kept {
		if minor(h.kept[i].x.Kind) {
			pages++
		} else {
			protocol++
		}
	}
	for pages > maxPages || protocol > maxProtocol || h.rawSize > maxRaw {
		i := slices.IndexFunc(h.kept, func(e entry) bool {
			m := minor(e.x.Kind)
			return (m && pages > maxPages) || (!m && protocol > maxProtocol) ||
				(pages <= maxPages && protocol <= maxProtocol)
		})
		if minor(h.kept[i].x.Kind) {
			pages--
		} else {
			protocol--
		}
		h.rawSize -= len(h.kept[i].in) + len(h.kept[i].out)
		h.kept = slices.Delete(h.kept, i, i+1)
	}
}

// Calling marks a connection that party has opened, by its local address, so
// that requests on it are drawn as coming from that party. The returned
// function takes the mark away when the connection closes. It is how
// server-to-server calls carry their party: nothing is added to the request.
func (h *Hub) Calling(local net.Addr, party look.Party) (done func()) {
	key := local.String()
	h.mu.Lock()
	h.callers[key] = party
	h.mu.Unlock()
	return func() {
		h.mu.Lock()
		delete(h.callers, key)
		h.mu.Unlock()
	}
}

func (h *Hub) caller(remoteAddr string) look.Party {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p, ok := h.callers[remoteAddr]; ok {
		return p
	}
	return look.Browser
}
