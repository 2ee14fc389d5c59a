package idptest

import "time"

// Now is the provider's time: that of the machine, moved by Advance, or the one that
// WithClock stopped. Give it to the relying party as well (rpserver.Config.Now), and
// both grow older together.
func (p *Provider) Now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now()
}

// Advance moves the clock, also backwards.
func (p *Provider) Advance(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.offset += d
}

func (p *Provider) now() time.Time {
	if p.frozen.IsZero() {
		return time.Now().Add(p.offset)
	}
	return p.frozen.Add(p.offset)
}
