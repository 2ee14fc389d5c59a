package rpserver

import (
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
)

// memorySessions keep the sessions of a relying party whose store keeps none, for as
// long as this process. What expired goes when something comes: nothing runs beside
// the requests, so a relying party that is dropped leaves nothing behind.
type memorySessions struct {
	now func() time.Time

	mu    sync.Mutex
	rows  map[string]memorySession
	sweep time.Time // when the next one is due
}

type memorySession struct {
	data    []byte
	expires time.Time
}

var _ scs.Store = (*memorySessions)(nil)

// Find implements scs.Store.
func (m *memorySessions) Find(token string) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.rows[token]
	if !ok || !m.now().Before(s.expires) {
		return nil, false, nil
	}
	return s.data, true, nil
}

// Commit implements scs.Store.
func (m *memorySessions) Commit(token string, data []byte, expires time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	if m.rows == nil {
		m.rows = map[string]memorySession{}
	}
	if !now.Before(m.sweep) {
		m.sweep = now.Add(time.Minute)
		for t, s := range m.rows {
			if !now.Before(s.expires) {
				delete(m.rows, t)
			}
		}
	}
	m.rows[token] = memorySession{data, expires}
	return nil
}

// Delete implements scs.Store.
func (m *memorySessions) Delete(token string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.rows, token)
	return nil
}
