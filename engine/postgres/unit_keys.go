package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// A reactor's state in a unit is what its consumer will have when it comes to the
// unit's events: the stored state, on which all is folded that the log holds for the
// key since, handled or not. Under the order lock nothing may have been added to
// that. The unit does not store it: the slot's owner alone writes states, and keeps
// them in memory. It folds the unit's events in their turn, and runs no reaction.

// unitKey is a reactor's state of a key in a unit.
type unitKey struct {
	*keyed
	c    *consumer
	head int64 // of the log, when it was folded
}

// last is the state to fold the next event of the unit into. None has a position.
func (k *unitKey) last() *keyed { return &keyed{key: k.keyed.key, state: k.state, position: -1} }

// key is a reactor's state, with the unit's own events.
func (r *unitRun) key(ctx context.Context, c *consumer, key string) (*unitKey, error) {
	for _, k := range r.keys {
		if k.c == c && k.keyed.key == key {
			return k, nil
		}
	}
	k, err := r.loadKey(ctx, c, key)
	if err == nil {
		r.keys = append(r.keys, k)
	}
	return k, err
}

func (r *unitRun) loadKey(ctx context.Context, c *consumer, key string) (*unitKey, error) {
	sql := enginedb.New(r.conn)
	found, err := sql.ConsumerFind(ctx, enginedb.ConsumerFindParams{Name: c.name})
	if err != nil {
		return nil, err
	}
	base, err := sql.ReactorBase(ctx, enginedb.ReactorBaseParams{Reactor: c.name, Key: key, Hash: c.hash, Slot: shard(key, found.Slots)})
	switch {
	case errors.Is(err, pgx.ErrNoRows) && found.Hash != c.hash:
		return nil, errors.New("its state follows another definition by now")
	case errors.Is(err, pgx.ErrNoRows): // its slots were changed meanwhile
		return nil, errMoved
	case err != nil:
		return nil, err
	case base.Rebuilding:
		return nil, errors.New("its state is being folded anew: try again later")
	}
	k := &unitKey{c: c, head: base.Head, keyed: &keyed{key: key, state: c.reactor.NewState(), position: base.Position}}
	if base.State != nil {
		if k.state, err = c.reactor.DecodeState(base.State); err != nil {
			return nil, fmt.Errorf("decode the state of %s: %w", key, err)
		}
	}
	return k, r.catchUp(ctx, sql, k, max(base.Base, base.Position))
}

// catchUp folds what the log holds for the key after a position.
func (r *unitRun) catchUp(ctx context.Context, sql *enginedb.Queries, k *unitKey, after int64) error {
	h, l := &reacting{e: r.e, c: k.c}, &strand{key: k.keyed.key, state: k.keyed}
	for more := true; more; {
		rows, err := sql.HeldScan(ctx, enginedb.HeldScanParams{FromPosition: after + 1, Upto: k.head, Types: k.c.reactor.Evolves, Most: page})
		if err != nil {
			return err
		}
		more = len(rows) == page
		for _, row := range rows {
			rec, err := recordOf(enginedb.EventReadRow(row))
			if err != nil {
				return err
			}
			after = rec.Meta.Position
			if m := k.c.message(rec); m.err == nil && m.key == l.key {
				if _, err := h.foldKeyed(l, m); err != nil {
					return err
				}
			}
		}
	}
	k.keyed = l.state
	return nil
}

// unmoved says whether, under the order lock, the log holds nothing for the unit's
// keys that their states were folded without.
func (r *unitRun) unmoved(ctx context.Context) error {
	if len(r.keys) == 0 {
		return nil
	}
	after := r.keys[0].head
	for _, k := range r.keys {
		after = min(after, k.head)
	}
	list, err := readLog(ctx, enginedb.New(r.conn), after, page)
	if err != nil {
		return err
	}
	if len(list) == page {
		return fmt.Errorf("%w: the log grew by too much", errMoved)
	}
	for _, rec := range list {
		for _, k := range r.keys {
			if rec.Meta.Position > k.head && k.c.types[rec.Type] && k.c.message(rec).key == k.keyed.key {
				return fmt.Errorf("%w: another event of %s", errMoved, k.c.name)
			}
		}
	}
	return nil
}
