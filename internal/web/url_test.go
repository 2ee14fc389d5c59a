package web

import "testing"

func TestSecureURL(t *testing.T) {
	for raw, want := range map[string]bool{
		"https://idp.example": true, "https://idp.example/a/b?c=d": true, "https://IdP.Example:443/": true, "https://idp.example:8443/x": true,
		"http://localhost:8080/x": true, "http://idp.localhost/": true, "http://127.0.0.1/x": true, "http://[::1]:8080/x": true, "http://localhost:80/": true,
		"": false, "idp.example": false, "/x": false, "//idp.example/x": false, "http://idp.example/": false, "http://127.evil.example/": false,
		"http://localhost./": false, "https://idp.example/#x": false, "https://idp.example/#": false, "https://u@idp.example/": false,
		"https:///x": false, "https:idp.example": false, "ftp://idp.example/": false, "javascript:x": false, "https://idp example/": false, "https://[::1%25lo]/": false,
	} {
		if _, err := SecureURL(raw); (err == nil) != want {
			t.Errorf("%q: %v", raw, err)
		}
	}
}
