package news

import (
	"net/http"
	"strconv"
	"sync"

	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/look"
	kit "github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/rpserver/record"
)

const pollQuestion = "Should the Sunday ferry run until midnight?"

type pollOption struct{ value, label string }

var pollOptions = []pollOption{{"yes", "Yes, all year"}, {"summer", "In summer only"}, {"no", "No, ten is late enough"}}

// maxVoters bounds what one poll remembers. When it is full the poll is closed,
// because to forget a voter would let them vote again.
const maxVoters = 100_000

// A poll counts one vote a session, one an address prefix, and one a
// single-use record.
type poll struct {
	mu     sync.Mutex
	votes  map[string]int
	voters map[string]struct{} // "session …", "prefix …", "record …"
}

func newPoll() *poll { return &poll{votes: map[string]int{}, voters: map[string]struct{}{}} }

// count counts a vote, or says why it does not count. Nothing is changed then.
func (p *poll) count(option string, v visitor, rec record.Vouched) *web.Problem {
	p.mu.Lock()
	defer p.mu.Unlock()
	keys := []struct{ name, code, detail string }{
		{"session " + v.session, "already_voted_session",
			"You have voted already: one vote counts for each visitor. Your first vote stands."},
		{"prefix " + v.prefix, "already_voted_address",
			"Somebody at this network address has voted already: one vote counts for each address range (" + v.prefix + "). The record says that a person sent this, not that it is another person."},
	}
	if rec.ID != "" {
		keys = append(keys, struct{ name, code, detail string }{"record " + string(rec.Hash[:]), "already_voted_record",
			"This redemption record has voted already: it is of the kind that counts once. Its first vote stands."})
	}
	for _, k := range keys {
		if _, voted := p.voters[k.name]; voted {
			return web.NewProblem(http.StatusConflict, k.code, k.detail)
		}
	}
	if len(p.voters)+len(keys) > maxVoters {
		return web.NewProblem(http.StatusServiceUnavailable, "poll_closed", "This poll has had all the votes that it can count. It is closed.")
	}
	for _, k := range keys {
		p.voters[k.name] = struct{}{}
	}
	p.votes[option]++
	return nil
}

// result returns the options with their votes and share in percent.
func (p *poll) result() (rows []pollRow, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, o := range pollOptions {
		total += p.votes[o.value]
	}
	for _, o := range pollOptions {
		row := pollRow{label: o.label, votes: p.votes[o.value]}
		if total > 0 {
			row.percent = (100*row.votes + total/2) / total
		}
		rows = append(rows, row)
	}
	return rows, total
}

type pollRow struct {
	label          string
	votes, percent int
}

func (s *site) vote(w http.ResponseWriter, r *http.Request) {
	total, p := s.takeVote(w, r)
	if p != nil {
		s.refuse(w, r, p, "vote")
		return
	}
	out := look.Outcome{State: kit.Done, Title: "Your vote counts.", Text: plural(total, "vote") + " so far."}
	instrument.Answer(w, r, out, func(out look.Outcome) { s.front(w, r, http.StatusOK, instrument.Outcomes{"vote": out}) })
}

// takeVote goes from cheap to dear: the form, the record, then the count.
func (s *site) takeVote(w http.ResponseWriter, r *http.Request) (total int, p *web.Problem) {
	form, p := web.ReadForm(w, r, 1<<10)
	if p != nil {
		return 0, p
	}
	option := form.Get("option")
	known := false
	for _, o := range pollOptions {
		known = known || o.value == option
	}
	if !known {
		return 0, web.NewProblem(http.StatusBadRequest, "option_unknown", "Choose one of the poll's answers.")
	}
	rec, p := s.vouched(r)
	if p != nil {
		return 0, p
	}
	if p := s.poll.count(option, visitorOf(w, r), rec); p != nil {
		return 0, p
	}
	_, total = s.poll.result()
	return total, nil
}

func (s *site) pollFragment(w http.ResponseWriter, r *http.Request) {
	kit.Render(w, r, http.StatusOK, s.pollResult())
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}
