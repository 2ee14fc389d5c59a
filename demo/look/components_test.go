package look

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/a-h/templ"

	kit "github.com/bonafides-dev/bonafides/internal/look"
)

func TestComponentsEscape(t *testing.T) {
	const evil = `"><script>alert(1)</script>`
	all := []templ.Component{
		Page(Props{Party: Party(evil), Title: evil, Description: evil, SiteName: evil, Role: evil, HomeURL: "javascript:alert(1)", Nav: []kit.Link{{Href: "javascript:alert(1)", Label: evil}}}),
		Out(evil, Outcome{State: kit.Refused, Title: evil, Text: evil, Evidence: []Evidence{{evil, evil}}}),
		Bytes([]Field{{Group: evil, Name: evil, Value: evil, Encoding: evil, Size: 1, Spec: evil, Help: evil}}),
		Learned([]Item{{What: evil, Why: evil, Values: []string{evil}}}, nil),
		Attack(evil, evil, "javascript:alert(1)", Outcome{}),
		Steps([]Step{{Title: evil, Text: evil, Href: "javascript:alert(1)", Action: evil}}),
	}
	for i, c := range all {
		var b strings.Builder
		if err := c.Render(context.Background(), &b); err != nil {
			t.Errorf("%d: %v", i, err)
		}
		if strings.Contains(b.String(), "<script>") || strings.Contains(b.String(), "javascript:") {
			t.Errorf("component %d lets markup through: %s", i, b.String())
		}
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	var b strings.Builder
	if err := Bytes([]Field{{Name: "session", Value: "k3y", Secret: true}}).Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "k3y") {
		t.Error("a field marked secret shows its value")
	}
}

func TestFieldsOfOneGroupStandTogether(t *testing.T) {
	got := grouped([]Field{{Group: "a", Name: "1"}, {Group: "b", Name: "2"}, {Group: "a", Name: "3"}})
	if len(got) != 2 || got[0].name != "a" || len(got[0].fields) != 2 || got[1].name != "b" {
		t.Errorf("%+v", got)
	}
}

func TestManyFieldsAlikeAreFolded(t *testing.T) {
	row := func(name string, n int) (out []Field) {
		for i := 1; i <= n; i++ {
			out = append(out, Field{Name: name + " " + strconv.Itoa(i)})
		}
		return out
	}
	fields := append([]Field{{Name: "count"}}, row("blinded element", 30)...)
	fields = append(append(fields, row("proof part", 3)...), Field{Name: "end"})
	runs := grouped(fields)[0].runs()
	var shape []string
	total := 0
	for _, r := range runs {
		total += len(r.fields)
		shape = append(shape, strconv.Itoa(len(r.fields))+strconv.FormatBool(r.folded))
	}
	if got := strings.Join(shape, " "); got != "3false 28true 4false" || total != len(fields) {
		t.Errorf("runs %s, %d fields of %d", got, total, len(fields))
	}
}
