// Command issuer is a small complete issuer of Private State Tokens: it gives
// tokens to visitors whose browser solved a puzzle, redeems each of them once,
// and keeps its keys and its spent tokens in a folder.
//
//	go run ./examples/issuer
//
// A proof of work limits the rate at which anybody gets tokens; it does not
// prove a human. An issuer that knows its visitors uses issuer.AccountAge with
// issuer.Budget, and one with a CAPTCHA uses issuer.Captcha.
package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/store/spent"
)

//go:embed page
var page embed.FS

func main() {
	addr := flag.String("addr", "localhost:8090", "`host:port` to listen on")
	origin := flag.String("origin", "", "the issuer's `origin` as browsers see it (default http://ADDR)")
	data := flag.String("data", "issuer-data", "`folder` for keys and spent tokens")
	flag.Parse()
	if *origin == "" {
		*origin = "http://" + *addr
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *addr, *origin, *data); err != nil {
		log.Fatal(err)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, addr, origin, data string) error {
	store, err := spent.OpenSQLite(filepath.Join(data, "spent.db"))
	if err != nil {
		return err
	}
	defer store.Close()
	handler, iss, err := newHandler(store, origin, data)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Printf("%s\n\nA browser that was not told about this issuer ignores it. Start Chromium with:\n", origin)
	fmt.Printf("chromium --additional-private-state-token-key-commitments='{%q:%s}'\n", origin, iss.Commitment())

	srv := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go sweep(ctx, store)
	go func() {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		srv.Shutdown(last)
	}()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// newHandler mounts the issuer and its page.
func newHandler(store *spent.Store, origin, data string) (http.Handler, *issuer.Issuer, error) {
	keys, recordKey, recordKeys, err := loadKeys(data)
	if err != nil {
		return nil, nil, err
	}
	work, err := issuer.NewProofOfWork(issuer.WorkConfig{Difficulty: 14, Tokens: 10, Once: store})
	if err != nil {
		return nil, nil, err
	}
	iss, err := issuer.New(issuer.Config{
		Origin:       origin,
		Keys:         keys.Set(),
		KeyExpiry:    keys.Expiry(),
		RecordSigner: issuer.NewRecordSigner(recordKey),
		RecordKeys:   issuer.RecordKeySet(recordKeys...),
		Policy:       work,
		Spent:        store,
		Counter:      store,
	})
	if err != nil {
		return nil, nil, err
	}
	files, err := fs.Sub(page, "page")
	if err != nil {
		return nil, nil, err
	}
	mux := http.NewServeMux()
	for _, p := range issuer.Paths() {
		mux.Handle(p, iss)
	}
	mux.Handle("GET /issue/challenge", work)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'")
		http.FileServerFS(files).ServeHTTP(w, r)
	})
	return mux, iss, nil
}

// sweep forgets solved puzzles that have expired.
func sweep(ctx context.Context, store *spent.Store) {
	for t := time.NewTicker(time.Hour); ; {
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case now := <-t.C:
			if err := store.Sweep(ctx, now); err != nil {
				slog.Error("sweeping failed", "error", err)
			}
		}
	}
}
