// Package config reads what the program is told: the settings of a server
// (defaults, then a file, then the environment's variables, then flags) and the
// contexts of the command line (which server, with which key).
//
// One table, [Settings], says everything about each setting: its key in the
// file, its variable, its flag, its default and its help.
package config
