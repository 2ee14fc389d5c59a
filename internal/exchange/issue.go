package exchange

import (
	"encoding/base64"

	"github.com/bonafides-dev/bonafides/internal/refusal"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// ParseIssuance reads a request for tokens.
func ParseIssuance(message []byte) (*pst.IssueRequest, *refusal.Refusal) {
	if pst.IsRedeemRequest(message) {
		return nil, NotIssue
	}
	req, err := pst.ParseIssueRequest(message)
	if err != nil {
		return nil, unreadable(err)
	}
	return req, nil
}

// SignIssuance signs the first n elements and returns the value of the answer's
// token header. For n of 0 or less nothing is signed and the value is empty,
// which tells the browser that it was given no tokens. An error means that
// nothing was signed: the system's randomness failed.
func SignIssuance(key *pst.PrivateKey, req *pst.IssueRequest, n int) (string, error) {
	if n <= 0 {
		return "", nil
	}
	resp, err := key.Issue(req, n)
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(resp.Bytes()), nil
}
