package trace

import "github.com/bonafides-dev/bonafides/internal/look"

// requestFields decodes what is in the request beyond its headers.
func (m *message) requestFields(kind string) []Field {
	return bodyFields(m.header, m.body, m.bodySize)
}

// answerFields decodes the answer.
func (m *message) answerFields(kind string) []Field {
	return bodyFields(m.answerHeader, m.answer, m.answerSize)
}

func (m *message) raw(secrets bool) (in, out []byte) { return nil, nil }
func isRedemption(string) bool                       { return false }
func note(x *Exchange) string                        { return "" }

// Learned says what party learned in this run and what it could not learn.
func Learned(h *Hub, party look.Party) (learned, notLearned []Item) { return nil, nil }
