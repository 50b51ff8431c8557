// Package benchmark measures Posthorn on this machine, beside two baselines in the
// same run: a bare loop, which signs and posts from memory, and a null relay, which
// takes an event over HTTP and passes it on over HTTP without keeping it.
//
// Publisher, measured program and receiver are processes of their own that talk over
// loopback. Each is this program again in a role (see Play), told what to do over
// its standard input, and it ends when that ends, so that none is left behind
// however the benchmark ends. All that is measured meets the same publisher and
// the same receiver, which speak just enough HTTP/1.1 to be cheap.
package benchmark
