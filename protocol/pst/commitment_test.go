package pst_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func commitment(t testing.TB) *pst.Commitment {
	t.Helper()
	return &pst.Commitment{ID: 1, BatchSize: 30, Keys: []pst.CommittedKey{
		{Label: "1", PublicKey: newKey(t, 1).PublicKey(), Expiry: 1790000000000000},
		{Label: "9", PublicKey: newKey(t, 2).PublicKey(), Expiry: 1780000000000000},
	}}
}

func TestCommitmentJSON(t *testing.T) {
	c := commitment(t)
	b := c.JSON()
	y1 := base64.StdEncoding.EncodeToString(c.Keys[0].PublicKey.Bytes())
	y2 := base64.StdEncoding.EncodeToString(c.Keys[1].PublicKey.Bytes())
	want := `{"PrivateStateTokenV1VOPRF":{"protocol_version":"PrivateStateTokenV1VOPRF","id":1,"batchsize":30,"keys":{` +
		`"1":{"Y":"` + y1 + `","expiry":"1790000000000000"},"9":{"Y":"` + y2 + `","expiry":"1780000000000000"}}}}`
	if string(b) != want {
		t.Errorf("got %s\nwant %s", b, want)
	}
	if !json.Valid(b) {
		t.Error("not JSON")
	}
	got, err := pst.ParseCommitments(b)
	if err != nil {
		t.Fatal(err)
	}
	if string(got.JSON()) != string(b) {
		t.Error("does not come back")
	}
}

