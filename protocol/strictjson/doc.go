// Package strictjson reads JSON (RFC 8259) from senders that are not trusted,
// and writes small objects whose members keep their order.
//
// The reader accepts one value and nothing after it. It refuses a name that
// appears twice in an object at any depth, text that is not UTF-8, escapes of
// lone surrogates, a byte order mark, and documents beyond the size and depth
// limits. Names are compared exactly, upper and lower case apart. Numbers stay
// text until a caller asks for one meaning, and that meaning is exact or
// refused. So two readers cannot take the same document differently, as attacks on
// signed JSON need them to.
//
// A reader that can do without a part of a document may ask for marks in place of a
// refusal (Limits): a key set without the one key that has a member twice, the claims
// without a name that was cut inside a character. What is marked it must not believe.
//
// Nothing here uses reflection, and no error repeats the document.
package strictjson
