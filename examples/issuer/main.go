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
	"html/template"
	"io/fs"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/origin"
	"github.com/bonafides-dev/bonafides/store/spentstore"
	"github.com/bonafides-dev/bonafides/wasm"
)

//go:embed page
var page embed.FS

func main() {
	flag.CommandLine = flag.NewFlagSet("issuer", flag.ExitOnError) // -h says this name
	addr := flag.String("addr", "localhost:8090", "`host:port` to listen on")
	origin := flag.String("origin", "", "the issuer's `origin` as browsers see it (default http://ADDR)")
	keeper := flag.String("keeper", "", "`origin` of a token keeper, for browsers without tokens of this issuer; empty: they get none")
	data := flag.String("data", "issuer-data", "`folder` for keys and spent tokens")
	flag.Parse()
	if *origin == "" {
		*origin = "http://" + *addr
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *addr, *origin, *keeper, *data); err != nil {
		log.Fatal(err)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, addr, own, keeper, data string) error {
	if keeper == own {
		return fmt.Errorf("-keeper is the issuer's own origin, which could read the tokens back: a keeper has an origin of its own")
	}
	if keeper != "" && !origin.Is(keeper) {
		return fmt.Errorf("-keeper %s is not an origin such as https://keeper.example (no path, no slash at the end)", keeper)
	}
	store, err := spentstore.OpenSQLite(filepath.Join(data, "spent.db"))
	if err != nil {
		return err
	}
	defer store.Close()
	handler, iss, err := newHandler(store, own, keeper, data)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Println(own)
	if keeper != "" {
		fmt.Printf("\nEvery browser gets tokens here, with the keeper at %s.\n", keeper)
	}
	fmt.Print("\nA browser keeps tokens of an issuer itself if it was told about it. Start Chromium with:\n")
	fmt.Printf("chromium --additional-private-state-token-key-commitments='{%q:%s}'\n", own, iss.Commitment())

	srv := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
	}
	go sweep(ctx, store, iss.TokenKeys())
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

// newHandler mounts the issuer and its page. With a keeper it answers browsers that
// keep no tokens of this issuer, too.
func newHandler(store *spentstore.Store, origin, keeper, data string) (http.Handler, *issuer.Issuer, error) {
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
		Keys:         keys,
		RecordSigner: issuer.NewRecordSigner(recordKey),
		RecordKeys:   issuer.RecordKeySet(recordKeys...),
		Policy:       work,
		Polyfill:     keeper != "",
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
	mux.Handle("/", http.FileServerFS(files))
	front, err := newFront(files, keeper)
	if err != nil {
		return nil, nil, err
	}
	mux.Handle("GET /{$}", front)
	return mux, iss, nil
}

// newFront is the page, with the keeper's script in it where there is a keeper.
func newFront(files fs.FS, keeper string) (http.Handler, error) {
	page, err := template.ParseFS(files, "index.html")
	if err != nil {
		return nil, err
	}
	var tag string
	if keeper != "" {
		if tag, err = wasm.ScriptTag(keeper+"/bonafides/", keeper); err != nil {
			return nil, err
		}
	}
	policy := strings.TrimSpace("default-src 'none'; img-src data:; style-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; script-src 'self' " + keeper)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		_ = page.Execute(w, template.HTML(tag)) // markup of the kit's own
	}), nil
}

// sweep forgets solved puzzles that have expired, and what was spent with keys that
// have expired and are no longer in the ring.
func sweep(ctx context.Context, store *spentstore.Store, ring []issuer.TokenKey) {
	for t := time.NewTicker(time.Hour); ; {
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case now := <-t.C:
			if err := store.Sweep(ctx, now); err != nil {
				slog.Error("sweeping failed", "error", err)
			}
			if _, err := store.Purge(ctx, ring, now); err != nil {
				slog.Error("purging failed", "error", err)
			}
		}
	}
}
