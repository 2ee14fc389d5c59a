package judge

import (
	"time"

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
	maxSkew   = 300 // seconds
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
	for w := v.Walk(); w.Next(); {
		name, o, ok := w.Name(), w.Value(), false
		if text := textOption(&c, name); text != nil {
			*text, ok = o.Text()
			ok = ok && (*text != "" || name != "hostedDomain") // empty would not be looked at, which nobody asks for
		} else if flag := flagOption(&c, name); flag != nil {
			*flag, ok = o.Bool()
		} else if list := listOption(&c, name); list != nil {
			*list, ok = o.Strings()
			ok = ok && (len(*list) > 0 || name != "tenants")
		} else {
			switch name {
			case "algorithms": // an empty list would mean all of them
				var list []string
				list, ok = o.Strings()
				ok = ok && len(list) > 0
				for _, a := range list {
					c.Algorithms = append(c.Algorithms, jws.Algorithm(a))
				}
			case "match":
				c.Match, ok = readMatch(o)
			case "skew", "maxSize":
				var n int64
				n, ok = o.Int()
				if name == "skew" {
					ok = ok && n >= 0 && n <= maxSkew
					c.Skew = time.Duration(n) * time.Second
				} else {
					ok = ok && n > 0 && n <= maxToken
					c.MaxSize = int(n)
				}
			default:
				return c, config("an option is unknown; the options are issuer, issuerAliases, tenants, clientId, nonce, insecureNoNonce, verifyOnly, " +
					"hostedDomain, match, trustedAudiences, authorizedParties, ignoreKeyHints, algorithms, skew and maxSize")
			}
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
	case c.Nonce == "" && !c.InsecureNoNonce && !c.VerifyOnly:
		return c, config("the option nonce is missing: give the nonce that this sign-in was begun with")
	}
	return c, nil
}

// readMatch reads claims and the values that each may have.
func readMatch(o strictjson.Value) (list []oidc.ClaimMatch, ok bool) {
	for w := o.Walk(); w.Next(); {
		values, good := w.Value().Strings()
		if !good {
			return nil, false
		}
		list = append(list, oidc.ClaimMatch{Name: w.Name(), Values: values})
	}
	return list, o.Kind() == strictjson.Object
}

func textOption(c *oidc.Config, name string) *string {
	switch name {
	case "issuer":
		return &c.Issuer
	case "clientId":
		return &c.ClientID
	case "nonce":
		return &c.Nonce
	case "hostedDomain":
		return &c.HostedDomain
	}
	return nil
}

func flagOption(c *oidc.Config, name string) *bool {
	switch name {
	case "insecureNoNonce":
		return &c.InsecureNoNonce
	case "ignoreKeyHints":
		return &c.IgnoreKeyHints
	case "verifyOnly":
		return &c.VerifyOnly
	}
	return nil
}

func listOption(c *oidc.Config, name string) *[]string {
	switch name {
	case "issuerAliases":
		return &c.IssuerAliases
	case "tenants":
		return &c.Tenants
	case "trustedAudiences":
		return &c.TrustedAudiences
	case "authorizedParties":
		return &c.AuthorizedParties
	}
	return nil
}
