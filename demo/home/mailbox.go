package home

import (
	"sync"
	"time"
)

// A Mail is one message that the identity provider sent.
type Mail struct {
	At                time.Time
	To, Subject, Text string
}

// A Mailbox keeps the last mails instead of sending them. The home page shows
// them.
type Mailbox struct {
	mu    sync.Mutex
	mails []Mail
}

const maxMails = 50

// Put keeps a mail, and drops the oldest when there are too many.
func (b *Mailbox) Put(m Mail) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mails = append(b.mails, m)
	if len(b.mails) > maxMails {
		b.mails = append([]Mail(nil), b.mails[len(b.mails)-maxMails:]...)
	}
}

// Mails returns the mails that are kept, newest first.
func (b *Mailbox) Mails() []Mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]Mail, 0, len(b.mails))
	for i := len(b.mails) - 1; i >= 0; i-- {
		out = append(out, b.mails[i])
	}
	return out
}
