// Package engine holds the SQL of the log: migrations, and the hand-written
// queries that sqlc checks and turns into package enginedb.
//
// It owns the schema "backstory" and nothing else; read models live in the
// schema "public" and belong to the contexts. Only engine/postgres may import it.
package engine

import "embed"

// Migrations are the goose migrations of the schema "backstory", in the folder
// "migrations". Each says which programs before it go on working beside it: see its
// README.md.
//
//go:embed migrations/*.sql
var Migrations embed.FS
