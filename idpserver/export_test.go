package idpserver

import "net/http"

// CheapPasswords makes password hashes cost next to nothing in servers made
// afterwards, so that the tests measure behaviour and not argon2.
func CheapPasswords(passes uint32) {
	defaultArgon = argonParams{memory: 64, passes: passes, threads: 1}
}

// FedCMBrowser is the second line of the FedCM endpoints: what their cookie
// names, whoever asks.
func (s *Server) FedCMBrowser(r *http.Request) (string, error) { return s.fedcmBrowser(r) }
