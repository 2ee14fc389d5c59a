package pst_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func TestRecordHeaderAccepts(t *testing.T) {
	one := pst.OriginRecord{Origin: "https://issuer.example", Record: "RR key=1"}
	two := pst.OriginRecord{Origin: "http://issuer.localhost:8080", Record: `a "quoted" \ one`}
	for name, c := range map[string]struct {
		v    string
		want []pst.OriginRecord
	}{
		"as Chromium sends it":      {`"https://issuer.example";redemption-record="RR key=1"`, []pst.OriginRecord{one}},
		"none, as Chromium says":    {``, nil},
		"none, spaces":              {`  `, nil},
		"two":                       {`"https://issuer.example";redemption-record="RR key=1", "http://issuer.localhost:8080";redemption-record="a \"quoted\" \\ one"`, []pst.OriginRecord{one, two}},
		"two, joined without space": {`"https://issuer.example";redemption-record="RR key=1","http://issuer.localhost:8080";redemption-record="a \"quoted\" \\ one"`, []pst.OriginRecord{one, two}},
		"optional white space":      {"  \"https://issuer.example\"; redemption-record=\"RR key=1\" \t,\t \"http://issuer.localhost:8080\";redemption-record=\"a \\\"quoted\\\" \\\\ one\"  ", []pst.OriginRecord{one, two}},
	} {
		got, err := pst.ParseRedemptionRecordHeader(c.v)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		v, err := pst.FormatRedemptionRecordHeader(got)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if again, err := pst.ParseRedemptionRecordHeader(v); err != nil || !slices.Equal(again, c.want) {
			t.Errorf("%s: written and read: %v, %v", name, again, err)
		}
	}
	if v, err := pst.FormatRedemptionRecordHeader([]pst.OriginRecord{one}); err != nil || v != `"https://issuer.example";redemption-record="RR key=1"` {
		t.Errorf("%s, %v", v, err)
	}
}

