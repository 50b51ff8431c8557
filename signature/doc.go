// Package signature signs webhook requests and verifies them. It is what a
// receiver imports: it needs nothing but the standard library.
package signature
