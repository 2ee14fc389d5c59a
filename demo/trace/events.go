package trace

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/internal/web"
)

// Events streams exchanges as server-sent events: name "exchange", id the
// sequence number, data what render writes for it (JSON if render is nil). An
// empty party means all parties. After a lost connection the browser goes on
// where it was (Last-Event-ID); the query parameter after=N starts
// later, after=now with what happens from now on.
func (h *Hub) Events(party look.Party, render func(Exchange, io.Writer) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Skip(r.Context())
		after, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
		if r.URL.Query().Get("after") == "now" {
			after = h.Last()
		}
		if id, err := strconv.ParseInt(r.Header.Get("Last-Event-ID"), 10, 64); err == nil {
			after = id
		}
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Accel-Buffering", "no")
		web.Endless(w)
		control := http.NewResponseController(w)
		w.WriteHeader(http.StatusOK)
		if _, err := io.WriteString(w, ": open\n\n"); err != nil || control.Flush() != nil {
			return
		}
		alive := time.NewTicker(20 * time.Second)
		defer alive.Stop()
		news := h.Subscribe(r.Context(), after)
		for {
			select {
			case x, open := <-news:
				if !open {
					return
				}
				if party != "" && x.To != party && x.From != party {
					continue
				}
				var data lines
				if render == nil {
					_ = json.NewEncoder(&data).Encode(x)
				} else if err := render(x, &data); err != nil {
					continue
				}
				if _, err := io.WriteString(w, "event: exchange\nid: "+strconv.FormatInt(x.Seq, 10)+"\n"+data.event()+"\n"); err != nil {
					return
				}
			case <-h.ended:
				return
			case <-alive.C:
				if _, err := io.WriteString(w, ": still here\n\n"); err != nil {
					return
				}
			}
			if control.Flush() != nil {
				return
			}
		}
	})
}

// lines collects text and writes it as the data lines of one event.
type lines struct{ b []byte }

func (l *lines) Write(p []byte) (int, error) { l.b = append(l.b, p...); return len(p), nil }

func (l *lines) event() string {
	out := []byte("data: ")
	for _, c := range l.b {
		switch c {
		case '\r':
		case '\n':
			out = append(out, "\ndata: "...)
		default:
			out = append(out, c)
		}
	}
	return string(append(out, '\n'))
}
