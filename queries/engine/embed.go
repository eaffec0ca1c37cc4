// Package engine holds the SQL of the log: migrations, and the hand-written
// queries that sqlc checks and turns into package enginedb.
//
// It owns the schema "backstory" and nothing else; read models live in the
// schema "public" and belong to the contexts. Only engine/postgres may import it.
package engine

import "embed"

// Migrations are the goose migrations of the schema "backstory", in the folder
// "migrations". They only ever expand: a binary runs with the schema of its own
// version and of the next one.
//
//go:embed migrations/*.sql
var Migrations embed.FS
