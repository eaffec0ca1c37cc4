// Package measure compares work with a limit on the machine at hand.
//
// It owns rates, the alternation of slices (so that a machine that slows down
// slows both sides), medians with their spread, and the raw limits: prepared
// INSERTs into a table of the log's shape. It knows no domain. Benchmarks and
// `app bench` import it; of the module it imports nothing.
//
// The invariant it keeps: what is compared ran in turns, in the same seconds.
package measure
