package idpserver

// CheapPasswords makes password hashes cost next to nothing in servers made
// afterwards, so that the tests measure behaviour and not argon2.
func CheapPasswords(passes uint32) {
	defaultArgon = argonParams{memory: 64, passes: passes, threads: 1}
}
