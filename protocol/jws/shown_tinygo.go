//go:build tinygo

package jws

// Built with TinyGo nobody reads Got and Want: what a platform gets of a refusal is its
// code and its sentence.

func differ(code, message, _ string, _ ...Algorithm) *Error { return refuse(code, message) }

func differType(string, []string) *Error { return refuse(CodeType, otherTypeSays) }

func tooLarge(_, _ int) *Error { return refuse(CodeTooLarge, tooLargeSays) }

func (s *KeySet) keyUnknown(string) *Error { return refuse(CodeKeyUnknown, keyUnknownSays) }