func TestParseCommitments(t *testing.T) {
	good := string(commitment(t).JSON())
	y := base64.StdEncoding.EncodeToString(newKey(t, 1).PublicKey().Bytes())
	inner := func(s string) string { return `{"PrivateStateTokenV1VOPRF":` + s + `}` }
	with := func(id, batch, version, keys string) string {
		return inner(`{"protocol_version":` + version + `,"id":` + id + `,"batchsize":` + batch + `,"keys":` + keys + `}`)
	}
	v := `"PrivateStateTokenV1VOPRF"`
	keys := `{"1":{"Y":"` + y + `","expiry":"1790000000000000"}}`
	key := func(label, y, expiry string) string {
		return with("1", "10", v, `{"`+label+`":{"Y":`+y+`,"expiry":`+expiry+`}}`)
	}
	exp := `"1790000000000000"`
	for name, c := range map[string]struct {
		b    string
		want error
	}{
		"as made":                       {good, nil},
		"white space":                   {" \n" + good + "\n", nil},
		"unknown members":               {inner(`{"protocol_version":` + v + `,"id":1,"batchsize":10,"keys":{"1":{"Y":"` + y + `","expiry":"1","x":0}},"new":[1]}`), nil},
		"another version beside":        {`{"PrivateStateTokenV1PMB":{},` + good[1:], nil},
		"batchsize 150 is taken as 100": {with("1", "150", v, keys), nil},
		"label is not the key's id":     {key("7", `"`+y+`"`, exp), nil},
		"expiry 0":                      {key("1", `"`+y+`"`, `"0"`), nil},
		"empty":                         {``, pst.ErrCommitmentJSON},
		"array":                         {`[]`, pst.ErrCommitmentJSON},
		"trailing":                      {good + `{}`, pst.ErrCommitmentJSON},
		"name twice":                    {inner(`{"id":1,"id":2}`), pst.ErrCommitmentJSON},
		"too long":                      {good + strings.Repeat(" ", 64<<10), pst.ErrCommitmentJSON},
		"under the issuer's origin":     {`{"https://issuer.example":` + good + `}`, pst.ErrCommitmentVersion},
		"old version name":              {`{"TrustTokenV3VOPRF":{}}`, pst.ErrCommitmentVersion},
		"PMB alone":                     {`{"PrivateStateTokenV1PMB":{}}`, pst.ErrCommitmentVersion},
		"version is no object":          {inner(`1`), pst.ErrCommitmentVersion},
		"protocol_version missing":      {inner(`{"id":1,"batchsize":10,"keys":` + keys + `}`), pst.ErrProtocolVersion},
		"protocol_version differs":      {with("1", "10", `"PrivateStateTokenV1PMB"`, keys), pst.ErrProtocolVersion},
		"id 0":                          {with("0", "10", v, keys), pst.ErrCommitmentID},
		"id a string":                   {with(`"1"`, "10", v, keys), pst.ErrCommitmentID},
		"id missing":                    {inner(`{"protocol_version":` + v + `,"batchsize":10,"keys":` + keys + `}`), pst.ErrCommitmentID},
		"id negative":                   {with("-1", "10", v, keys), pst.ErrCommitmentID},
		"id a fraction":                 {with("1.5", "10", v, keys), pst.ErrCommitmentID},
		"id above 31 bits":              {with("2147483648", "10", v, keys), pst.ErrCommitmentID},
		"batchsize a string":            {with("1", `"10"`, v, keys), pst.ErrBatchSize},
		"batchsize 0":                   {with("1", "0", v, keys), pst.ErrBatchSize},
		"keys missing":                  {inner(`{"protocol_version":` + v + `,"id":1,"batchsize":10}`), pst.ErrCommitmentKeys},
		"keys empty":                    {with("1", "10", v, `{}`), pst.ErrCommitmentKeys},
		"keys an array":                 {with("1", "10", v, `[]`), pst.ErrCommitmentKeys},
		"label not a number":            {key("abc", `"`+y+`"`, exp), pst.ErrKeyLabel},
		"label above 32 bits":           {key("4294967296", `"`+y+`"`, exp), pst.ErrKeyLabel},
		"label with a zero before":      {key("01", `"`+y+`"`, exp), pst.ErrKeyLabel},
		"label with a plus":             {key("+1", `"`+y+`"`, exp), pst.ErrKeyLabel},
		"Y missing":                     {with("1", "10", v, `{"1":{"expiry":"1"}}`), pst.ErrKeyValue},
		"Y a number":                    {key("1", "1", exp), pst.ErrKeyValue},
		"Y short":                       {key("1", `"`+y[:132]+`"`, exp), pst.ErrKeyValue},
		"Y without padding":             {key("1", `"`+y[:135]+`"`, exp), pst.ErrKeyValue},
		"Y with a line break":           {key("1", `"`+y[:60]+`\n`+y[60:]+`"`, exp), pst.ErrKeyValue},
		"Y in base64url":                {key("1", `"`+strings.Repeat("-", 136)+`"`, exp), pst.ErrKeyValue},
		"Y not a point":                 {key("1", `"`+base64.StdEncoding.EncodeToString(make([]byte, 101))+`"`, exp), pst.ErrKeyValue},
		"key no object":                 {with("1", "10", v, `{"1":null}`), pst.ErrKeyValue},
		"expiry a number":               {key("1", `"`+y+`"`, `1790000000000000`), pst.ErrKeyExpiry},
		"expiry missing":                {with("1", "10", v, `{"1":{"Y":"`+y+`"}}`), pst.ErrKeyExpiry},
		"expiry empty":                  {key("1", `"`+y+`"`, `""`), pst.ErrKeyExpiry},
		"expiry negative":               {key("1", `"`+y+`"`, `"-1"`), pst.ErrKeyExpiry},
		"expiry with a plus":            {key("1", `"`+y+`"`, `"+1"`), pst.ErrKeyExpiry},
		"expiry a date":                 {key("1", `"`+y+`"`, `"2030-01-01"`), pst.ErrKeyExpiry},
		"expiry above 63 bits":          {key("1", `"`+y+`"`, `"9223372036854775808"`), pst.ErrKeyExpiry},
		"expiry with zeros before":      {key("1", `"`+y+`"`, `"01"`), pst.ErrKeyExpiry},
		"one key under two labels":      {with("1", "10", v, `{"1":{"Y":"`+y+`","expiry":"1"},"2":{"Y":"`+y+`","expiry":"1"}}`), pst.ErrKeyTwice},
	} {
		got, err := pst.ParseCommitments([]byte(c.b))
		if c.want == nil && err != nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err == nil && (got.BatchSize > pst.MaxBatch || len(got.Keys) == 0) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestCommitmentCheck(t *testing.T) {
	for name, c := range map[string]struct {
		f    func(*pst.Commitment)
		want error
	}{
		"as made":         {func(*pst.Commitment) {}, nil},
		"id 0":            {func(c *pst.Commitment) { c.ID = 0 }, pst.ErrCommitmentID},
		"id too large":    {func(c *pst.Commitment) { c.ID = math.MaxUint32 }, pst.ErrCommitmentID},
		"batch 0":         {func(c *pst.Commitment) { c.BatchSize = 0 }, pst.ErrBatchSize},
		"batch 101":       {func(c *pst.Commitment) { c.BatchSize = 101 }, pst.ErrBatchSize},
		"no keys":         {func(c *pst.Commitment) { c.Keys = nil }, pst.ErrCommitmentKeys},
		"label injection": {func(c *pst.Commitment) { c.Keys[0].Label = `1":{},"2` }, pst.ErrKeyLabel},
		"nil key":         {func(c *pst.Commitment) { c.Keys[0].PublicKey = nil }, pst.ErrKeyValue},
		"negative expiry": {func(c *pst.Commitment) { c.Keys[0].Expiry = -1 }, pst.ErrKeyExpiry},
		"label twice":     {func(c *pst.Commitment) { c.Keys[1].Label = "1" }, pst.ErrKeyTwice},
	} {
		m := commitment(t)
		c.f(m)
		if err := m.Check(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if (m.JSON() == nil) != (c.want != nil) {
			t.Errorf("%s: JSON %s", name, m.JSON())
		}
	}
}

func TestCommitmentLive(t *testing.T) {
	c := &pst.Commitment{ID: 1, BatchSize: 1}
	for i, exp := range []int64{80, 10, 70, 20, 60, 30, 50, 40} {
		c.Keys = append(c.Keys, pst.CommittedKey{Label: string(rune('0' + i)), PublicKey: newKey(t, uint32(exp)).PublicKey(), Expiry: exp})
	}
	for now, want := range map[int64][]uint32{
		0: {10, 20, 30, 40, 50, 60}, 10: {20, 30, 40, 50, 60, 70}, 45: {50, 60, 70, 80}, 80: {},
	} {
		live := c.Live(now)
		if len(live) != len(want) {
			t.Errorf("at %d: %d keys, want %d", now, len(live), len(want))
			continue
		}
		for i := range want {
			if live[i].ID() != want[i] {
				t.Errorf("at %d: key %d, want %d", now, live[i].ID(), want[i])
			}
		}
	}
}

func FuzzParseCommitments(f *testing.F) {
	f.Add(commitment(f).JSON())
	f.Add([]byte(`{"PrivateStateTokenV1VOPRF":{"protocol_version":"PrivateStateTokenV1VOPRF","id":1,"batchsize":1,"keys":{}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := pst.ParseCommitments(b)
		if err != nil {
			return
		}
		again, err := pst.ParseCommitments(c.JSON())
		if err != nil || string(again.JSON()) != string(c.JSON()) {
			t.Fatalf("written and read differ: %v", err)
		}
	})
}
