// Package engine is the runtime that generated code imports: messages, streams,
// decisions, refusals, outcomes, projections, and the ports to the log.
//
// It owns the rules that hold whatever the schemas say. It knows no schema, no
// domain and no page, opens no connection and starts no goroutine; package
// postgres is the adapter that stores and delivers, package live shows. Every
// package of the module may import it; of the module it imports nothing.
//
// The invariant it keeps: a decision is a pure function of a command and the
// state of one stream, so it can be made again at any time with the same result.
package engine
