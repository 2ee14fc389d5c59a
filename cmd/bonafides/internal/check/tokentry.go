package check

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/origin"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func tokenTry() cli.Command {
	return cli.Command{
		Name:     "token try",
		Synopsis: "[-origin SITE] [-count N] [-polyfill] [-challenge PATH] [-headers FILE] [-record FILE] ISSUER",
		About: `Plays a browser against a running issuer: fetches the key commitment, asks for
      tokens, checks the proof, redeems one, verifies the record, and shows the token a
      second time, which must be refused. Says each step as it goes. Exit code 0: all
      of it worked; 1: a step did not, with the reason. -record keeps the header lines
      with which a browser shows the record: curl -H @FILE shows it too.`,
		Run: runTokenTry,
	}
}

func runTokenTry(t cli.Terminal, args []string) int {
	f := cli.Flags(t, tokenTry())
	site := f.String("origin", "https://try.example", "the site that redeems, as its `origin`")
	count := f.Int("count", 0, "tokens to ask for, at most 100; 0: as many as the commitment says")
	polyfill := f.Bool("polyfill", false, "use the endpoints for browsers without Private State Tokens")
	challenge := f.String("challenge", "/issue/challenge", "`path` of the proof of work on the issuer; nothing is solved where it answers 404")
	headers := f.String("headers", "", "`file` with header lines for the token-request: a session's Cookie, a CAPTCHA's "+exchange.ProofHeader+"; - for standard input")
	record := f.String("record", "", "`file` to write the record to, as the header lines that a browser sends it in; it is replaced")
	if code, ok := cli.Parse(f, args); !ok {
		return code
	}
	switch {
	case f.NArg() > 1 && strings.HasPrefix(f.Arg(1), "-"):
		return cli.Fail(t, cli.Usage, "%s comes after the issuer: flags go before it, as in: token try %s %s", f.Arg(1), f.Arg(1), f.Arg(0))
	case f.NArg() != 1:
		return cli.Fail(t, cli.Usage, "token try takes one issuer, such as https://issuer.example")
	case !origin.Is(f.Arg(0)):
		return cli.Fail(t, cli.Usage, "%q is not an origin such as https://issuer.example (no path, no slash at the end)", f.Arg(0))
	case !origin.Is(*site):
		return cli.Fail(t, cli.Usage, "-origin is not an origin such as https://news.example")
	case *count < 0 || *count > pst.MaxBatch:
		return cli.Fail(t, cli.Usage, "-count is 0, for as many as the commitment says, or 1 to %d", pst.MaxBatch)
	case *challenge != "" && !strings.HasPrefix(*challenge, "/"):
		return cli.Fail(t, cli.Usage, "-challenge is not a path such as /issue/challenge")
	}
	more, err := readHeaders(t, *headers)
	if err != nil {
		return cli.Fail(t, cli.Usage, "-headers: %v", err)
	}
	w := &tryout{
		t: t, issuer: f.Arg(0), origin: *site, count: *count, challenge: *challenge, more: more, record: *record,
		client: cli.LocalClient(), names: exchange.Native, issue: issuer.IssuePath, redeem: issuer.RedeemPath, via: pst.ViaNative,
	}
	if *polyfill {
		w.names, w.issue, w.redeem, w.via = exchange.Polyfill, issuer.PolyfillIssuePath, issuer.PolyfillRedeemPath, pst.ViaPolyfill
	}
	if err := w.run(); err != nil {
		return cli.Fail(t, cli.Refused, "%v", err)
	}
	fmt.Fprintln(t.Out, "ok")
	return cli.OK
}

// tryout is one browser that meets one issuer.
type tryout struct {
	t                         cli.Terminal
	issuer, origin, challenge string
	count                     int
	record                    string      // the file for the record; empty: it is not kept
	more                      http.Header // of the token-request alone
	client                    *http.Client
	names                     exchange.Headers
	issue, redeem, via        string
}

func (w *tryout) say(step, format string, args ...any) {
	fmt.Fprintf(w.t.Out, "%-10s  %s\n", step, fmt.Sprintf(format, args...))
}

func (w *tryout) run() error {
	c, err := w.commitment()
	if err != nil {
		return err
	}
	tokens, err := w.tokens(c)
	if err != nil {
		return err
	}
	return w.spend(tokens[0])
}

func (w *tryout) commitment() (*pst.Commitment, error) {
	a, err := w.send(http.MethodGet, pst.CommitmentPath, nil)
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, fmt.Errorf("%s answered %d where its key commitment should be (%s): %s", w.issuer, a.status, pst.CommitmentPath, a.reason())
	}
	c, err := pst.ParseCommitments(a.body)
	if err != nil {
		return nil, fmt.Errorf("the key commitment: %w; bonafides commitments lint %s has more", err, w.issuer)
	}
	var ids []string
	for _, k := range c.Live(w.t.Now().UnixMicro()) {
		ids = append(ids, fmt.Sprint(k.ID()))
	}
	if len(ids) == 0 {
		return nil, errors.New("every key of the commitment has expired: the issuer has to rotate its keys")
	}
	w.say("commitment", "keys %s; batches of %d", strings.Join(ids, ", "), c.BatchSize)
	return c, nil
}

