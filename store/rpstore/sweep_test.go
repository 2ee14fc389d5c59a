package rpstore

import (
	"path/filepath"
	"testing"
	"time"
)

func TestASweepOfSignInsIsBounded(t *testing.T) {
	s, err := OpenSQLite(filepath.Join(t.TempDir(), "rp.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const most, more = sweepBatch * sweepMost, 5
	if _, err := s.db.DB.Exec(`
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		INSERT INTO sign_ins (`+signInColumns+`)
		SELECT 'id' || i, '', '', '', '', '', 0, i, NULL, NULL, 0, x'' FROM n`, most+more); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{more, 0} {
		if err := s.SweepSignIns(t.Context(), time.UnixMilli(most+more).Add(keepSignIns+time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		var left int
		if err := s.db.QueryRow(`SELECT count(*) FROM sign_ins`).Scan(&left); err != nil || left != want {
			t.Errorf("%d are left, %v; want %d", left, err, want)
		}
	}
}
