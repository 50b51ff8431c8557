// Command crash kills the server under load, again and again, and shows that
// nothing it has acknowledged is lost.
package main
