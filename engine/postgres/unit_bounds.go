package postgres

import (
	"context"
	"fmt"
)

// bounded is what a command is decided on: for an actor with a boundary the state
// is folded from what the log holds with the command's tags, and then from what the
// unit itself decided. It is stored only if no other such event came after.
func (r *unitRun) bounded(ctx context.Context, s *unitStep, en *entry, head *snapshot) (*snapshot, error) {
	if head.actor.Boundary == nil {
		return head, nil
	}
	b := &bound{head: snapshot{stream: head.stream, actor: head.actor, state: head.actor.NewState()}}
	if command, err := decodeCommand(head.actor, s.row); err == nil { // else it is refused
		b.query, b.head.state = head.actor.Query(command), head.actor.StateFor(command)
	}
	if err := loadBounds(ctx, r.conn, r.e.system, []*bound{b}); err != nil {
		return nil, err
	}
	en.forbids, en.checked = b.query, b.checked
	for _, rec := range r.own {
		if b.query.Matches(rec.Type, rec.tags) {
			b.fold(r.e.system, []*record{rec})
		}
	}
	if b.err != nil {
		return nil, fmt.Errorf("%s: %w", s.row.Type, b.err)
	}
	base := *head
	base.state = b.head.state
	return &base, nil
}