// prove solves the issuer's puzzle where it has one.
func (w *tryout) prove(h http.Header) error {
	if w.challenge == "" || h.Get(exchange.ProofHeader) != "" {
		return nil
	}
	a, err := w.send(http.MethodGet, w.challenge, nil)
	if err != nil || a.status == http.StatusNotFound || a.status == http.StatusMethodNotAllowed {
		return err
	}
	var puzzle struct {
		Challenge  string
		Difficulty int
	}
	if a.status != http.StatusOK {
		return fmt.Errorf("%s answered %d: %s", w.challenge, a.status, a.reason())
	}
	if json.Unmarshal(a.body, &puzzle) != nil || puzzle.Challenge == "" {
		return nil // another kind of page stands there
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	proof, err := issuer.SolveWork(ctx, puzzle.Challenge)
	if err != nil {
		return fmt.Errorf("the puzzle of %d zero bits was not solved: %w", puzzle.Difficulty, err)
	}
	h.Set(exchange.ProofHeader, proof)
	w.say("challenge", "%d zero bits, solved", puzzle.Difficulty)
	return nil
}

// tokens asks for tokens and returns what it got, at least one.
func (w *tryout) tokens(c *pst.Commitment) ([]pst.Token, error) {
	n := w.count
	if n == 0 {
		n = c.BatchSize
	}
	request, pending, err := pst.BeginAny(c.Live(w.t.Now().UnixMicro()), n)
	if err != nil {
		return nil, err
	}
	defer pending.Wipe()
	h := w.more.Clone()
	if err := w.prove(h); err != nil {
		return nil, err
	}
	w.message(h, request.Bytes())
	h.Set("Origin", w.issuer)
	a, err := w.send(http.MethodPost, w.issue, h)
	if err != nil {
		return nil, err
	}
	value := a.header.Get(w.names.Token)
	switch {
	case a.status == http.StatusNotFound && w.via == pst.ViaPolyfill:
		return nil, fmt.Errorf("%s has no endpoints for the polyfill: set Config.Polyfill, or ISSUER_POLYFILL = \"on\" in a Worker", w.issuer)
	case a.status != http.StatusOK:
		return nil, fmt.Errorf("%s answered %d: %s", w.issue, a.status, a.reason())
	case value == "":
		return nil, fmt.Errorf("the issuer granted no tokens: %s. Its policy wants something that this command did not send: give a session's Cookie or a CAPTCHA's answer with -headers, the path of a puzzle with -challenge", a.reason())
	}
	b, err := base64.StdEncoding.Strict().DecodeString(value)
	if err != nil {
		return nil, fmt.Errorf("the answer's header %s is not base64", w.names.Token)
	}
	response, err := pst.ParseIssueResponse(b)
	if err != nil {
		return nil, fmt.Errorf("the issuer's answer: %w", err)
	}
	tokens, err := pending.Finish(response)
	if err != nil {
		return nil, fmt.Errorf("the issuer's answer: %w", err)
	}
	by := ""
	if w.via == pst.ViaPolyfill {
		by = " at the polyfill's endpoint"
	}
	w.say("issue", "%d asked, %d granted%s; the proof verifies with key %d", n, len(tokens), by, response.KeyID())
	return tokens, nil
}

// spend redeems a token, verifies the record and tries the token once more.
func (w *tryout) spend(token pst.Token) error {
	r := pst.RedeemRequest{Token: token, ClientData: pst.ClientData{
		RedeemingOrigin: w.origin, RedemptionTimestamp: uint32(w.t.Now().Unix()),
	}}
	h := http.Header{}
	w.message(h, r.Bytes())
	a, err := w.send(http.MethodPost, w.redeem, h)
	if err != nil {
		return fmt.Errorf("%w. The token may be spent", err)
	}
	record := a.header.Get(w.names.Token)
	if a.status != http.StatusOK || record == "" {
		return fmt.Errorf("%s answered %d: %s", w.redeem, a.status, a.reason())
	}
	w.say("redeem", "for %s", w.origin)
	keys, err := fetchKeys(w.issuer)
	if err != nil {
		return err
	}
	got, err := pst.JudgeRecord(record, keys, w.issuer, w.t.Now())
	switch {
	case err != nil:
		return fmt.Errorf("the redemption record: %w", err)
	case got.Origin != w.origin || got.Via != w.via || got.KeyID != token.KeyID:
		return fmt.Errorf("the redemption record belongs to another redemption: origin %s, via %s, key %d", got.Origin, got.Via, got.KeyID)
	}
	w.say("record", "verifies with the issuer's published keys; good for %s", time.Duration(got.Remaining(w.t.Now()))*time.Second)
	again, err := w.send(http.MethodPost, w.redeem, h)
	if err != nil {
		return err
	}
	if again.status != http.StatusConflict || again.header.Get(w.names.Token) != "" {
		return fmt.Errorf("the same token a second time was answered %d, not 409: this issuer spends tokens more than once", again.status)
	}
	w.say("again", "refused, as it must be: %s", again.reason())
	return w.keep(record)
}
