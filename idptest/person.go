package idptest

import "maps"

// Person is somebody with an account at the provider. Name is told to clients that ask
// for the scope profile, Email and EmailVerified to those that ask for email; groups
// and claims to everybody.
type Person struct {
	Subject       string // sub
	Name          string
	Email         string
	EmailVerified bool
	Groups        []string
	Claims        map[string]any // anything else, as encoding/json writes it
}

// turn is what the next authorization request is answered with.
type turn struct {
	person Person
	denied string
}

// SignsIn queues who answers the next authorization request, at once and with yes.
// Each call is for one request. Without Subject it is the person of WithPerson.
func (p *Provider) SignsIn(who Person) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if who.Subject == "" {
		who = p.person
	}
	p.queue = append(p.queue, turn{person: who})
}

// Denies queues an error as the answer to the next authorization request: access_denied,
// login_required, temporarily_unavailable ... (RFC 6749 section 4.1.2.1, OpenID Connect
// Core section 3.1.2.6).
func (p *Provider) Denies(code string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = append(p.queue, turn{denied: code})
}

// Pending is how many queued answers nobody has asked for yet. A test that queued
// somebody and ends with one pending did not sign that person in.
func (p *Provider) Pending() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.queue)
}

// next takes the head of the queue.
func (p *Provider) next() turn {
	if len(p.queue) == 0 {
		return turn{person: p.person}
	}
	t := p.queue[0]
	p.queue = p.queue[1:]
	return t
}

// claims are what a client that was given these scopes may know, besides sub.
func (who Person) claims(scopes []string) map[string]any {
	out := maps.Clone(who.Claims)
	if out == nil {
		out = map[string]any{}
	}
	for _, s := range scopes {
		switch {
		case s == "profile" && who.Name != "":
			out["name"] = who.Name
		case s == "email" && who.Email != "":
			out["email"], out["email_verified"] = who.Email, who.EmailVerified
		}
	}
	if len(who.Groups) > 0 {
		out["groups"] = who.Groups
	}
	return out
}
