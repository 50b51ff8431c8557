// Package e2e tests the whole program from outside: real processes, real
// databases, real requests.
package e2e
