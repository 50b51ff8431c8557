// Package cli is the command line: each command asks a server through package
// client and shows the answer. Data goes to stdout and talk to stderr, the exit
// code tells what kind of trouble there was, and nothing that a server sends can
// steer the terminal.
package cli