func TestRecordHeaderRefuses(t *testing.T) {
	item := `"https://issuer.example";redemption-record="r"`
	for name, c := range map[string]struct {
		v    string
		want error
	}{
		"bare record":               {`RR`, pst.ErrRecordHeaderSyntax},
		"compact JWS alone":         {`eyJ0.eyJ1.c2ln`, pst.ErrRecordHeaderSyntax},
		"token for the origin":      {`issuer;redemption-record="r"`, pst.ErrRecordHeaderSyntax},
		"bytes for the origin":      {`:aXNzdWVy:;redemption-record="r"`, pst.ErrRecordHeaderSyntax},
		"inner list":                {`(` + item + `)`, pst.ErrRecordHeaderSyntax},
		"dictionary":                {`a=` + item, pst.ErrRecordHeaderSyntax},
		"no parameter":              {`"https://issuer.example"`, pst.ErrRecordHeaderParam},
		"another parameter":         {`"https://issuer.example";record="r"`, pst.ErrRecordHeaderParam},
		"a parameter more":          {item + `;x="y"`, pst.ErrRecordHeaderParam},
		"a parameter before":        {`"https://issuer.example";x="y";redemption-record="r"`, pst.ErrRecordHeaderParam},
		"parameter twice":           {item + `;redemption-record="s"`, pst.ErrRecordHeaderParam},
		"parameter without value":   {`"https://issuer.example";redemption-record`, pst.ErrRecordHeaderParam},
		"parameter upper case":      {`"https://issuer.example";Redemption-Record="r"`, pst.ErrRecordHeaderParam},
		"space before semicolon":    {`"https://issuer.example" ;redemption-record="r"`, pst.ErrRecordHeaderParam},
		"space around equals":       {`"https://issuer.example";redemption-record ="r"`, pst.ErrRecordHeaderParam},
		"value a token":             {`"https://issuer.example";redemption-record=r`, pst.ErrRecordHeaderSyntax},
		"value a number":            {`"https://issuer.example";redemption-record=1`, pst.ErrRecordHeaderSyntax},
		"value bytes":               {`"https://issuer.example";redemption-record=:cg==:`, pst.ErrRecordHeaderSyntax},
		"value empty":               {`"https://issuer.example";redemption-record=""`, pst.ErrRecordHeaderParam},
		"value not closed":          {`"https://issuer.example";redemption-record="r`, pst.ErrRecordHeaderSyntax},
		"value ends in backslash":   {`"https://issuer.example";redemption-record="r\`, pst.ErrRecordHeaderSyntax},
		"escaped letter":            {`"https://issuer.example";redemption-record="\r"`, pst.ErrRecordHeaderSyntax},
		"not ASCII":                 {`"https://issuer.example";redemption-record="é"`, pst.ErrRecordHeaderSyntax},
		"line break":                {"\"https://issuer.example\";redemption-record=\"r\n\"", pst.ErrRecordHeaderSyntax},
		"tab in the string":         {"\"https://issuer.example\";redemption-record=\"r\tr\"", pst.ErrRecordHeaderSyntax},
		"leading tab":               {"\t" + item, pst.ErrRecordHeaderSyntax},
		"trailing comma":            {item + `,`, pst.ErrRecordHeaderSyntax},
		"trailing comma and space":  {item + `, `, pst.ErrRecordHeaderSyntax},
		"leading comma":             {`,` + item, pst.ErrRecordHeaderSyntax},
		"two commas":                {item + `,,` + item, pst.ErrRecordHeaderSyntax},
		"two items without a comma": {item + ` ` + item, pst.ErrRecordHeaderSyntax},
		"garbage after":             {item + `x`, pst.ErrRecordHeaderSyntax},
		"issuer twice":              {item + `, ` + item, pst.ErrRecordHeaderTwice},
		"path in the issuer":        {`"https://issuer.example/";redemption-record="r"`, pst.ErrRecordHeaderOrigin},
		"issuer upper case":         {`"https://ISSUER.example";redemption-record="r"`, pst.ErrRecordHeaderOrigin},
		"issuer null":               {`"null";redemption-record="r"`, pst.ErrRecordHeaderOrigin},
		"nine issuers":              {nine(), pst.ErrRecordHeaderSize},
		"too long":                  {`"https://issuer.example";redemption-record="` + strings.Repeat("r", 16<<10) + `"`, pst.ErrRecordHeaderSize},
	} {
		if got, err := pst.ParseRedemptionRecordHeader(c.v); !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: %v, %v, want %v", name, got, err, c.want)
		}
	}
}

func nine() string {
	var items []string
	for _, c := range "abcdefghi" {
		items = append(items, `"https://`+string(c)+`.example";redemption-record="r"`)
	}
	return strings.Join(items, ", ")
}

func TestFormatRecordHeaderRefuses(t *testing.T) {
	ok := pst.OriginRecord{Origin: "https://issuer.example", Record: "r"}
	for name, c := range map[string]struct {
		r    []pst.OriginRecord
		want error
	}{
		"not ASCII":    {[]pst.OriginRecord{{ok.Origin, "é"}}, pst.ErrRecordText},
		"line break":   {[]pst.OriginRecord{{ok.Origin, "a\r\nSet-Cookie: b"}}, pst.ErrRecordText},
		"empty":        {[]pst.OriginRecord{{ok.Origin, ""}}, pst.ErrRecordText},
		"bad origin":   {[]pst.OriginRecord{{"issuer", "r"}}, pst.ErrRecordHeaderOrigin},
		"issuer twice": {[]pst.OriginRecord{ok, ok}, pst.ErrRecordHeaderTwice},
		"too many":     {make([]pst.OriginRecord, 9), pst.ErrRecordHeaderSize},
		"too long":     {[]pst.OriginRecord{{ok.Origin, strings.Repeat("r", 16<<10)}}, pst.ErrRecordHeaderSize},
	} {
		if v, err := pst.FormatRedemptionRecordHeader(c.r); !errors.Is(err, c.want) || v != "" {
			t.Errorf("%s: %q, %v", name, v, err)
		}
	}
}

func FuzzParseRedemptionRecordHeader(f *testing.F) {
	f.Add(`"https://issuer.example";redemption-record="RR key=1"`)
	f.Add(`"https://a.example"; redemption-record="\"\\" , "https://b.example";redemption-record="x"`)
	f.Add(``)
	f.Fuzz(func(t *testing.T, v string) {
		r, err := pst.ParseRedemptionRecordHeader(v)
		if err != nil {
			return
		}
		w, err := pst.FormatRedemptionRecordHeader(r)
		if err != nil {
			t.Fatalf("%q was read but cannot be written: %v", v, err)
		}
		again, err := pst.ParseRedemptionRecordHeader(w)
		if err != nil || !slices.Equal(r, again) {
			t.Fatalf("%q and %q differ", v, w)
		}
	})
}
