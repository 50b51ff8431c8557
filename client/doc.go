// Package client is the Go client of Posthorn's REST API. It needs nothing but
// the standard library.
//
//	posthorn, err := client.New("http://127.0.0.1:8080", os.Getenv("POSTHORN_API_KEY"))
//	…
//	event, err := posthorn.Publish(ctx, client.EventInput{Type: "user.created", Data: data})
//
// An event's data travels byte for byte as it was given: it is never decoded
// and encoded again. Publishing is safe to repeat: every call carries an
// Idempotency-Key, the same over all its tries, so that an answer lost on the way
// never makes a second event.
//
// Answers that say no are an [*Error]; a server that could not be reached is a
// [*ConnectionError].
package client
