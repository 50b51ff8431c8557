// Package api is the REST interface. One table of routes drives everything: the
// mux, who may call, how strictly the input is read, and the OpenAPI document.
//
// Input is read strictly: what is not understood is refused with the place where
// it stands, never guessed at and never passed over. A handler returns a value
// or an error; only problem.go turns errors into answers.
package api
