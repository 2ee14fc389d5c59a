package pst

// Big-endian integers (RFC 8446 section 3.3). encoding/binary would bring
// reflection into the browser module.

func readUint16(b []byte) uint16 { return uint16(b[0])<<8 | uint16(b[1]) }

func readUint32(b []byte) uint32 {
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

func appendUint16(b []byte, v uint16) []byte { return append(b, byte(v>>8), byte(v)) }

func appendUint32(b []byte, v uint32) []byte {
	return append(b, byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
}
