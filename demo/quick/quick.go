// Package quick has buttons that sign somebody in at a provider whose accounts are
// made up: whoever opens the page can be these people.
package quick

// SignIn is one button.
type SignIn struct {
	Action          string // the button's data-do attribute: "signin-ada"
	Label           string // "Sign in as Ada"
	Email, Password string // of an account that exists
}
