package refusal_test

import (
	"errors"
	"testing"

	"github.com/bonafides-dev/bonafides/internal/refusal"
)

func TestARefusalIsAnErrorThatKeepsItsParts(t *testing.T) {
	var err error = refusal.New(409, "already_spent", "Tokens work once.")
	if err.Error() != "already_spent: Tokens work once." {
		t.Errorf("%q", err)
	}
	var r *refusal.Refusal
	if !errors.As(errors.Join(errors.New("around it"), err), &r) || *r != (refusal.Refusal{Status: 409, Code: "already_spent", Detail: "Tokens work once."}) {
		t.Errorf("%+v", r)
	}
}
