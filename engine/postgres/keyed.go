package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// keyed is a reactor's state of one key, folded up to and including the event at
// position. It is never changed: folding makes another.
type keyed struct {
	key      string
	state    any
	position int64
}

// loadKeyed gives every line the state of its key, from memory or the table.
func (h *reacting) loadKeyed(ctx context.Context, strands []*strand) error {
	reactor := h.c.reactor
	missing := map[string]*strand{}
	for _, l := range strands {
		if known, ok := h.keys.get(l.key); ok {
			l.state = known
			continue
		}
		l.state = &keyed{key: l.key, state: reactor.NewState()}
		missing[l.key] = l
	}
	if len(missing) == 0 {
		return nil
	}
	rows, err := h.e.sql.ReactorStates(ctx, enginedb.ReactorStatesParams{Reactor: reactor.Type, Hash: reactor.StateHash,
		Keys: slices.Collect(maps.Keys(missing))})
	if err != nil {
		return err
	}
	for _, row := range rows {
		state, err := reactor.DecodeState(row.State)
		if err != nil {
			missing[row.Key].unread = fmt.Errorf("decode the state of %s: %w", row.Key, err)
			continue
		}
		missing[row.Key].state = &keyed{key: row.Key, state: state, position: row.Position}
	}
	return nil
}

