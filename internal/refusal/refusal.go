// Package refusal is the one form of a refused request: an HTTP status, a code for
// machines and a sentence for people. It is pure, so that the cores of servers, the
// guest modules and the HTTP handlers refuse with the same values and nothing is
// lost or reworded between them. Package web answers with it.
//
// A public package has a type of its own with these three fields, which Go converts
// to and from this one in a word; the compiler then sees to it that they stay equal.
package refusal

// A Refusal is an answer to a request that cannot be granted. It carries no secret,
// and nothing from the request that is not bounded. A value that is shared is not
// to be changed.
type Refusal struct {
	Status int    // HTTP status; 0 where whoever answers chooses it
	Code   string // stable: lower case, underscores
	Detail string // what was wrong, why, and what to do next
}

// New makes a Refusal.
func New(status int, code, detail string) *Refusal { return &Refusal{status, code, detail} }

// Error returns "code: detail".
func (r *Refusal) Error() string { return r.Code + ": " + r.Detail }
