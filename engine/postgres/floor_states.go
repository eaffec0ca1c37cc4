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
		sql := enginedb.New(tx)
		left, err := discarded(ctx, sql, c.name, a.out.Last)
		if err != nil {
			return err
		}
		f := &floorStates{sql: sql, c: c, left: left, states: map[string]*keyed{}}
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
	left   map[int64]bool // events that may be left out
	states map[string]*keyed
}

// discarded are the positions of a consumer's events that an operator discarded: what
// cannot be folded of them is left out at the floor, as it is in the live states.
func discarded(ctx context.Context, sql *enginedb.Queries, consumer string, floor int64) (map[int64]bool, error) {
	list, err := sql.FloorDiscarded(ctx, enginedb.FloorDiscardedParams{Consumer: consumer, Floor: floor})
	left := make(map[int64]bool, len(list))
	for _, position := range list {
		left[position] = true
	}
	return left, err
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

// messages decodes events. One that the reactor cannot follow has no state to keep,
// unless it was discarded.
func (f *floorStates) messages(rows []enginedb.HeldScanRow) ([]*message, error) {
	list := make([]*message, 0, len(rows))
	for _, row := range rows {
		rec, err := recordOf(enginedb.EventReadRow(row))
		if err != nil {
			return nil, err
		}
		m := f.c.message(rec)
		switch {
		case m.err == nil:
			list = append(list, m)
		case !f.left[row.Position]:
			return nil, unfolded(row.Position, m.err)
		}
	}
	return list, nil
}

// unfolded is the error of an event that cannot be folded, and was not discarded.
func unfolded(position int64, err error) error {
	return fmt.Errorf("%w: event %d cannot be folded: mend the program; or fold anew (app rebuild), and discard the event once it is parked: %w", ErrNotArchivable, position, err)
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
		err := f.evolve(m)
		if err != nil && !f.left[m.Meta.Position] {
			return unfolded(m.Meta.Position, fmt.Errorf("evolve %s: %w", m.Type, err))
		}
	}
	return nil
}

// evolve folds a message; if it fails, the state is as before.
func (f *floorStates) evolve(m *message) error {
	s := f.states[m.key]
	next := s.state
	if f.left[m.Meta.Position] {
		next = f.c.reactor.CloneState(next)
	}
	err := guard(func() error {
		f.c.reactor.Evolve(m.event.Meta, next, m.event.Event)
		return nil
	})
	if err == nil {
		s.state, s.position = next, m.Meta.Position
	}
	return err
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
		p := enginedb.FloorStatesPutParams{Reactor: f.c.name, Hash: f.c.hash}
		for _, key := range keys {
			if f.states[key].position == 0 {
				continue // all its events were left out
			}
			state, err := f.c.reactor.EncodeState(f.states[key].state)
			if err != nil {
				return fmt.Errorf("%w: encode the state of %s: %w", ErrNotArchivable, key, err)
			}
			p.Keys, p.Positions, p.States = append(p.Keys, key), append(p.Positions, f.states[key].position), append(p.States, state)
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