// foldKeyed folds a message into the reactor's state, if it is one that it follows.
func (h *reacting) foldKeyed(l *strand, m *message) (state any, err error) {
	if l.unread != nil {
		return nil, l.unread
	}
	if !slices.Contains(h.c.reactor.Evolves, m.Type) || m.Meta.Position <= l.state.position {
		return l.state.state, nil
	}
	next := h.c.reactor.CloneState(l.state.state)
	err = guard(func() error {
		h.c.reactor.Evolve(m.event.Meta, next, m.event.Event)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("evolve %s: %w", m.Type, err)
	}
	l.state, l.folded = &keyed{key: l.key, state: next, position: m.Meta.Position}, true
	return next, nil
}

// rebuilding lists the slots of a reactor whose states are folded anew, those that
// stand at the lowest position.
func (r *runner) rebuilding() []*slot {
	var list []*slot
	for _, s := range r.slots {
		switch {
		case s.rebuilt < 0:
		case len(list) == 0 || s.rebuilt == list[0].rebuilt:
			list = append(list, s)
		case s.rebuilt < list[0].rebuilt:
			list = []*slot{s}
		}
	}
	return list
}

// rebuild folds the next page of events into the states of slots, without running
// a reaction. It ends where the checkpoint stands: from there on the states are
// folded as messages are handled.
func (r *runner) rebuild(ctx context.Context, slots []*slot) error {
	if r.start == nil {
		r.start = &start{e: r.e, consumer: r.c.name, slot: slots[0].number} // a reactor's runner has one slot
	}
	defer r.start.rest()
	if err := r.start.begin(ctx, r.e.sql); err != nil {
		return err
	}
	messages, upto, err := r.rebuildPage(ctx, slots)
	if err != nil {
		return err
	}
	return r.storeRebuilt(ctx, slots, messages, upto)
}

// rebuildPage reads the next events of slots whose states are folded anew, and tells
// up to where that is all there is.
func (r *runner) rebuildPage(ctx context.Context, slots []*slot) (messages []*message, from int64, err error) {
	from, upto := slots[0].rebuilt, int64(0)
	for _, s := range slots {
		upto = max(upto, s.position)
	}
	rows, err := r.e.sql.HeldScan(ctx, enginedb.HeldScanParams{FromPosition: from + 1, Upto: upto,
		Types: r.c.reactor.Evolves, Most: page})
	if err != nil {
		return nil, 0, err
	}
	held, err := r.heldFrom(ctx)
	if err != nil {
		return nil, 0, err
	}
	for _, row := range rows {
		rec, err := recordOf(enginedb.EventReadRow(row))
		if err != nil {
			return nil, 0, err
		}
		from = rec.Meta.Position
		m := r.c.message(rec)
		m.quiet = true // its reactions ran, or began after it
		at := held[m.key]
		s := r.slots[shard(m.key, r.total)]
		if slices.Contains(slots, s) && rec.Meta.Position <= s.position && (at == 0 || rec.Meta.Position < at) {
			messages = append(messages, m)
		}
	}
	if len(rows) < page {
		from = upto
	}
	return messages, from, nil
}

// heldFrom is where the held keys' messages wait.
func (r *runner) heldFrom(ctx context.Context) (map[string]int64, error) {
	rows, err := r.e.sql.HeldAll(ctx, enginedb.HeldAllParams{Consumer: r.c.name})
	from := make(map[string]int64, len(rows))
	for _, row := range rows {
		from[row.Key] = row.FromPosition
	}
	return from, err
}

// storeRebuilt folds messages and stores the states with how far that is. A key that
// cannot be folded is held by the message at fault, as if it were handled now.
func (r *runner) storeRebuilt(ctx context.Context, slots []*slot, messages []*message, upto int64) error {
	h := r.handler.(*reacting)
	w, err := h.foldOnly(ctx, messages)
	if err != nil {
		return err
	}
	ch := &changes{}
	r.holdFaults(ctx, ch, w.faults())
	for i := range ch.holds {
		ch.holds[i].reacted = r.slots[ch.holds[i].slot].position
	}
	p := r.rebuiltTo(slots, upto)
	r.commits.Lock()
	defer r.commits.Unlock()
	err = r.fenced(ctx, false, func(t *trips) error {
		if _, err := w.write(ctx, t); err != nil {
			return err
		}
		if forget, args, needed := r.start.forget(); needed {
			t.batch.Queue(forget, args...)
		}
		r.queueHeld(t.batch, ch.holds, nil)
		t.batch.Queue(enginedb.SlotRebuilt, p.Slots, p.Consumer, p.Fences, p.Rebuilt)
		return nil
	})
	h.forget()
	if err != nil {
		return err
	}
	r.start.stored()
	for _, held := range ch.holds {
		r.held[held.key] = true
	}
	for i, s := range slots {
		if s.rebuilt = p.Rebuilt[i]; s.rebuilt < 0 {
			r.start = nil
		}
	}
	return nil
}

// rebuiltTo is how far slots are folded anew when the log is up to a position.
func (r *runner) rebuiltTo(slots []*slot, upto int64) enginedb.SlotRebuiltParams {
	p := enginedb.SlotRebuiltParams{Consumer: r.c.name}
	for _, s := range slots {
		rebuilt := upto
		if upto >= s.position {
			rebuilt = -1
		}
		p.Slots, p.Fences, p.Rebuilt = append(p.Slots, s.number), append(p.Fences, s.fence), append(p.Rebuilt, rebuilt)
	}
	return p
}

// foldOnly folds messages into the states of their keys, and runs no reaction. What
// of a key cannot be stored is told as its first message's fault.
func (h *reacting) foldOnly(ctx context.Context, messages []*message) (*reacted, error) {
	strands := strandsOf(messages)
	if err := h.prepare(ctx, strands); err != nil {
		return nil, err
	}
	for _, l := range strands {
		h.runStrand(ctx, l)
		if err := h.encode(l); err != nil {
			l.folded, l.fault = false, &failure{message: l.messages[0], err: err}
		}
	}
	return &reacted{h: h, strands: strands}, nil
}

// encode makes what is stored of a strand's state, once.
func (h *reacting) encode(l *strand) error {
	if !l.folded || l.data != nil {
		return nil
	}
	return guard(func() (err error) {
		if l.data, err = h.c.reactor.EncodeState(l.state.state); err != nil {
			err = fmt.Errorf("encode the state of %s: %w", l.key, err)
		}
		return err
	})
}
