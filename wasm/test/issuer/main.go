// Command issuer plays the issuer for the tests of the browser modules: it reads
// one request a line and answers with one line, messages in base64.
//
//	commitment            the key commitments, JSON
//	issue N REQUEST       an IssueResponse for the first N elements
//	redeem REQUEST        "good ORIGIN", or "bad CODE"
package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func answer(key *pst.PrivateKey, words []string) (string, error) {
	message := func() ([]byte, error) { return base64.StdEncoding.DecodeString(words[len(words)-1]) }
	switch words[0] {
	case "commitment":
		c := pst.Commitment{ID: 1, BatchSize: 30, Keys: []pst.CommittedKey{{
			Label: strconv.FormatUint(uint64(key.ID()), 10), PublicKey: key.PublicKey(), Expiry: time.Now().Add(time.Hour).UnixMicro()}}}
		return string(c.JSON()), nil
	case "issue":
		b, err := message()
		if err != nil {
			return "", err
		}
		req, err := pst.ParseIssueRequest(b)
		if err != nil {
			return "", err
		}
		n, err := strconv.Atoi(words[1])
		if err != nil {
			return "", err
		}
		resp, err := key.Issue(req, n)
		if err != nil {
			return "", err
		}
		return base64.StdEncoding.EncodeToString(resp.Bytes()), nil
	case "redeem":
		b, err := message()
		if err != nil {
			return "", err
		}
		req, err := pst.ParseRedeemRequest(b)
		if err != nil {
			return "bad " + err.Error(), nil
		}
		if err := key.Verify(&req.Token); err != nil {
			return "bad " + err.Error(), nil
		}
		return "good " + req.ClientData.RedeemingOrigin, nil
	}
	return "", fmt.Errorf("no command is called %q", words[0])
}

func main() {
	log.SetFlags(0)
	key, err := pst.GenerateKey(7)
	if err != nil {
		log.Fatal(err)
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		out, err := answer(key, strings.Fields(in.Text()))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(out)
	}
}
