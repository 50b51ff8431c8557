// Package datafile is what a database's file is to the operating system: a name in a
// directory, private to its owner, held by one server, on a disk of this machine,
// with a log beside it that may have been torn.
package datafile
