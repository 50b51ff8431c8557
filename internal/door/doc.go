// Package door takes connections and serves the plain requests of a few routes by
// itself: a POST over HTTP/1.1 whose head every server would read the same way.
// With the first request that is anything else it hands the connection over to
// net/http, for good, as if nothing had been read of it.
package door
