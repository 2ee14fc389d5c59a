package pst

import "github.com/bonafides-dev/bonafides/protocol/voprf"

// pendingVersion is the first byte of a saved Pending.
const pendingVersion = 1

// Bytes returns the state itself, for clients that keep none in memory between
// a request and its response:
//
//	struct {
//	    uint8 version = 1;
//	    uint8 keys;                          // 1 to 6
//	    PublicKey key[keys];                 // 101 bytes each
//	    uint16 count;                        // 1 to 100
//	    opaque nonce[64][count];
//	    struct {
//	        opaque blind[48];
//	        opaque blinded_element[97];
//	    } [count];
//	}
//
// It holds the nonces and blinds of tokens to be: keep it as secret as tokens,
// in memory, and never write it down. nil once the request is finished.
func (p *Pending) Bytes() []byte {
	n := p.blinded.Count()
	if n == 0 {
		return nil
	}
	b := make([]byte, 0, 4+len(p.keys)*PublicKeySize+n*(NonceSize+voprf.ScalarSize+ElementSize))
	b = append(b, pendingVersion, byte(len(p.keys)))
	for _, k := range p.keys {
		b = append(b, k.Bytes()...)
	}
	b = appendUint16(b, uint16(n))
	for _, nonce := range p.nonces {
		b = append(b, nonce...)
	}
	return p.blinded.Append(b)
}

// ParsePending reads what Bytes returned; anything else gives ErrPending.
func ParsePending(b []byte) (*Pending, error) {
	if len(b) < 2 || b[0] != pendingVersion {
		return nil, ErrPending
	}
	n := int(b[1])
	b = b[2:]
	if n == 0 || n > MaxKeys || len(b) < n*PublicKeySize+2 {
		return nil, ErrPending
	}
	p := &Pending{keys: make([]*PublicKey, n)}
	for i := range p.keys {
		k, err := ParsePublicKey(b[:PublicKeySize])
		if err != nil {
			return nil, ErrPending
		}
		p.keys[i] = k
		b = b[PublicKeySize:]
	}
	if checkKeys(p.keys) != nil {
		return nil, ErrPending
	}
	n = int(readUint16(b))
	b = b[2:]
	if n == 0 || n > MaxBatch || len(b) != n*(NonceSize+voprf.ScalarSize+ElementSize) {
		return nil, ErrPending
	}
	nonces := append([]byte(nil), b[:n*NonceSize]...)
	p.nonces = make([][]byte, n)
	for i := range p.nonces {
		p.nonces[i] = nonces[i*NonceSize : (i+1)*NonceSize]
	}
	var err error
	if p.blinded, err = voprf.ParseBlinded(b[n*NonceSize:]); err != nil {
		return nil, ErrPending
	}
	return p, nil
}

// Wipe forgets nonces and blinds. The request cannot be finished afterwards.
func (p *Pending) Wipe() {
	p.blinded.Wipe()
	for _, nonce := range p.nonces {
		clear(nonce)
	}
	p.nonces = nil
}
