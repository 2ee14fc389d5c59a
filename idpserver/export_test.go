package idpserver

import (
	"net/http"

	"github.com/bonafides-dev/bonafides/idpserver/internal/people"
)

// CheapPasswords makes password hashes cost next to nothing in servers made
// afterwards, so that the tests measure behaviour and not argon2.
func CheapPasswords(passes uint32) {
	passwordCosts = people.Costs{Memory: 64, Passes: passes, Threads: 1}
}

// KnownByFedCMCookie is the second line of the FedCM endpoints: how many accounts
// their cookie opens, whoever asks.
func (s *Server) KnownByFedCMCookie(r *http.Request) (int, error) {
	here, err := s.people.ForFedCM(r)
	return len(here), err
}
