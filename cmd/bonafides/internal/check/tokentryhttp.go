package check

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"os"
	"strings"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/internal/recordcheck"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func (w *tryout) message(h http.Header, b []byte) {
	h.Set(w.names.Token, base64.StdEncoding.EncodeToString(b))
	h.Set(w.names.Version, pst.Version)
}

type tried struct {
	status int
	header http.Header
	body   []byte
}

func (w *tryout) send(method, path string, h http.Header) (*tried, error) {
	r, err := http.NewRequest(method, w.issuer+path, nil)
	if err != nil {
		return nil, err
	}
	if h != nil {
		r.Header = h.Clone()
	}
	a, err := w.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%s did not answer: %w", w.issuer, err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(io.LimitReader(a.Body, 64<<10))
	if err != nil {
		return nil, fmt.Errorf("%s did not answer whole: %w", w.issuer, err)
	}
	return &tried{a.StatusCode, a.Header, body}, nil
}

// reason is what the issuer says of its answer, in words.
func (a *tried) reason() string {
	var said struct{ Code, Detail, Reason string }
	_ = json.Unmarshal(a.body, &said)
	switch {
	case said.Detail != "":
		return said.Detail
	case said.Reason != "":
		return said.Reason
	}
	return "it gave no reason"
}

// readHeaders reads header lines ("Cookie: a=b") from a file.
func readHeaders(t cli.Terminal, file string) (http.Header, error) {
	if file == "" {
		return http.Header{}, nil
	}
	in := t.In
	if file != "-" {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		in = bytes.NewReader(b)
	}
	b, err := io.ReadAll(io.LimitReader(in, 64<<10))
	if err != nil {
		return nil, err
	}
	text := strings.TrimRight(string(b), "\r\n") + "\r\n\r\n"
	h, err := textproto.NewReader(bufio.NewReader(strings.NewReader(text))).ReadMIMEHeader()
	if err != nil {
		return nil, errors.New("the file is not lines of the form Name: value")
	}
	return http.Header(h), nil
}

// keep writes the header lines with which a browser on the site shows the record.
func (w *tryout) keep(record string) error {
	if w.record == "" {
		return nil
	}
	value, err := pst.FormatRedemptionRecordHeader([]pst.OriginRecord{{Origin: w.issuer, Record: record}})
	if err != nil {
		return err
	}
	name := pst.HeaderRecord
	if w.via == pst.ViaPolyfill {
		name = recordcheck.HeaderPolyfill
	}
	lines := name + ": " + value + "\nOrigin: " + w.origin + "\n"
	if err := os.WriteFile(w.record, []byte(lines), 0o600); err != nil {
		return fmt.Errorf("the record was not kept: %w", err)
	}
	w.say("kept", "in %s: curl -H @%s https://whoever.reads.records", w.record, w.record)
	return nil
}
