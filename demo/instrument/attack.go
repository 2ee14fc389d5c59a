package instrument

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
	kit "github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
)

// Answer sends the outcome of an action: as JSON to a script that asks for it,
// else through page, the site's own page drawn with that outcome.
func Answer(w http.ResponseWriter, r *http.Request, o look.Outcome, page func(look.Outcome)) {
	w.Header().Add("Vary", "Accept")
	if !strings.Contains(r.Header.Get("Accept"), "application/json") {
		page(o)
		return
	}
	b, err := json.Marshal(o)
	if err != nil { // strings only
		http.Error(w, "The outcome could not be written.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(append(b, '\n'))
}

// maxEvidence is how much of an answer's body is shown.
const maxEvidence = 2 << 10

// A Refusal is what a server answered to an attack.
type Refusal struct {
	Status int
	Code   string // of problem details, or of a FedCM error
	Detail string
	Body   string // as it came back, cut where it is long
	Type   string
}

// Try sends an attack's request and reads the answer.
func Try(client *http.Client, req *http.Request) (*Refusal, error) {
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return nil, err
	}
	out := &Refusal{Status: resp.StatusCode, Type: resp.Header.Get("Content-Type"), Body: clip(b)}
	if out.Status >= http.StatusBadRequest && strings.Contains(out.Type, "json") {
		// Problem details; or what FedCM shows a browser, with the same beside it.
		var problem struct {
			Code, Detail string
			Error        struct{ Code string }
		}
		if json.Unmarshal(b, &problem) == nil {
			out.Code, out.Detail = cmp.Or(problem.Code, problem.Error.Code), problem.Detail
		}
	}
	return out, nil
}

func clip(b []byte) string {
	b = bytes.ToValidUTF8(bytes.TrimSpace(b), []byte("\uFFFD"))
	if len(b) <= maxEvidence {
		return string(b)
	}
	b = b[:maxEvidence]
	for len(b) > 0 && !utf8.Valid(b) {
		b = b[:len(b)-1]
	}
	return string(b) + " …"
}

// Outcome reports an attack that was answered with r: refused if the status
// says so, and an error of the demo if the attack succeeded, because then a
// check is missing.
func (r *Refusal) Outcome(sent string) look.Outcome {
	evidence := []look.Evidence{
		{Name: "sent", Value: sent},
		{Name: "status", Value: itoa(r.Status) + " " + http.StatusText(r.Status)},
	}
	if r.Body != "" {
		evidence = append(evidence, look.Evidence{Name: "answer", Value: r.Body})
	}
	if r.Status < 400 {
		return look.Outcome{State: kit.Failed, Title: "The attack was not refused.",
			Text: "It should have been. This is a fault of the software: please report it.", Evidence: evidence}
	}
	title := r.Detail
	if title == "" {
		title = "The server answered " + itoa(r.Status) + " " + http.StatusText(r.Status) + "."
	}
	if r.Code != "" {
		evidence = append(evidence[:2:2], append([]look.Evidence{{Name: "code", Value: r.Code}}, evidence[2:]...)...)
	}
	return look.Outcome{State: kit.Refused, Title: title, Evidence: evidence}
}

// Nothing reports that an attack has nothing to work with yet.
func Nothing(what, todo string) look.Outcome {
	return look.Outcome{State: kit.Failed, Title: what, Text: todo}
}

// Unreachable reports that the attack's request did not arrive.
func Unreachable(err error) look.Outcome {
	return look.Outcome{State: kit.Failed, Title: "The request did not arrive.",
		Text: "Start the demo again and retry. " + err.Error()}
}

// Outcomes are results of actions and attacks by their names. A name without a
// result is idle.
type Outcomes map[string]look.Outcome

// Attacks are a site's attacks by their names.
type Attacks map[string]func(*http.Request) look.Outcome

// Handler runs the attack that the path value "name" names and answers with what
// came of it: to a script as JSON, else through page.
func (a Attacks) Handler(page func(http.ResponseWriter, *http.Request, Outcomes)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		trace.Skip(r.Context()) // the button is the demo's; what it sends is recorded
		name := r.PathValue("name")
		run, ok := a[name]
		if !ok {
			web.NewProblem(http.StatusNotFound, "not_found", "There is no attack of this name.").Write(w)
			return
		}
		Answer(w, r, run(Pressed(r)), func(o look.Outcome) { page(w, r, Outcomes{name: o}) })
	}
}
