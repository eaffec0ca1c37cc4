// Package postgres runs a system of actors and projections on one PostgreSQL
// database: it is the adapter behind engine.Client and engine.Log.
//
// It owns the schema "backstory" (the log, the inbox, outcomes, consumers with
// their slots and held keys, states, workers), the tables of projections in the schema "public", and every
// connection and goroutine that works on them. It knows no domain and no page,
// and it does not start a server: it is given a URL. Only wiring (package main)
// and tests may import it.
//
// A command's way:
//
//	Submit ──▶ inbox ──▶ worker ──▶ sequencer ──▶ events ──▶ tail ──▶ runner ──▶ hub
//	           durable   decides    stores all    the log    once a    handles,   wakes
//	           on return            in one commit            process   with its   pages
//	             ▲                                                     checkpoint
//	             └───────────────────── what reactions send ─────────────┘
//
// When the process that is asked owns the stream's slot, a command skips the inbox
// and is durable with its outcome, which is when Submit returns (see express.go).
//
// A unit (RunUnit) goes past inbox and worker: the caller's SQL, decisions and the
// reactions of chosen components are one transaction, which takes the order lock as
// its last step but the writing. Its marks in handled let the consumers pass by what
// they need not handle (a reactor with state folds it); duty deletes a mark when its
// consumer's slots, and whatever keys it holds, are past it.
//
// A command's states: pending (a row in the inbox), then for ever one of
// accepted, refused, failed (a row in outcomes). The row moves in the
// transaction that stores the events.
//
// A consumer of the log (an actor's or reactor's reactions, a projection) has slots,
// to which its keys hash. One process owns a slot at a time, by a lease; duty evens
// them out. A slot's states, and those of a key in it:
//
//	slot: free ──duty steals──▶ owned ──lease over, or given back──▶ free (fence + 1 with each owner)
//	key:  flowing ──a try fails──▶ held, retrying ──budget used up──▶ held, parked
//	         ▲                        │      ▲                           │
//	         └────caught up───────────┘      └──an operator's retry,─────┘
//	                                            or discard of the first
//
// After an owner that died, a runner handles some messages one at a time, each with its
// try counted before; a slot of the inbox counts its owners that died in a row, and after
// the second the tries of commands that waited are counted (trial.go). What ends its
// process uses up its budget so.
//
// The checkpoint of a slot passes a held key by: its row says from where on its
// messages wait. Nothing is copied, and no other key waits.
//
// The invariants: whoever writes to the log holds the order lock from before it
// reads the head until its commit is visible, so positions are dense and in
// commit order; whoever deletes a command's inbox row has decided it, once, and a
// command without one is decided only when under that lock nothing has its id or
// precedes it; what a consumer writes, which keys it holds and its checkpoint commit
// together, under a fence that grows with every owner. Locks are taken in the order:
// a unit's caller's rows, consumer row, slot rows, order lock, inbox, outcomes, events. Clocks and leases
// only save work; none of this rests on them.
package postgres
