package pst

import (
	"encoding/base64"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/bonafides-dev/bonafides/protocol/origin"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// Severity says what becomes of an issuer whose commitment has a finding.
type Severity uint8

const (
	// Note: browsers take it; people may be misled.
	Note Severity = iota
	// Warning: it works now, or in part.
	Warning
	// Fatal: no token of this issuer will reach a page.
	Fatal
)

// String gives "note", "warning" or "error".
func (s Severity) String() string {
	return [...]string{"note", "warning", "error"}[min(s, Fatal)]
}

// A Finding is one thing that LintCommitments has to say. Unlike an Error, it
// repeats parts of the document, which is public.
type Finding struct {
	Severity Severity
	Code     string // stable: that of the matching error of ParseCommitments, or its own beginning with "lint_"
	Path     string // where in the document, "" for all of it: PrivateStateTokenV1VOPRF.keys.1.expiry
	Message  string // what is wrong, what a browser does about it, what to write instead
}

// LintCommitments tells what a browser will make of a key commitment, at a time
// in microseconds since 1970. Chromium applies these rules without a word: an
// issuer that breaks one is not known to the page, or its answers are refused.
// The rules are those observed in Chromium 156.
//
// The document is what an issuer serves, or the object of a registry or of the
// flag --additional-private-state-token-key-commitments, which has the issuers'
// origins as names. No finding means that everything is in order.
func LintCommitments(b []byte, nowMicroseconds int64) []Finding {
	l := &linter{now: nowMicroseconds}
	v, err := strictjson.Parse(b, strictjson.Limits{MaxSize: maxCommitment, MaxDepth: 8})
	if err != nil {
		l.add(Fatal, ErrCommitmentJSON.Code, "", "This cannot be read as JSON ("+err.Error()+"). A commitment is one object of at most 64 KiB, without duplicate names.")
		return l.found
	}
	if v.Kind() != strictjson.Object {
		l.add(Fatal, ErrCommitmentJSON.Code, "", "A commitment is a JSON object; this is "+v.Kind().String()+".")
		return l.found
	}
	if !l.byOrigin(v) {
		l.issuer("", v)
	}
	return l.found
}

type linter struct {
	now   int64
	found []Finding
}

func (l *linter) add(s Severity, code, path, message string) {
	l.found = append(l.found, Finding{s, code, path, message})
}

// byOrigin lints a document with issuers' origins as names, if it is one.
func (l *linter) byOrigin(v strictjson.Value) bool {
	for name := range v.Members() {
		if !strings.Contains(name, "://") {
			return false
		}
	}
	for name, issuer := range v.Members() {
		if !origin.Is(name) {
			l.add(Warning, ErrOrigin.Code, name, "This is not an origin as browsers write it (scheme, host in lower case, port only where it is not the default, no path, no slash at the end). Chromium reduces it to an origin; others may not.")
		}
		l.issuer(name+".", issuer)
	}
	return v.Len() > 0
}

func (l *linter) issuer(prefix string, v strictjson.Value) {
	root := strings.TrimSuffix(prefix, ".")
	c := v.Get(Version)
	for name := range v.Members() {
		if name != Version {
			why := "Browsers ignore this member; the only version that they use is " + Version + "."
			if strings.HasSuffix(name, "PMB") {
				why = "Chromium no longer takes this version (with private metadata), and ignores it; the only version that it uses is " + Version + "."
			}
			l.add(Note, "lint_unknown_member", prefix+name, why)
		}
	}
	if c.Kind() != strictjson.Object {
		why := "There is no member " + Version + ", so Chromium knows no key of this issuer (InvalidStateError, \"No keys currently available\")."
		if c.Exists() {
			why = Version + " is " + c.Kind().String() + ", it has to be an object. Chromium drops the issuer."
		} else if v.Get("protocol_version").Exists() || v.Get("keys").Exists() {
			why += " The members stand one level too high: put them into {\"" + Version + "\": {...}}."
		}
		l.add(Fatal, ErrCommitmentVersion.Code, root, why)
		return
	}
	path := prefix + Version + "."
	for name := range c.Members() {
		switch name {
		case "protocol_version", "id", "batchsize", "keys":
		case "srrkey", "request_issuance_locally_on", "unavailable_local_operation_fallback":
			l.add(Note, "lint_old_member", path+name, "This member belongs to older versions of the API. Browsers ignore it.")
		default:
			l.add(Note, "lint_unknown_member", path+name, "Browsers ignore this member.")
		}
	}
	l.head(path, c)
	l.keys(path+"keys", c.Get("keys"))
}

func (l *linter) head(path string, c strictjson.Value) {
	if s, ok := c.Get("protocol_version").Text(); !ok || s != Version {
		l.add(Fatal, ErrProtocolVersion.Code, path+"protocol_version", "This has to be the string "+Version+" once more, the name of the object that it stands in; "+found(c.Get("protocol_version"))+". Chromium drops the issuer.")
	}
	if n, ok := c.Get("id").Int(); !ok || n < 1 || n > math.MaxInt32 {
		l.add(Fatal, ErrCommitmentID.Code, path+"id", "This has to be a JSON number of at least 1, without quotes, at most 2147483647; "+found(c.Get("id"))+". Chromium drops the issuer. Raise it with every change of the keys.")
	}
	n, ok := c.Get("batchsize").Int()
	switch {
	case !ok || n < 1 || n > math.MaxInt32:
		l.add(Fatal, ErrBatchSize.Code, path+"batchsize", "This has to be a JSON number of at least 1, without quotes; "+found(c.Get("batchsize"))+". Chromium drops the issuer.")
	case n > MaxBatch:
		l.add(Warning, "lint_batchsize_cut", path+"batchsize", "Chromium asks for no more than 100 tokens at a time, whatever is written here.")
	case n > 60:
		l.add(Warning, "lint_batchsize_header", path+"batchsize", "Above 60 tokens the request header is longer than 8 KiB, where many servers and proxies refuse it. Take 60 or fewer.")
	}
}

// found says what stands where something else should.
func found(v strictjson.Value) string {
	switch v.Kind() {
	case strictjson.None:
		return "it is missing"
	case strictjson.Number, strictjson.True, strictjson.False, strictjson.Null, strictjson.String:
		if raw := v.Raw(); len(raw) <= 80 {
			return "this is " + raw
		}
	}
	return "this is " + v.Kind().String()
}

type lintedKey struct {
	path   string
	expiry int64
}

func (l *linter) keys(path string, keys strictjson.Value) {
	const then = "Chromium still sends blinded tokens, and then refuses every answer (OperationError)."
	switch {
	case keys.Exists() && keys.Kind() != strictjson.Object:
		l.add(Fatal, ErrCommitmentKeys.Code, path, "This has to be an object with a label for each key; "+found(keys)+". Chromium drops the issuer.")
		return
	case keys.Len() == 0:
		l.add(Fatal, ErrCommitmentKeys.Code, path, "There is no key. "+then)
		return
	case keys.Len() > maxCommittedKeys:
		l.add(Fatal, ErrCommitmentKeys.Code, path, "There are "+strconv.Itoa(keys.Len())+" keys. No issuer needs more than six at a time, and this package reads no more than 64.")
		return
	}
	var live []lintedKey
	fatal := false
	byID := map[uint32]string{}
	for label, v := range keys.Members() {
		at := path + "." + label
		before := len(l.found)
		key, ok := l.key(at, v)
		for _, f := range l.found[before:] {
			fatal = fatal || f.Severity == Fatal
		}
		if id, good := l.value(at, label, v); good {
			if other, twice := byID[id]; twice {
				l.add(Fatal, ErrKeyTwice.Code, at+".Y", "The key id "+strconv.FormatUint(uint64(id), 10)+" stands in "+other+" as well, so nobody can tell which key signed an answer. Give each key an id of its own.")
			}
			byID[id] = at
		} else {
			fatal = true
		}
		if ok {
			live = append(live, key)
		}
	}
	if len(live) == 0 && !fatal {
		l.add(Fatal, "lint_all_expired", path, "No key is live. "+then+" Add a key with an expiry in the future and raise id.")
	}
	slices.SortStableFunc(live, func(a, b lintedKey) int {
		switch {
		case a.expiry < b.expiry:
			return -1
		case a.expiry > b.expiry:
			return 1
		}
		return 0
	})
	for _, k := range live[min(len(live), MaxKeys):] {
		l.add(Warning, "lint_seventh_key", k.path, "Chromium keeps the six keys that expire soonest. This one is not among them; an answer signed with it is refused. Sign with one of the six, or remove keys.")
	}
}

// value judges a key's name and Y and returns its id.
func (l *linter) value(path, label string, v strictjson.Value) (id uint32, ok bool) {
	n, err := strconv.ParseUint(label, 10, 32)
	labelGood := err == nil && strconv.FormatUint(n, 10) == label
	if !labelGood {
		l.add(Fatal, ErrKeyLabel.Code, path, "The name of a key has to be a decimal number below 4294967296, without sign or leading zeros. Chromium drops the issuer.")
	}
	y, isText := v.Get("Y").Text()
	raw, err := base64.StdEncoding.Strict().DecodeString(y)
	const then = " One such key among good ones is enough: every issuance fails (InvalidStateError, \"Precondition failed\")."
	switch {
	case !isText:
		l.add(Fatal, ErrKeyValue.Code, path+".Y", "This has to be a string with the public key in base64; "+found(v.Get("Y"))+"."+then)
		return 0, false
	case err != nil || strings.ContainsAny(y, "\r\n"):
		why := "This is not base64 (RFC 4648 section 4, with padding, without line breaks)."
		if strings.ContainsAny(y, "-_") {
			why = "This is base64url; write + for - and / for _, with padding (RFC 4648 section 4)."
		}
		l.add(Fatal, ErrKeyValue.Code, path+".Y", why+then)
		return 0, false
	case len(raw) == ElementSize || len(raw) == ElementSize/2+1 || len(raw) == ElementSize/2+5:
		l.add(Fatal, ErrKeyValue.Code, path+".Y", "This has "+strconv.Itoa(len(raw))+" bytes. It has to be 101: first the key id in 4 bytes, then the point, uncompressed (97 bytes, the first is 4)."+then)
		return 0, false
	case len(raw) != PublicKeySize:
		l.add(Fatal, ErrKeyValue.Code, path+".Y", "This has "+strconv.Itoa(len(raw))+" bytes. It has to be 101: a 4-byte key id and an uncompressed point of P-384."+then)
		return 0, false
	}
	key, err := ParsePublicKey(raw)
	if err != nil {
		l.add(Fatal, ErrKeyValue.Code, path+".Y", "The 97 bytes after the key id are not an uncompressed point of P-384."+then)
		return 0, false
	}
	if labelGood && key.ID() != uint32(n) {
		l.add(Note, "lint_label", path, "The label is "+label+", the id inside Y is "+strconv.FormatUint(uint64(key.ID()), 10)+". That is allowed: answers and tokens carry the id inside Y.")
	}
	return key.ID(), labelGood
}

const day = 24 * 60 * 60 * 1_000_000 // microseconds

// key judges a key's expiry and tells whether it is live.
func (l *linter) key(path string, v strictjson.Value) (k lintedKey, live bool) {
	for name := range v.Members() {
		if name != "Y" && name != "expiry" {
			l.add(Note, "lint_unknown_member", path+"."+name, "Browsers ignore this member.")
		}
	}
	path += ".expiry"
	e := v.Get("expiry")
	text, ok := e.Text()
	if !ok {
		why := "This has to be a string of decimal digits, microseconds since 1970; " + found(e) + "."
		if e.Kind() == strictjson.Number {
			why = "This is a JSON number. Put it in quotes: expiry is a string of decimal digits, microseconds since 1970."
		}
		l.add(Fatal, ErrKeyExpiry.Code, path, why+" Chromium drops the issuer.")
		return k, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != text || n < 0 {
		l.add(Fatal, ErrKeyExpiry.Code, path, "This has to be decimal digits, microseconds since 1970, without sign or leading zeros; "+found(e)+". Chromium drops the issuer.")
		return k, false
	}
	// A time in another unit lies far from now: seconds and milliseconds fall
	// into January 1970, nanoseconds tens of thousands of years away.
	near := func(unit int64) bool { t := n / unit; return t > l.now/5 && t < l.now*5 }
	switch {
	case n <= math.MaxInt64/1_000_000 && l.now > 0 && n > l.now/1_000_000/5 && n < l.now/1_000_000*5:
		l.add(Warning, "lint_expiry_seconds", path, "This looks like seconds; expiry is in microseconds. Chromium takes the key for one that expired in January 1970 and ignores it. Add six zeros.")
	case n <= math.MaxInt64/1_000 && l.now > 0 && n > l.now/1_000/5 && n < l.now/1_000*5:
		l.add(Warning, "lint_expiry_milliseconds", path, "This looks like milliseconds; expiry is in microseconds. Chromium takes the key for one that expired in January 1970 and ignores it. Add three zeros.")
	case n <= l.now:
		l.add(Warning, "lint_expired", path, "This key has expired; browsers ignore it, and forget the tokens that it signed.")
	default:
		if near(1000) {
			l.add(Warning, "lint_expiry_nanoseconds", path, "This looks like nanoseconds; expiry is in microseconds. The key would live for tens of thousands of years. Remove three digits.")
		} else if n-l.now < 7*day {
			l.add(Warning, "lint_expires_soon", path, "This key expires in less than seven days, and its tokens with it. Add its successor now; the registry that browsers read is updated in days.")
		}
		return lintedKey{strings.TrimSuffix(path, ".expiry"), n}, true
	}
	return k, false
}
