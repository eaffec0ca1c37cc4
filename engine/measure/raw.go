package measure

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Raw is the limit of the machine: a table like the log, and connections of its own.
type Raw struct{ pool *pgxpool.Pool }

const rawTable = `CREATE TABLE IF NOT EXISTS raw_events (LIKE backstory.events INCLUDING ALL);
CREATE SEQUENCE IF NOT EXISTS raw_position;
ALTER TABLE raw_events ALTER position SET DEFAULT nextval('raw_position')`

// NewRaw makes the table in a database that has the engine's schema, and opens
// connections. Close them.
func NewRaw(ctx context.Context, url string, connections int) (*Raw, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns = int32(connections)
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if _, err := pool.Exec(ctx, rawTable); err != nil {
		pool.Close()
		return nil, err
	}
	return &Raw{pool}, nil
}

// Close ends the connections.
func (r *Raw) Close() { r.pool.Close() }

// Insert stores one event in a transaction of its own.
func (r *Raw) Insert(ctx context.Context, _, _ int) error {
	id := uuid.Must(uuid.NewV7())
	_, err := r.pool.Exec(ctx, `INSERT INTO raw_events (stream, version, id, type, schema_version, tags, at, by, correlation, causation, data)
		VALUES ($1, 1, $2, 'raw.event.stored', 1, '{}', now(), 'bench', $2, $2, '{"name":"Groceries"}')`, "raw.event/"+id.String(), id)
	return err
}

// InsertTen stores ten events of one stream with one statement, in a transaction of its own.
func (r *Raw) InsertTen(ctx context.Context, _, _ int) error {
	ids, versions := make([]uuid.UUID, 10), make([]int64, 10)
	for i := range ids {
		ids[i], versions[i] = uuid.Must(uuid.NewV7()), int64(i+1)
	}
	_, err := r.pool.Exec(ctx, `INSERT INTO raw_events (stream, version, id, type, schema_version, tags, at, by, correlation, causation, data)
		SELECT $1, unnest($2::bigint[]), unnest($3::uuid[]), 'raw.event.stored', 1, '{}', now(), 'bench', $4, $4, '{"name":"Groceries"}'`,
		"raw.event/"+ids[0].String(), versions, ids, ids[0])
	return err
}
