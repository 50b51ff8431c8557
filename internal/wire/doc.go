// Package wire renders requests: a format, an event, a webhook and a moment
// give the exact bytes and headers that are sent. A format is data; nothing here
// knows any of them by its name.
package wire
