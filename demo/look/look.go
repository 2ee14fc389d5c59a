// Package look is what only the demo draws: the parties with their colours and
// shapes, the page around a site, the instrument, messages field by field, and
// buttons that try to cheat. It stands on the kit's own look.
package look
