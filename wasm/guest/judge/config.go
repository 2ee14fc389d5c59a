package judge

import (
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
	"github.com/bonafides-dev/bonafides/wasm/guest/abi"
)

// What may be as long as this at most, is a byte shorter than its argument in the
// table: callers cut what is longer, and the cut one is still refused for its length.
const (
	maxConfig = 64 << 10
	maxToken  = 256<<10 - 1
)

func config(message string) error {
	return abi.Refuse(0, oidc.CodeConfig, message)
}

// readConfig reads the options of a caller in JavaScript. What it does not know
// is refused: an option with a wrong name would silently not count.
func readConfig(text []byte) (c oidc.Config, err error) {
	v, perr := strictjson.Parse(text, strictjson.Limits{MaxSize: maxConfig})
	if perr != nil || v.Kind() != strictjson.Object {
		return c, config("the options are not a JSON object of at most 64 KiB")
	}
	for name, o := range v.Members() {
		ok := true
		switch name {
		case "issuer":
			c.Issuer, ok = o.Text()
		case "clientId":
			c.ClientID, ok = o.Text()
		case "nonce":
			c.Nonce, ok = o.Text()
		case "insecureNoNonce":
			c.InsecureNoNonce, ok = o.Bool()
		case "hostedDomain": // empty would not be looked at, which nobody asks for
			c.HostedDomain, ok = o.Text()
			ok = ok && c.HostedDomain != ""
		case "issuerAliases":
			c.IssuerAliases, ok = o.Strings()
		case "trustedAudiences":
			c.TrustedAudiences, ok = o.Strings()
		case "algorithms": // an empty list would mean all of them
			var list []string
			list, ok = o.Strings()
			ok = ok && len(list) > 0
			for _, a := range list {
				c.Algorithms = append(c.Algorithms, jws.Algorithm(a))
			}
		case "maxSize":
			var n int64
			n, ok = o.Int()
			ok = ok && n > 0 && n <= maxToken
			c.MaxSize = int(n)
		default:
			return c, config("an option is unknown; the options are issuer, issuerAliases, clientId, nonce, " +
				"insecureNoNonce, hostedDomain, trustedAudiences, algorithms and maxSize")
		}
		if !ok {
			return c, config("the option " + name + " is not of the type that it must have, is empty or is too large")
		}
	}
	switch {
	case c.Issuer == "":
		return c, config("the option issuer is missing: name the provider whose tokens count")
	case c.ClientID == "":
		return c, config("the option clientId is missing: name the client that tokens must be for")
	case c.Nonce == "" && !c.InsecureNoNonce:
		return c, config("the option nonce is missing: give the nonce that this sign-in was begun with")
	}
	return c, nil
}
