package mirror

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
)

// Folder is where a mirror keeps its document and the document's history, for a
// static host or for its own next start:
//
//	bonafides-commitments.json              the document
//	bonafides-commitments/state.json        what the next update begins with
//	bonafides-commitments/log.jsonl         a line for every change and refusal
//	bonafides-commitments/SHA-256.json      every document that ever was
//
// All of it may be published, and should be: with the log anybody can see which
// keys an issuer had when. Files are replaced whole. Only one program may write at
// a time.
type Folder struct {
	Dir string // made if it is missing
}

const history = "bonafides-commitments"

// Document is the file with the document.
func (f *Folder) Document() string { return filepath.Join(f.Dir, filepath.Base(Path)) }

func (f *Folder) in(name string) string { return filepath.Join(f.Dir, history, name) }

// state reads what the last update left.
func (f *Folder) state() (s State, known bool, err error) {
	name := f.in("state.json")
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return State{}, false, nil
	}
	if err == nil {
		s, err = ParseState(b)
	}
	if err != nil {
		return State{}, false, fmt.Errorf("%s: %w. Bring it back from a backup; without it any key would be taken as an issuer's first", name, err)
	}
	return s, true, nil
}

// entry is a line of the log.
type entry struct {
	Time     time.Time `json:"time"`
	Document string    `json:"document"` // SHA-256
	Events   []Event   `json:"events,omitempty"`
}

// write keeps an update. The document comes last: if anything fails before, the
// one that is published stays, and the next update does the same again.
func (f *Folder) write(s State, doc []byte, events []Event, now time.Time) error {
	if err := os.MkdirAll(f.in(""), 0o755); err != nil {
		return err
	}
	sum := sha256.Sum256(doc)
	e := entry{Time: now.UTC(), Document: hex.EncodeToString(sum[:])}
	for _, event := range events {
		if !event.Again {
			e.Events = append(e.Events, event)
		}
	}
	old, err := os.ReadFile(f.Document())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	changed := err != nil || !bytes.Equal(old, doc)
	if changed {
		if err := replace(f.in(e.Document+".json"), doc); err != nil {
			return err
		}
	}
	if changed || len(e.Events) > 0 {
		if err := f.log(e); err != nil {
			return err
		}
	}
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := replace(f.in("state.json"), append(b, '\n')); err != nil {
		return err
	}
	if !changed {
		return nil
	}
	return replace(f.Document(), doc)
}

// log appends a line. A line that a crash cut off is ended first.
func (f *Folder) log(e entry) (err error) {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(f.in("log.jsonl"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if end, err := file.Seek(0, io.SeekEnd); err != nil {
		return err
	} else if end > 0 {
		last := make([]byte, 1)
		if _, err := file.ReadAt(last, end-1); err != nil {
			return err
		}
		if last[0] != '\n' {
			line = append([]byte{'\n'}, line...)
		}
	}
	if _, err := file.Write(append(line, '\n')); err != nil {
		return err
	}
	return file.Sync()
}

// replace writes a file so that whoever reads it, also after a crash, has the old
// one or the new one.
func replace(name string, b []byte) error {
	file, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // gone after the renaming
	_, err = file.Write(b)
	if err == nil {
		err = file.Chmod(0o644)
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), name)
}

// HistoryPath is where a Folder serves its log ("log.jsonl") and the earlier
// documents.
const HistoryPath = "/" + history + "/"

// ServeHTTP serves the log and every document that ever was, below [HistoryPath],
// so that anybody can see which keys an issuer had when.
func (f *Folder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p := web.CheckMethod(w, r, http.MethodGet); p != nil {
		p.Write(w)
		return
	}
	name, _ := strings.CutPrefix(r.URL.Path, HistoryPath)
	kind := "application/jsonl"
	if name != "log.jsonl" {
		sum, isJSON := strings.CutSuffix(name, ".json")
		if b, err := hex.DecodeString(sum); !isJSON || err != nil || len(b) != sha256.Size {
			name = ""
		}
		kind = "application/json"
	}
	b, err := os.ReadFile(f.in(name))
	if name == "" || err != nil {
		web.NewProblem(http.StatusNotFound, "not_found", "There is no such document. "+HistoryPath+"log.jsonl names all that there were.").Write(w)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Method == http.MethodGet {
		_, _ = w.Write(b)
	}
}
