package idpserver

import "context"

// Mail is one message in plain text.
type Mail struct {
	To, Subject, Text string
}

// Mailer sends mail. Send returns when the message has been handed over, or an
// error if it could not be. It is called concurrently. The text holds a code
// that works once: it belongs in the mail and in no log.
type Mailer interface {
	Send(ctx context.Context, m Mail) error
}

// MailerFunc makes a Mailer of a function.
type MailerFunc func(ctx context.Context, m Mail) error

// Send calls f.
func (f MailerFunc) Send(ctx context.Context, m Mail) error { return f(ctx, m) }
