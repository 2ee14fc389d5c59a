package issuer_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/store/mem/spentmem"
)

// An issuer in front of a site's own sign-in, and the browser's part by hand.
func Example() {
	// Once; then they are read from where keys.Secret() was put: issuer.ParseKeys.
	keys, err := issuer.GenerateKeys(time.Now(), 90*24*time.Hour)
	if err != nil {
		panic(err)
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic(err)
	}
	byAge, err := issuer.NewAccountAge(
		issuer.AgeStep{MinAge: 24 * time.Hour, Tokens: 3},
		issuer.AgeStep{MinAge: 365 * 24 * time.Hour, Tokens: 30})
	if err != nil {
		panic(err)
	}
	store := new(spentmem.Store) // in earnest: spent.OpenSQLite
	iss, err := issuer.New(issuer.Config{
		Origin:       "https://issuer.example",
		Keys:         keys,
		RecordSigner: issuer.NewRecordSigner(private),
		RecordKeys:   issuer.RecordKeySet(public),
		Policy:       &issuer.Budget{Policy: byAge, Store: store, PerDay: 60},
		Facts: func(r *http.Request) (issuer.Facts, error) {
			// From the site's session.
			return issuer.Facts{SignedIn: true, Account: "ada", AccountCreated: time.Now().AddDate(-10, 0, 0)}, nil
		},
		Spent: store,
		Log:   slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	site := httptest.NewServer(iss)
	defer site.Close()

	// The browser blinds, and checks and unblinds what comes back.
	request, pending, err := pst.Begin(keys.Set().Active().PublicKey(), 30)
	if err != nil {
		panic(err)
	}
	answer := browse(site.URL+issuer.IssuePath, request.Bytes())
	raw, err := base64.StdEncoding.DecodeString(answer)
	if err != nil {
		panic(err)
	}
	response, err := pst.ParseIssueResponse(raw)
	if err != nil {
		panic(err)
	}
	tokens, err := pending.Finish(response)
	if err != nil {
		panic(err)
	}
	fmt.Println(len(tokens), "tokens")

	// Later, on another site.
	redeem := pst.RedeemRequest{Token: tokens[0], ClientData: pst.ClientData{
		RedeemingOrigin: "https://news.example", RedemptionTimestamp: uint32(time.Now().Unix())}}
	record := browse(site.URL+issuer.RedeemPath, redeem.Bytes())

	// Anybody can verify the record.
	published, err := jws.ParseKeySet(issuer.RecordKeySet(public))
	if err != nil {
		panic(err)
	}
	r, err := pst.JudgeRecord(record, published, "https://issuer.example", time.Now())
	if err != nil {
		panic(err)
	}
	fmt.Println(r.Issuer, "vouches for a visitor of", r.Origin)

	// A token works once.
	fmt.Printf("again: %q\n", browse(site.URL+issuer.RedeemPath, redeem.Bytes()))
	// Output:
	// 30 tokens
	// https://issuer.example vouches for a visitor of https://news.example
	// again: ""
}

// browse sends a message as a browser does and returns the answer's token header.
func browse(url string, message []byte) string {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, nil)
	if err != nil {
		panic(err)
	}
	req.Header.Set(pst.HeaderToken, base64.StdEncoding.EncodeToString(message))
	req.Header.Set(pst.HeaderVersion, pst.Version)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.Header.Get(pst.HeaderToken)
}
