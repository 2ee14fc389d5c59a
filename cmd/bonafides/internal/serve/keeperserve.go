package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/wasm"
	"github.com/bonafides-dev/bonafides/wasm/mirror"
)

func keeperServe() cli.Command {
	c := cli.Command{
		Name:     "keeper serve",
		Synopsis: "-issuers FILE [-addr HOST:PORT] [-data FOLDER] [-origin ORIGIN] [-name NAME] [-frames] [-per-hour N] [-per-day N] [-allow PREFIX]",
		About: "Runs a keeper: its page, the files that it loads, and the document of key commitments,\n" +
			"      for which it asks the issuers once an hour. On SIGHUP it reads FILE again and asks at\n" +
			"      once. Put a server that speaks https in front, at an origin that is no issuer's, sets no\n" +
			"      cookies and serves nothing else; a site names that origin in data-keeper. Ctrl-C or\n" +
			"      SIGTERM ends it.\n" +
			"      " + listHelp + "\n" +
			"      What is known of issuers is kept in -data, with a log. Keep that folder: without it the\n" +
			"      next start takes any key as an issuer's first.",
	}
	c.Run = func(t cli.Terminal, args []string) int {
		f := cli.Flags(t, c)
		list, page, tag := newIssuersFlags(f), pageFlags(f), tagFlag(f)
		addr := f.String("addr", "127.0.0.1:8095", "`address` to listen at; port 0 takes a free one")
		data := f.String("data", "", "`folder` for the document and its log; FILE.mirror if empty")
		if code, ok := cli.Parse(f, args); !ok {
			return code
		}
		if f.NArg() != 0 {
			return cli.Fail(t, cli.Usage, "keeper serve takes only flags, not %q", f.Arg(0))
		}
		issuers, err := list.read()
		if err != nil {
			return cli.Fail(t, cli.Usage, "%s", cli.Plain(err))
		}
		if _, _, err := net.SplitHostPort(*addr); err != nil {
			return cli.Fail(t, cli.Usage, "-addr %q is not HOST:PORT: write it like 127.0.0.1:8095", *addr)
		}
		if *data == "" {
			*data = *list.file + ".mirror"
		}
		k := &keeperServer{log: slog.New(slog.NewTextHandler(t.Err, nil))}
		if k.page, err = wasm.Keeper(*page); err != nil {
			return cli.Fail(t, cli.Usage, "%s", cli.Plain(err))
		}
		k.folder = &mirror.Folder{Dir: *data}
		k.list = list.read
		k.make = func(issuers []string) (*mirror.Mirror, error) {
			return mirror.New(mirror.Config{Issuers: issuers, PrivateAddresses: list.private, Folder: k.folder, Now: t.Now, Log: k.log})
		}
		m, err := k.make(issuers)
		if err != nil {
			return cli.Fail(t, exitFailed, "%s", cli.Plain(err))
		}
		k.mirror.Store(m)
		if code, ok := tag(t, issuers); !ok {
			return code
		}
		listener, err := net.Listen("tcp", *addr)
		if err != nil {
			return cli.Fail(t, exitFailed, "%v. Take another with -addr HOST:PORT", err)
		}
		of := issuers[0]
		if len(issuers) > 1 {
			of = fmt.Sprintf("%d issuers", len(issuers))
		}
		fmt.Fprintf(t.Out, "The keeper listens at http://%s/ for tokens of %s. Its document and log are in %s.\n", listener.Addr(), of, *data)
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		if err := k.serve(ctx, listener); err != nil {
			return cli.Fail(t, exitFailed, "%s", cli.Plain(err))
		}
		return cli.OK
	}
	return c
}

type keeperServer struct {
	page   http.Handler
	list   func() ([]string, error) // reads the issuers of the file
	make   func(issuers []string) (*mirror.Mirror, error)
	mirror atomic.Pointer[mirror.Mirror]
	folder *mirror.Folder
	log    *slog.Logger
}

func (k *keeperServer) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/keeper", k.page)
	mux.Handle("/{$}", k.page)
	mux.Handle("/bonafides/", wasm.Assets("/bonafides/"))
	mux.HandleFunc(mirror.Path, func(w http.ResponseWriter, r *http.Request) { k.mirror.Load().ServeHTTP(w, r) })
	mux.Handle(mirror.HistoryPath, k.folder)
	// The page asks whether its origin is an issuer's. "No content" is a no that
	// browsers do not report as a failure.
	mux.HandleFunc("GET "+pst.CommitmentPath, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

// serve answers until ctx ends, and lets what is under way end then.
func (k *keeperServer) serve(ctx context.Context, l net.Listener) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	end := k.run(ctx)
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	server := web.Server(k.handler(), k.log)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	for {
		select {
		case err := <-failed:
			end()
			return err
		case <-hup:
			issuers, err := k.list()
			if err != nil {
				k.log.Error("the list cannot be used, and the one before stays: " + cli.Plain(err))
				continue
			}
			// One at a time writes the folder; what it says there the next one knows.
			end()
			if m, err := k.make(issuers); err != nil {
				k.log.Error("the list cannot be used, and the one before stays: " + cli.Plain(err))
			} else {
				k.mirror.Store(m)
				k.log.Info("the list was read, and its issuers are asked", "issuers", len(issuers))
			}
			end = k.run(ctx) // it asks at once
		case <-ctx.Done():
			stop() // an update ends, whole or not at all
			drained, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			err := server.Shutdown(drained)
			if errors.Is(err, context.DeadlineExceeded) {
				err = server.Close()
			}
			end()
			return err
		}
	}
}

// run keeps the document fresh until the function that it returns is called, which
// waits until nothing is written any more.
func (k *keeperServer) run(ctx context.Context) (end func()) {
	ctx, stop := context.WithCancel(ctx)
	m, ended := k.mirror.Load(), make(chan struct{})
	go func() {
		defer close(ended)
		_ = m.Run(ctx)
	}()
	return func() {
		stop()
		<-ended
	}
}
