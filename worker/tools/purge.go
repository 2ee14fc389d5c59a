package main

import (
	"context"
	"net/http"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
)

// grace is how long after its time something is still remembered, so that clocks
// that differ do not open a gap. Durable Objects have the same.
const grace = time.Hour

// One statement deletes no more than this, so that D1 ends it in time; the next
// run goes on.
const (
	rowsAtATime = 5000
	statements  = 20
)

type purged struct {
	Spent int64 `json:"spent"`
	Used  int64 `json:"used"`
	More  bool  `json:"more"` // whether there was more than one run deletes
}

// purge forgets in D1 what can no longer be redeemed or used: spent tokens of keys
// that have expired, and challenges. The Worker's schedule calls it.
func (t tools) purge(_ http.ResponseWriter, r *http.Request) (any, *web.Problem) {
	db, problem := t.database()
	if problem != nil {
		return nil, problem
	}
	before := t.now().Add(-grace).Unix()
	var p purged
	for _, table := range []struct {
		statement string
		deleted   *int64
	}{
		{"DELETE FROM spent WHERE (key_id, nonce) IN (SELECT key_id, nonce FROM spent WHERE expires < ? LIMIT ?)", &p.Spent},
		{"DELETE FROM used WHERE id IN (SELECT id FROM used WHERE expires < ? LIMIT ?)", &p.Used},
	} {
		more, err := deleteAll(r.Context(), db, table.statement, before, table.deleted)
		if err != nil {
			return nil, storeFault("The database cannot forget what has expired", err)
		}
		p.More = p.More || more
	}
	return p, nil
}

func deleteAll(ctx context.Context, db execer, statement string, before int64, deleted *int64) (more bool, err error) {
	for range statements {
		result, err := db.ExecContext(ctx, statement, before, rowsAtATime)
		if err != nil {
			return false, err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return false, err
		}
		*deleted += n
		if n < rowsAtATime {
			return false, nil
		}
	}
	return true, nil
}
