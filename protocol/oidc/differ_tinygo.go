//go:build tinygo

package oidc

// Built with TinyGo nobody reads Got and Want: what a platform gets of a refusal is its
// code and its sentence.

func differ(code, message, _, _ string, _ ...string) *Error { return refuse(code, message) }

func differAudience(message string, _ []string, _ string) *Error {
	return refuse(CodeAudience, message)
}

func differTime(code, message string, _, _ int64) *Error { return refuse(code, message) }
