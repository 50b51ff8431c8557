// Package pace decides who is served when: how many requests one receiver gets
// at once and in a second, when a failing one is probed, whose turn is next, how
// the room in memory is divided, and whether it is our own network that fails.
//
// It is pure: time is a parameter, nothing waits, and nothing here is safe for
// concurrent use; the engine's lock guards it.
package pace
