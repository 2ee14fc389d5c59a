// Package storetest holds what the interfaces of the kit's stores promise, as
// tests: Spent, IdP and RP each run against any implementation. Whoever writes a
// store of their own calls them from its tests.
package storetest
