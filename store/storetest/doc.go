// Package storetest holds what the interfaces of the kit's stores promise, as
// tests: Spent, IdP and RP each run against any implementation. If you write a
// store of your own, call them from its tests.
package storetest
