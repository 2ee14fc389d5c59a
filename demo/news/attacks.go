package news

import (
	"net/http"
	"strings"

	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/rpserver/record"
)

// tamper sends the last request that carried a record once more, with one
// character of the record's signature changed.
func (s *site) tamper(r *http.Request) look.Outcome {
	req, ok := s.received.Again(r.Context(), s.origins.News)
	if !ok {
		return instrument.Nothing("No redemption record has arrived here yet.", "Press \"Use one token\", then vote or send a letter, and try again.")
	}
	req.Header.Set("Accept", "application/json")
	for _, name := range []string{record.HeaderNative, record.HeaderPolyfill} {
		value := req.Header.Get(name)
		if value == "" {
			continue
		}
		changed, err := tampered(value)
		if err != nil {
			return instrument.Nothing("The last record could not be read, so it cannot be changed.", "Redeem another token and send it with a vote.")
		}
		req.Header.Set(name, changed)
	}
	answer, err := instrument.Try(s.client, req)
	if err != nil {
		return instrument.Unreachable(err)
	}
	return answer.Outcome("the last record, one character of its signature changed")
}

// tampered changes the first character of the signature in every record of a
// header.
func tampered(header string) (string, error) {
	list, err := pst.ParseRedemptionRecordHeader(header)
	if err != nil {
		return "", err
	}
	for i, item := range list {
		at := strings.LastIndexByte(item.Record, '.') + 1
		if at == 0 || at >= len(item.Record) {
			continue
		}
		with := byte('A')
		if item.Record[at] == with {
			with = 'B'
		}
		list[i].Record = item.Record[:at] + string(with) + item.Record[at+1:]
	}
	return pst.FormatRedemptionRecordHeader(list)
}

// vote100 is reached only without JavaScript: the hundred votes are the page's
// to send, because only the browser can attach the record.
func vote100(*http.Request) look.Outcome {
	return instrument.Nothing("This attack needs JavaScript.", "The browser alone can attach the record to a request, and a page asks it by fetch.")
}
