// Package bench measures the running system on the machine at hand: the table of
// `app bench`, each figure beside the raw limit of the same seconds.
//
// It owns the workload, which is that of the todo lists through the public API of
// the engine and the app's own pages, the hand-written loop that it is compared
// with, and the report. It judges nothing else: targets stand beside the figures,
// and whoever reads compares the machine too. Only the app's main package imports
// it.
//
// The invariant it keeps: every ratio compares what ran in turns in the same
// database, durably, with the same number of connections unless the row says so.
package bench
