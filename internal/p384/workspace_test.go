//go:build !nistec

package p384

import (
	"reflect"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
)

// everyCall makes each call that works in a workspace, over n points.
func everyCall(t *testing.T, n int) {
	t.Helper()
	secrets, points, out := make([]Secret, n), make([]Point, n), make([]Point, n)
	for i := range points {
		if err := secrets[i].GenerateSecret(); err != nil {
			t.Fatal(err)
		}
		points[i] = secrets[i].MulBase()
	}
	MulEach(out, secrets, points) // points that a secret made, not yet normalized
	NormalizeAll(out)
	secrets[0].MulAll(out, points)
	Normalize(&out[0])
	secrets[0].Mul(&points[0])
	MulTwo(&secrets[0], &secrets[n-1], &points[n-1])
}

// What is kept for the next call must not tell it, or whoever reads the memory
// later, anything of a secret.
func TestKeptRoomHoldsNothingOfASecret(t *testing.T) {
	var mu sync.Mutex
	var made []*workspace
	before := works.New
	works = sync.Pool{New: func() any {
		mu.Lock()
		defer mu.Unlock()
		w := new(workspace)
		made = append(made, w)
		return w
	}}
	defer func() { works = sync.Pool{New: before} }()
	for _, n := range []int{1, chunk + 3, 7} {
		everyCall(t, n)
	}
	if len(made) == 0 {
		t.Fatal("no call asked for a workspace")
	}
	// These point into the workspace itself.
	own := map[string]bool{"todo": true, "zp": true, "all": true, "tables": true}
	rooms := 0
	for _, w := range made {
		v := reflect.ValueOf(w).Elem()
		for i := range v.NumField() {
			name, s := v.Type().Field(i).Name, v.Field(i)
			if own[name] || s.Cap() == 0 {
				continue
			}
			rooms++
			s = s.Slice(0, s.Cap())
			for j := range s.Len() {
				if !s.Index(j).IsZero() {
					t.Errorf("%s keeps something in element %d of %d", name, j, s.Len())
					break
				}
			}
		}
	}
	if rooms < 8 {
		t.Errorf("only %d rooms were looked at", rooms)
	}
}

// Once a call of some size has been made, the next asks for no memory but what it
// answers with: a module's heap stays as it is.
func TestCallsWorkInTheRoomOfTheLastOne(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // the collector empties a sync.Pool
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))  // each processor has its own
	const n = 2*chunk + 5
	var k Secret
	if err := k.GenerateSecret(); err != nil {
		t.Fatal(err)
	}
	points, out, scalars := make([]Point, n), make([]Point, n), make([]Scalar, n)
	for i := range points {
		points[i] = HashToCurve([]byte{byte(i)}, []byte("room"))
		scalars[i] = HashToScalar([]byte{byte(i)}, []byte("room"))
	}
	for name, call := range map[string]func(size int){
		"products":     func(size int) { k.MulAll(out[:size], points[:size]) },
		"sums":         func(size int) { out[0] = VarTimeMultiMul(scalars[:size], points[:size]) },
		"normalizings": func(size int) { k.MulAll(out[:size], points[:size]); NormalizeAll(out[:size]) },
	} {
		call(n)
		size := 1
		if got := testing.AllocsPerRun(20, func() {
			call(size)
			size = (size + 7) % n
			size = max(size, 1)
		}); got > 0 {
			t.Errorf("%s: %v allocations a call", name, got)
		}
	}
}
