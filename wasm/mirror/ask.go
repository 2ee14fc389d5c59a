// One question to one issuer, and what its answer is read as.

package mirror

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"

	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func (m *Mirror) ask(ctx context.Context) []Answer {
	answers := make([]Answer, len(m.c.Issuers))
	slots := make(chan struct{}, together)
	var all sync.WaitGroup
	for n, origin := range m.c.Issuers {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			body, err := m.get(ctx, origin)
			answers[n] = Answer{Issuer: origin, Body: body, Err: err}
		})
	}
	all.Wait()
	return answers
}

func (m *Mirror) get(ctx context.Context, origin string) ([]byte, error) {
	// A client of the caller's may have no deadline, and one issuer would hold up all.
	ctx, cancel := context.WithTimeout(ctx, answersIn)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, origin+pst.CommitmentPath, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", pst.CommitmentContentType+", application/json")
	r.Header.Set("Cache-Control", "no-cache")
	res, err := m.client.Do(r)
	if err != nil {
		return nil, short(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, errors.New("it answered with status " + strconv.Itoa(res.StatusCode))
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, maxCommitment+1))
	if err != nil {
		return nil, short(err)
	}
	return b, nil // what is too long is refused as malformed
}

// short cuts what an answer may have put into an error.
func short(err error) error {
	if s := strconv.QuoteToGraphic(err.Error()); len(s) > 300 {
		return errors.New(s[:300])
	}
	return err
}
