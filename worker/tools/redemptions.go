package main

import (
	"net/http"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/issuer"
)

const maxRows = 1000

type redemption struct {
	Day    string `json:"day"`
	Origin string `json:"origin"`
	Count  int64  `json:"count"`
}

// redemptions lists how often tokens were redeemed on which site and day: the
// finest account that an issuer keeps. ?since=2026-11-01 begins there; without it
// the last 30 days.
func (t tools) redemptions(_ http.ResponseWriter, r *http.Request) (any, *web.Problem) {
	since := t.now().AddDate(0, 0, -30)
	if s := r.URL.Query().Get("since"); s != "" {
		var err error
		if since, err = time.Parse(time.DateOnly, s); err != nil {
			return nil, web.NewProblem(http.StatusBadRequest, "since_invalid", "The parameter since is not a day like 2026-11-01.")
		}
	}
	db, problem := t.database()
	if problem != nil {
		return nil, problem
	}
	rows, err := db.QueryContext(r.Context(),
		"SELECT day, origin, count FROM redemptions WHERE day >= ? ORDER BY day DESC, count DESC, origin LIMIT ?", int64(issuer.DayOf(since)), maxRows)
	if err != nil {
		return nil, storeFault("The redemptions cannot be read", err)
	}
	defer rows.Close()
	list := []redemption{}
	for rows.Next() {
		var day, count int64
		var origin string
		if err := rows.Scan(&day, &origin, &count); err != nil {
			return nil, storeFault("The redemptions cannot be read", err)
		}
		list = append(list, redemption{issuer.Day(day).String(), origin, count})
	}
	if err := rows.Err(); err != nil {
		return nil, storeFault("The redemptions cannot be read", err)
	}
	return list, nil
}
