package main

import "testing"

// A contestant that is not one, or gives up, is an error and no empty column.
func TestRaceRefusesBadContestants(t *testing.T) {
	*rounds, *ms = 1, 1
	for name, script := range map[string]string{
		"no greeting":      "echo hello",
		"ends at once":     "exit 0",
		"another answer":   "echo ops a; read x; echo b 1 1",
		"no time measured": "echo ops a; read x; echo a 0 0",
	} {
		if _, err := race(1, contestant{name, []string{"sh", "-c", script}}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestRaceKeepsTheBest(t *testing.T) {
	*rounds, *ms = 3, 1
	r, err := race(1,
		contestant{"one", []string{"sh", "-c", "echo ops a b; for v in 5 3 2 1 9 8; do read n x; echo $n $v 7 $v; done"}},
		contestant{"two", []string{"sh", "-c", "echo ops b; for v in 4 2 6; do read n x; echo $n $v 7; done"}},
	)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.scores["one"]["a"].nanoseconds; got != 2 {
		t.Errorf("a: %v, want 2", got)
	}
	if got := r.scores["one"]["b"].nanoseconds; got != 1 {
		t.Errorf("b: %v, want 1", got)
	}
	if got, ok := r.scores["two"]["a"]; ok {
		t.Errorf("two does not know a, got %v", got)
	}
	if got := r.scores["two"]["b"].nanoseconds; got != 2 {
		t.Errorf("two, b: %v, want 2", got)
	}
	if got := median(r.scores["one"]["a"].over); got != 5 { // 5, 2 and 9
		t.Errorf("a over bare: %v, want 5", got)
	}
	if got := r.scores["two"]["b"].over; got != nil {
		t.Errorf("two measures nothing over bare, got %v", got)
	}
}

// Each heat has processes of its own.
func TestRaceInHeats(t *testing.T) {
	*rounds, *ms = 1, 1
	r, err := race(3, contestant{"one", []string{"sh", "-c", "echo ops a; read n x; echo $n $$ 7 $$; read end"}})
	if err != nil {
		t.Fatal(err)
	}
	over := r.scores["one"]["a"].over
	if len(over) != 3 || over[0] == over[1] || over[1] == over[2] || over[0] == over[2] {
		t.Errorf("%v are not three processes", over)
	}
}
