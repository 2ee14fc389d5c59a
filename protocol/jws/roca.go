package jws

// rocaPrimes are the odd primes up to 167. The RSA keys of CVE-2017-15361 have
// prime factors that are a power of 65537 modulo each of them.
var rocaPrimes = [...]uint32{3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79,
	83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167}

// isROCA reports whether a modulus has the mark of the key generator of
// CVE-2017-15361, whose keys of common sizes can be factored (Nemec et al., "The
// Return of Coppersmith's Attack", section 3.4). Any other key has the mark with a
// chance of about 2^-28 (the product over the primes of the share of powers).
func isROCA(n []byte) bool {
	for _, p := range rocaPrimes {
		rest := uint32(0)
		for _, b := range n {
			rest = (rest<<8 | uint32(b)) % p
		}
		power, member := uint32(1), false
		for range p { // the powers of 65537 modulo p repeat after less than p steps
			member = member || power == rest
			power = power * (65537 % p) % p
		}
		if !member {
			return false
		}
	}
	return true
}
