package mirror

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestIssuersAreAskedByTheClockUntilTheEnd(t *testing.T) {
	var asked atomic.Int32
	ctx, stop := context.WithCancel(t.Context())
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 3 {
			stop()
		}
		_, _ = w.Write(commitment(t, 1, published{id: 1}))
	}))
	defer s.Close()
	m := newMirror(t, Config{Issuers: []string{s.URL}, Every: time.Millisecond})
	if err := m.Run(ctx); err != nil || asked.Load() < 3 {
		t.Errorf("%v, %d questions", err, asked.Load())
	}
	if _, err := m.Refresh(ctx); err == nil {
		t.Error("somebody was asked after the end")
	}
}

func TestAnIssuerThatStartsAfterItsKeeperIsKnownSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var asked atomic.Int32
		var up atomic.Bool
		client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			asked.Add(1)
			if !up.Load() {
				return nil, errors.New("connection refused")
			}
			w := httptest.NewRecorder()
			_, _ = w.Write(commitment(t, 1, published{id: 1}))
			return w.Result(), nil
		})}
		m := newMirror(t, Config{Issuers: []string{"https://issuer.example"}, Client: client})
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = m.Run(ctx)
		}()
		time.Sleep(8 * time.Second) // asked at 0 and 5 s
		synctest.Wait()
		if n := asked.Load(); n != 2 {
			t.Errorf("asked %d times in 8 s; want 2", n)
		}
		up.Store(true)
		time.Sleep(8 * time.Second) // and at 15 s
		synctest.Wait()
		if n := asked.Load(); n != 3 || !strings.Contains(visit(m).Body.String(), "issuer.example") {
			t.Errorf("asked %d times in 16 s, and the document is %s", n, visit(m).Body)
		}
		time.Sleep(59 * time.Minute) // from now on it is the hour
		synctest.Wait()
		if n := asked.Load(); n != 3 {
			t.Errorf("asked %d times within the hour after it was heard; want 3", n)
		}
		stop()
		<-ended
	})
}

func TestAnIssuerThatNeverAnswersIsAskedSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		asked := 0
		client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			asked++
			return nil, errors.New("connection refused")
		})}
		m := newMirror(t, Config{Issuers: []string{"https://issuer.example"}, Client: client})
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = m.Run(ctx)
		}()
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if asked > 24+11 {
			t.Errorf("asked %d times in a day", asked)
		}
		stop()
		<-ended
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// An issuer is asked by the clock, also where nothing can be kept: visitors who are
// turned away do not make it asked again and again.
func TestVisitorsAfterAFailureDoNotHaveTheIssuersAsked(t *testing.T) {
	l := &lying{t: t}
	s := httptest.NewServer(l)
	defer s.Close()
	f := &Folder{Dir: t.TempDir()}
	if err := os.Mkdir(f.Document(), 0o755); err != nil {
		t.Fatal(err)
	}
	now := start
	m := newMirror(t, Config{Issuers: []string{s.URL}, Folder: f, Now: func() time.Time { return now }})
	for range 5 {
		if w := visit(m); w.Code != http.StatusServiceUnavailable {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if n := l.count(); n != 1 {
		t.Errorf("asked %d times for five visitors", n)
	}
	// What was in the way is gone, and so is the minute.
	if err := os.Remove(f.Document()); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	if w := visit(m); w.Code != http.StatusOK || l.count() != 2 {
		t.Errorf("%d, asked %d times", w.Code, l.count())
	}
}

// One issuer that never answers takes the document from nobody, whatever client is used.
func TestAnIssuerThatNeverAnswersHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host != "issuer.example" {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			w := httptest.NewRecorder()
			_, _ = w.Write(commitment(t, 1, published{id: 1}))
			return w.Result(), nil
		})}
		issuers := []string{"https://issuer.example"}
		for n := range 2 * together {
			issuers = append(issuers, fmt.Sprintf("https://silent%d.example", n))
		}
		m := newMirror(t, Config{Issuers: issuers, Client: client})
		if w := visit(m); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "issuer.example") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}
