// Package look is how the provider's pages look, and how every page of the kit is
// sent: one stylesheet made of custom properties with light-dark(), a page shell and
// a few components in templ, and [Render], which writes a page into a buffer first
// and sends it under a strict content security policy.
//
// There is no framework, no web font and no request to another site. Mount
// [Handler] at [Prefix] on every host that shows such pages.
package look
