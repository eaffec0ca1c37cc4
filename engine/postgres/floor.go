package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// queueFloors lets streams begin with their states at the floor. A snapshot that
// is found after it takes its place.
func queueFloors(b *pgx.Batch, streams []*loading) {
	var p enginedb.FloorFindParams
	for i, l := range streams {
		if l.cold() {
			p.Ords, p.Streams, p.Uptos = append(p.Ords, int32(i)), append(p.Streams, l.snapshot.stream), append(p.Uptos, l.last())
		}
	}
	if len(p.Ords) == 0 {
		return
	}
	b.Queue(enginedb.FloorFind, p.Ords, p.Streams, p.Uptos).Query(func(rows pgx.Rows) error {
		var row enginedb.FloorFindRow
		_, err := pgx.ForEachRow(rows, []any{&row.Ord, &row.Version, &row.LastID, &row.At, &row.State}, func() error {
			streams[row.Ord].begin(row)
			return nil
		})
		return err
	})
}

// begin starts the folding at the floor.
func (l *loading) begin(row enginedb.FloorFindRow) {
	s := l.snapshot
	state, err := decodeState(s.actor, row.State)
	if err != nil {
		l.err = fmt.Errorf("the state at the floor of the log: %w", err)
		return
	}
	s.state, s.version, s.lastID, s.at, l.floor = state, row.Version, row.LastID, row.At.UTC(), true
}

// archivedAfter says whether versions after one were moved out of the log. It is
// asked when they are not found there.
func archivedAfter(ctx context.Context, db engine.DBTX, stream string, version int64) error {
	rows, err := enginedb.New(db).FloorStream(ctx, enginedb.FloorStreamParams{Stream: stream})
	if err != nil {
		return err
	}
	if len(rows) == 0 || rows[0].Version <= version {
		return nil
	}
	return &engine.ArchivedError{Version: rows[0].Version}
}

// projections keeps the rows that every projection has at the new floor, folded
// from those at the old one.
func (a *archiver) projections(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, "create schema "+scratchSchema)
	if err != nil {
		return err
	}
	for _, p := range a.e.system.Projections() {
		err := a.projection(ctx, tx, p)
		if err != nil && blames(ctx, err) && !errors.Is(err, ErrNotArchivable) {
			err = fmt.Errorf("%w: mend the program; or fold anew (app rebuild), and discard the event once it is parked: %w", ErrNotArchivable, err)
		}
		if err != nil {
			return fmt.Errorf("rows of %s: %w", p.Name, err)
		}
	}
	_, err = tx.Exec(ctx, "drop schema "+scratchSchema+" cascade")
	return err
}

func (a *archiver) projection(ctx context.Context, tx pgx.Tx, p *engine.Projection) error {
	_, err := tx.Conn().PgConn().Exec(ctx, "set local search_path to "+scratchSchema+", public;\n"+p.DDL).ReadAll()
	if err != nil {
		return err
	}
	if _, err := seed(ctx, tx, p, scratchSchema); err != nil {
		return err
	}
	left, err := discarded(ctx, enginedb.New(tx), p.Name, a.out.Last)
	if err != nil {
		return err
	}
	fold := folding(p)
	f := &floorRows{p: p, fold: fold, left: left}
	for after := a.before; after < a.out.Last; {
		list, err := readLog(ctx, enginedb.New(tx), after, int(min(a.out.Last-after, page)))
		if err != nil || len(list) == 0 {
			return err
		}
		after = list[len(list)-1].Meta.Position
		if err := f.apply(ctx, tx, a.e.system, list); err != nil {
			return err
		}
		if err := spill(ctx, fold, tx, keptRows); err != nil {
			return err
		}
	}
	if err := fold.Write(ctx, tx); err != nil {
		return err
	}
	if err := enginedb.New(tx).FloorRowsDelete(ctx, enginedb.FloorRowsDeleteParams{Projection: p.Name}); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "insert into backstory.floor_rows (projection, hash, data) select $1, $2, row_to_json(t) from "+
		pgx.Identifier{scratchSchema, p.Table}.Sanitize()+" t", p.Name, p.Hash)
	return err
}

// seed fills a projection's empty table in a schema with its rows at the floor,
// and returns the floor: folding goes on after it. Rows of another definition are
// taken as far as their columns are still there, for there is nothing else left.
func seed(ctx context.Context, tx pgx.Tx, p *engine.Projection, schema string) (floor int64, err error) {
	if floor, err = enginedb.New(tx).FloorGet(ctx); err != nil || floor == 0 {
		return 0, err
	}
	table := pgx.Identifier{schema, p.Table}.Sanitize()
	_, err = tx.Exec(ctx, "insert into "+table+" select r.* from backstory.floor_rows f cross join lateral json_populate_record(null::"+
		table+", f.data) r where f.projection = $1 order by f.n", p.Name)
	if err != nil {
		return 0, fmt.Errorf("rows at the floor of the log, which begins after position %d: %w: %w", floor, engine.ErrArchived, err)
	}
	return floor, nil
}
