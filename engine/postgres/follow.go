package postgres

import (
	"context"
	"maps"
	"slices"
)

// group is the slots that stand at the lowest position, and where the next ones
// stand: there they go on together.
func (r *runner) group() (slots []*slot, until int64) {
	until = int64(1<<63 - 1)
	if r.barrier >= 0 {
		until = r.barrier
	}
	for _, n := range slices.Sorted(maps.Keys(r.slots)) {
		s := r.slots[n]
		switch {
		case len(slots) == 0 || s.position == slots[0].position:
			slots = append(slots, s)
		case s.position < slots[0].position:
			until = min(until, slots[0].position)
			slots = []*slot{s}
		default:
			until = min(until, s.position)
		}
	}
	return slots, until
}

// follow takes the next page of the log.
func (r *runner) follow(ctx context.Context) (worked bool, err error) {
	group, until := r.group()
	at := group[0].position
	if at >= until {
		return r.settleBarrier(ctx)
	}
	list, known := r.e.tail.after(at, page)
	if !known {
		if list, err = readMarked(ctx, r.e.sql, at, page); err != nil {
			return false, err
		}
	}
	for len(list) > 0 && list[len(list)-1].Meta.Position > until {
		list = list[:len(list)-1]
	}
	if len(list) == 0 {
		return false, nil
	}
	limit := r.batch
	if r.careful > 0 {
		limit = 1
	}
	messages, to := r.choose(group, list, limit)
	if len(messages) == 0 {
		return true, r.pass(ctx, group, to)
	}
	return true, r.handle(ctx, group, messages, to)
}

// choose gives the messages for slots, at most limit that are to be handled, and
// how far the list is done with then.
func (r *runner) choose(group []*slot, list []*record, limit int) (messages []*message, to place) {
	for _, rec := range list {
		if done := slices.Contains(rec.handled, r.c.name); r.c.concerns(rec) && (!done || r.c.stateful()) {
			m := r.c.message(rec)
			m.quiet = done
			if r.mine(group, m.key) && !r.held[m.key] {
				if len(messages) == limit {
					return messages, to
				}
				messages = append(messages, m)
			}
		}
		to = place{rec.Meta.Position, rec.Meta.ID}
	}
	return messages, to
}

func (r *runner) mine(group []*slot, key string) bool {
	n := shard(key, r.total)
	return slices.ContainsFunc(group, func(s *slot) bool { return s.number == n })
}

// pass moves over events of no concern. Their checkpoint is written by duty, at
// most once a second.
func (r *runner) pass(ctx context.Context, group []*slot, to place) error {
	r.commits.Lock()
	for _, s := range group {
		s.position, s.last = to.position, to.id
	}
	behind := to.position - group[0].written
	r.commits.Unlock()
	r.report()
	if behind < behindMost {
		return nil
	}
	return r.commit(ctx, group, to, nil)
}

// settleBarrier writes the checkpoints that a change of the number of slots waits for.
func (r *runner) settleBarrier(ctx context.Context) (bool, error) {
	for _, s := range r.slots {
		if s.written < s.position {
			return true, r.commit(ctx, nil, place{}, nil)
		}
	}
	return false, nil
}
