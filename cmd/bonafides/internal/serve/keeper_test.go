package serve

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/wasm"
	"github.com/bonafides-dev/bonafides/wasm/mirror"
)

// The program itself, for tests that send it signals.
func TestMain(m *testing.M) {
	if os.Getenv("BONAFIDES_RUN") != "" {
		os.Exit(cli.Run(cli.Terminal{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Now: time.Now}, Commands(), os.Args[1:]))
	}
	os.Exit(m.Run())
}

// keyIssuer publishes the keys with these ids.
type keyIssuer struct {
	*httptest.Server
	mu     sync.Mutex
	body   []byte
	keys   map[uint32]*pst.PublicKey
	expiry time.Time
}

func newKeyIssuer(t *testing.T, expiry time.Time, ids ...uint32) *keyIssuer {
	i := &keyIssuer{keys: map[uint32]*pst.PublicKey{}, expiry: expiry}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		_, _ = w.Write(i.body)
	}))
	t.Cleanup(i.Close)
	i.publish(t, 1, ids...)
	return i
}

func (i *keyIssuer) publish(t *testing.T, version uint32, ids ...uint32) {
	c := &pst.Commitment{ID: version, BatchSize: 10}
	for _, id := range ids {
		if i.keys[id] == nil {
			k, err := pst.GenerateKey(id)
			if err != nil {
				t.Fatal(err)
			}
			i.keys[id] = k.PublicKey()
		}
		c.Keys = append(c.Keys, pst.CommittedKey{Label: strconv.Itoa(int(id)), PublicKey: i.keys[id], Expiry: i.expiry.UnixMicro()})
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.body = c.JSON()
}

func TestAListThatNamesNoIssuersIsRefused(t *testing.T) {
	out := t.TempDir()
	for name, c := range map[string]struct{ list, want string }{
		"empty":         {"", "names no issuer"},
		"comments":      {"# none yet\n\n", "names no issuer"},
		"http":          {"https://one.example\nhttp://two.example\n", "line 2"},
		"a path":        {"https://one.example/\n", "line 1"},
		"twice":         {"https://one.example\n https://one.example # again\n", "line 2"},
		"several":       {"https://one.example https://two.example\n", "line 1"},
		"without limit": {strings.Repeat("x", 1<<20), "too long"},
	} {
		for _, command := range []string{"mirror", "files"} {
			_, errs, code := bonafides(t, "", "keeper", command, "-issuers", write(t, "issuers", c.list), "-out", out)
			if code != cli.Usage || !strings.Contains(errs, c.want) {
				t.Errorf("%s: %d %s", name, code, errs)
			}
		}
	}
	list := write(t, "issuers", "https://one.example\n")
	for _, args := range [][]string{{"mirror"}, {"mirror", "-issuers", list}, {"mirror", "-out", out}, {"mirror", "-issuers", list, "-out", out, "x"},
		{"mirror", "-issuers", "missing", "-out", out}, {"files", "-issuers", list}, {"files", "-issuers", list, "-out", out, "x"}, {"serve"},
		{"serve", "-issuers", list, "x"}, {"mirror", "-issuers", list, "-out", out, "-allow", "10.0.0.1"}, {"files", "-issuers", list, "-out", out, "-per-hour", "9", "-per-day", "3"},
		{"files", "-issuers", list, "-out", out, "-origin", "https://keeper.example/"}, {"serve", "-issuers", list, "-data", out, "-origin", "keeper.example"},
		{"files", "-issuers", list, "-out", out, "-origin", "https://one.example"}, {"serve", "-issuers", list, "-data", out, "-origin", "https://one.example"},
		{"files", "-issuers", list, "-out", out, "-origin", "http://keeper.example"}, {"serve", "-issuers", list, "-data", out, "-addr", "8095"}} {
		if _, errs, code := bonafides(t, "", append([]string{"keeper"}, args...)...); code != cli.Usage || errs == "" {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
	if found, _ := os.ReadDir(out); len(found) > 0 {
		t.Error("something was written")
	}
}

func TestMirrorSaysWhatCronShouldMail(t *testing.T) {
	i := newKeyIssuer(t, testNow.AddDate(0, 1, 0), 1)
	list := write(t, "issuers", "# ours\n"+i.URL+" # on this machine\n")
	dir := filepath.Join(t.TempDir(), "public")
	step := func(want int) (out, errs string) {
		t.Helper()
		out, errs, code := bonafides(t, "", "keeper", "mirror", "-issuers", list, "-out", dir)
		if code != want {
			t.Errorf("%d, want %d: %s%s", code, want, out, errs)
		}
		return out, errs
	}
	if out, errs := step(cli.OK); !strings.Contains(out, "key 1, which expires on") || errs != "" {
		t.Errorf("%s%s", out, errs)
	}
	name := filepath.Join(dir, "bonafides-commitments.json")
	doc, err := os.ReadFile(name)
	if want := `{"bonafides":1,"issuers":{"` + i.URL + `":` + string(i.body) + `}}`; err != nil || string(doc) != want {
		t.Errorf("%v %s\nwant %s", err, doc, want)
	}
	if out, errs := step(cli.OK); out != "" || errs != "" {
		t.Errorf("nothing changed, and it says %s%s", out, errs)
	}
	i.publish(t, 2, 1, 2)
	if out, errs := step(cli.OK); !strings.Contains(out, "key 2 is new") || errs != "" {
		t.Errorf("%s%s", out, errs)
	}
	i.publish(t, 2, 1, 2, 3, 4, 5, 6, 7)
	for range 2 { // until somebody has seen to it
		if out, errs := step(cli.Refused); out != "" || !strings.Contains(errs, i.URL+" has 7 live keys") {
			t.Errorf("%s%s", out, errs)
		}
	}
	i.Close()
	if _, errs := step(cli.Refused); !strings.Contains(errs, "did not answer") {
		t.Error(errs)
	}
	if again, _ := os.ReadFile(name); string(again) != strings.Replace(string(doc), `"id":1,`, `"id":2,`, 1) {
		t.Errorf("%s", again)
	}
	if err := os.WriteFile(filepath.Join(dir, "bonafides-commitments", "state.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, errs := step(exitFailed); !strings.Contains(errs, "state.json") {
		t.Error(errs)
	}
	dir = write(t, "file", "in the way")
	step(exitFailed)
}

func TestStaticFilesAreAWholeKeeper(t *testing.T) {
	i := newKeyIssuer(t, testNow.AddDate(0, 1, 0), 1)
	list := write(t, "issuers", i.URL+"\n")
	dir := t.TempDir()
	out, errs, code := bonafides(t, "", "keeper", "files", "-issuers", list, "-out", dir, "-name", "The <Library>", "-origin", "https://keeper.example")
	if code != cli.OK || errs != "" {
		t.Fatalf("%d %s", code, errs)
	}
	if tag, err := wasm.ScriptTag("https://keeper.example/bonafides/", "https://keeper.example"); err != nil || !strings.Contains(out, tag) {
		t.Errorf("%v: no tag in %s", err, out)
	}
	m, err := wasm.ReadManifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range m.Flows["tokens"][wasm.ESM] {
		if _, err := os.Stat(filepath.Join(dir, "bonafides", name)); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"index.html", "keeper/index.html", "404.html", "_headers", "nginx.conf", "Caddyfile", "bonafides-commitments.json", "bonafides-commitments/log.jsonl"} {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || len(b) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if page, _ := os.ReadFile(filepath.Join(dir, "keeper/index.html")); !strings.Contains(string(page), "The &lt;Library&gt;") {
		t.Errorf("%s", page)
	}
	if _, err := os.Stat(filepath.Join(dir, ".well-known")); err == nil {
		t.Error("the files answer as an issuer does")
	}
}

func TestServeAsksAnewOnSIGHUPAndEndsOnSIGTERM(t *testing.T) {
	i := newKeyIssuer(t, time.Now().AddDate(0, 1, 0), 1, 2)
	list := write(t, "issuers", i.URL+"\n")
	cmd := exec.Command(os.Args[0], "keeper", "serve", "-issuers", list, "-addr", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), "BONAFIDES_RUN=1")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(line, "http://")
	host, _, _ := strings.Cut(rest, "/")
	get := func(path string) (int, http.Header, string) {
		t.Helper()
		res, err := http.Get("http://" + host + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		return res.StatusCode, res.Header, string(b)
	}
	for _, path := range []string{"/", "/keeper"} {
		if status, h, body := get(path); status != 200 || !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") || !strings.Contains(body, "bonafides-commitments") {
			t.Errorf("%s: %d %v", path, status, h)
		}
	}
	keys := func() (keys []string) {
		_, _, body := get(mirror.Path)
		var doc struct {
			Issuers map[string]map[string]struct{ Keys map[string]any }
		}
		if err := json.Unmarshal([]byte(body), &doc); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		for id := range doc.Issuers[i.URL][pst.Version].Keys {
			keys = append(keys, id)
		}
		return keys
	}
	if got := keys(); len(got) != 2 {
		t.Errorf("keys %v", got)
	}
	for path, want := range map[string]int{
		pst.CommitmentPath: 204, "/bonafides-commitments/log.jsonl": 200, "/bonafides-commitments/state.json": 404,
		"/bonafides-commitments/../state.json": 404, "/bonafides-commitments/": 404, "/other": 404,
	} {
		if status, _, _ := get(path); status != want {
			t.Errorf("%s: %d", path, status)
		}
	}
	i.publish(t, 2, 2)
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(stderr)
	logged := func(words string) {
		for said.Scan() && !strings.Contains(said.Text(), words) {
		}
	}
	logged("key 1 is no longer published")
	for len(keys()) != 1 { // the document follows its log
		time.Sleep(10 * time.Millisecond)
	}
	if got := keys(); got[0] != "2" {
		t.Errorf("keys %v", got)
	}
	// The list is read again, and one that is none changes nothing.
	other := newKeyIssuer(t, time.Now().AddDate(0, 1, 0), 1, 7)
	for _, c := range []struct{ list, says, want string }{
		{"issuer.example\n", "the one before stays", i.URL},
		{other.URL + "\n", "key 7, which expires", other.URL},
	} {
		if err := os.WriteFile(list, []byte(c.list), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		logged(c.says)
		var doc string
		for !strings.Contains(doc, c.want) { // the document follows its log
			_, _, doc = get(mirror.Path)
		}
		if strings.Count(doc, "://") != 1 {
			t.Errorf("after a list of %q: %s", c.list, doc)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, stderr) }()
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if _, err := os.Stat(list + ".mirror/bonafides-commitments/state.json"); err != nil {
		t.Error(err)
	}
}
