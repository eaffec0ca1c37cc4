package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// fenced runs do in a transaction that fails with errFenced when a checkpoint or a
// slot is not the runner's any more. One that moves a checkpoint need not wait for
// the disk: if a crash loses it, the next one finds the checkpoint elsewhere, and
// what is remembered is read anew. Any other must, for nothing would tell.
func (r *runner) fenced(ctx context.Context, moves bool, do func(t *trips) error) error {
	settings := enginedb.LogSettings
	if moves {
		settings = enginedb.SlotSettings
	}
	err := inTrips(ctx, r.e.work, settings, do)
	if outOfFence(err) {
		return fmt.Errorf("checkpoint of %s: %w: %w", r.c.name, errFenced, err)
	}
	return err
}

// queueAdvance moves the checkpoints of a group, or with none all of them to what
// was passed over. It fails when one of them is not the runner's.
func (r *runner) queueAdvance(b *pgx.Batch, group []*slot, to place) {
	p := enginedb.SlotAdvanceParams{Consumer: r.c.name}
	add := func(s *slot, to place) {
		p.Slots, p.Fences = append(p.Slots, s.number), append(p.Fences, s.fence)
		p.Was, p.Positions, p.Lasts = append(p.Was, s.written), append(p.Positions, to.position), append(p.Lasts, to.id)
	}
	for _, s := range group {
		add(s, to)
	}
	if len(group) == 0 {
		for _, s := range r.slots {
			add(s, place{s.position, s.last})
		}
	}
	b.Queue(enginedb.SlotAdvance, p.Slots, p.Consumer, p.Fences, p.Was, p.Positions, p.Lasts)
}
