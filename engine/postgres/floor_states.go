package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// reactors keeps the states that every reactor has at the new floor, folded from
// those at the old one.
func (a *archiver) reactors(ctx context.Context, tx pgx.Tx) error {
	for _, c := range a.e.consumers {
		if !c.stateful() {
			continue
		}
		f := &floorStates{sql: enginedb.New(tx), c: c, states: map[string]*keyed{}}
		if err := f.fold(ctx, a.before, a.out.Last); err != nil {
			return fmt.Errorf("states of %s: %w", c.name, err)
		}
	}
	return nil
}

// floorStates are a reactor's states on their way from one floor to the next. Each
// in memory is of a key that had an event on the way. They are written as often as
// memory was full, as a projection's rows are.
type floorStates struct {
	sql    *enginedb.Queries
	c      *consumer
	states map[string]*keyed
}

// fold folds the events after a position up to another one, and writes the states.
func (f *floorStates) fold(ctx context.Context, after, upto int64) error {
	for {
		rows, err := f.sql.HeldScan(ctx, enginedb.HeldScanParams{FromPosition: after + 1, Upto: upto,
			Types: f.c.reactor.Evolves, Most: page})
		if err != nil {
			return err
		}
		messages, err := f.messages(rows)
		if err != nil {
			return err
		}
		if err := f.apply(ctx, messages); err != nil {
			return err
		}
		if len(rows) < page {
			return f.write(ctx)
		}
		after = rows[len(rows)-1].Position
	}
}

// messages decodes events. One that the reactor cannot follow has no state to keep.
func (f *floorStates) messages(rows []enginedb.HeldScanRow) ([]*message, error) {
	list := make([]*message, len(rows))
	for i, row := range rows {
		rec, err := recordOf(enginedb.EventReadRow(row))
		if err != nil {
			return nil, err
		}
		list[i] = f.c.message(rec)
		if err := list[i].err; err != nil {
			return nil, fmt.Errorf("%w: event %d: %w", ErrNotArchivable, row.Position, err)
		}
	}
	return list, nil
}

func (f *floorStates) apply(ctx context.Context, messages []*message) error {
	if len(f.states) > keptRows {
		if err := f.write(ctx); err != nil {
			return err
		}
		clear(f.states)
	}
	if err := f.load(ctx, messages); err != nil {
		return err
	}
	for _, m := range messages {
		s := f.states[m.key]
		err := guard(func() error {
			f.c.reactor.Evolve(m.event.Meta, s.state, m.event.Event)
			return nil
		})
		if err != nil {
			return fmt.Errorf("%w: event %d: evolve %s: %w", ErrNotArchivable, m.Meta.Position, m.Type, err)
		}
		s.position = m.Meta.Position
	}
	return nil
}

// load reads the states that are not in memory, as they are at the old floor or
// were written since.
func (f *floorStates) load(ctx context.Context, messages []*message) error {
	var keys []string
	for _, m := range messages {
		if f.states[m.key] == nil {
			f.states[m.key] = &keyed{key: m.key, state: f.c.reactor.NewState()}
			keys = append(keys, m.key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	rows, err := f.sql.FloorStates(ctx, enginedb.FloorStatesParams{Reactor: f.c.name, Keys: keys})
	if err != nil {
		return err
	}
	for _, row := range rows {
		state, err := f.c.reactor.DecodeState(row.State)
		if err != nil {
			return fmt.Errorf("%w: the state of %s at the floor until now: %w", ErrNotArchivable, row.Key, err)
		}
		f.states[row.Key].state, f.states[row.Key].position = state, row.Position
	}
	return nil
}

func (f *floorStates) write(ctx context.Context) error {
	for keys := range slices.Chunk(slices.Sorted(maps.Keys(f.states)), loadMost) {
		p := enginedb.FloorStatesPutParams{Reactor: f.c.name, Hash: f.c.hash, Keys: keys}
		for _, key := range keys {
			state, err := f.c.reactor.EncodeState(f.states[key].state)
			if err != nil {
				return fmt.Errorf("%w: encode the state of %s: %w", ErrNotArchivable, key, err)
			}
			p.Positions, p.States = append(p.Positions, f.states[key].position), append(p.States, state)
		}
		if err := f.sql.FloorStatesPut(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// beginStates lets a reactor's states begin where the log does, and returns how far
// they are folded by that. States of another definition are taken as far as it can
// read them, for there is nothing else left.
func beginStates(ctx context.Context, sql *enginedb.Queries, c *consumer) (floor int64, err error) {
	if err := sql.ReactorForget(ctx, enginedb.ReactorForgetParams{Reactor: c.name}); err != nil {
		return 0, err
	}
	if c.stateful() {
		if err := sql.FloorStatesBegin(ctx, enginedb.FloorStatesBeginParams{Reactor: c.name, Hash: c.hash}); err != nil {
			return 0, err
		}
	}
	return sql.FloorGet(ctx)
}
