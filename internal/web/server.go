package web

import (
	"log/slog"
	"net/http"
	"time"
)

// Server is the one kind of server that the kit's own programs run: whoever sends
// slowly, reads slowly, or holds a connection and says nothing is let go. Forms and
// tokens are small, so each way has half a minute and more. A handler that answers
// without end says so (Endless). What the server itself has to say goes to log.
func Server(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// Endless takes the deadlines of a request away: of what streams events, which
// watches for itself whether anybody is there.
func Endless(w http.ResponseWriter) {
	control := http.NewResponseController(w)
	// A writer without deadlines, as in a test, has none to take away.
	_ = control.SetReadDeadline(time.Time{})
	_ = control.SetWriteDeadline(time.Time{})
}
