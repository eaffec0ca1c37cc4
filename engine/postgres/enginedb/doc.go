// Package enginedb holds the engine's queries as sqlc makes them of queries/engine:
// a method and the text of each query. It owns no decision; only engine/postgres
// may import it. This file alone is written by hand.
package enginedb
