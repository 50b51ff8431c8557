// Package posthorn is the vocabulary of Posthorn, the engine that sends
// webhooks: the types that every other package speaks of, how they are
// validated, and which moves they allow.
//
// An application posts an [Event] once. Posthorn keeps it, makes a [Delivery]
// for every [Webhook] that wants it, renders and signs each request in the
// [Format] that the receiver speaks, sends it in one or more [Attempt]s until
// the receiver takes it, and shows what came of every one.
//
// The life of an event, step by step, is told in docs/life-of-an-event.md; the
// words are explained in docs/glossary.md.
//
// This package imports nothing of Posthorn and nothing outside the standard
// library. Only the packages signature and client promise compatibility before
// version 1.0.
package posthorn
