// Package archtest holds the rules of the source as tests: which package may
// import which, what only one package may do, how large things may become, and
// that the pages in docs say what the code says.
package archtest
