package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
)

// projecting folds messages into the rows of a projection.
type projecting struct {
	e *Engine
	c *consumer
}

func (p *projecting) run(_ context.Context, messages []*message) (work, error) {
	w := &projected{p: p, failed: map[string]bool{}}
	for _, m := range messages {
		switch {
		case w.failed[m.key]:
		case m.err != nil:
			w.fail(m, m.err)
		default:
			w.messages = append(w.messages, m)
		}
	}
	w.undecoded = w.found
	return w, nil
}

func (p *projecting) parked(context.Context, *failure) []sent { return nil }

func (p *projecting) forget() {}

// projected is a batch of events that write applies.
type projected struct {
	p         *projecting
	messages  []*message
	undecoded []*failure
	divided   bool // failed as a whole: find out which message it was

	found  []*failure
	failed map[string]bool // keys
}

func (w *projected) fail(m *message, err error) {
	w.failed[m.key] = true
	w.found = append(w.found, &failure{message: m, err: err})
}

func (w *projected) faults() []*failure { return w.undecoded }

func (w *projected) apart() bool {
	again := !w.divided && len(w.messages) > 0
	w.divided = true
	return again
}

func (w *projected) stored() {
	if len(w.messages) > 0 {
		w.p.e.hub.Publish(w.p.c.name)
	}
}

func (w *projected) write(ctx context.Context, conn *pgx.Conn, _ *pgx.Batch) ([]*failure, error) {
	w.found, w.failed = nil, map[string]bool{}
	for _, f := range w.undecoded {
		w.failed[f.message.key] = true
	}
	if !w.divided {
		return nil, w.apply(ctx, conn, w.messages)
	}
	err := w.bisect(ctx, conn, w.messages)
	return w.found, err
}

func (w *projected) apply(ctx context.Context, conn *pgx.Conn, messages []*message) error {
	if len(messages) == 0 {
		return nil
	}
	batch := make([]engine.Recorded, len(messages))
	for i, m := range messages {
		batch[i] = m.event
	}
	return guard(func() error { return w.p.c.projection.Apply(ctx, conn, batch) })
}

// bisect applies what can be, and finds the first message of each key that cannot.
func (w *projected) bisect(ctx context.Context, conn *pgx.Conn, messages []*message) error {
	messages = filter(messages, func(m *message) bool { return !w.failed[m.key] })
	if len(messages) == 0 {
		return nil
	}
	if _, err := conn.Exec(ctx, "savepoint part"); err != nil {
		return err
	}
	err := w.apply(ctx, conn, messages)
	if err == nil {
		_, err = conn.Exec(ctx, "release savepoint part")
		return err
	}
	if !blames(ctx, err) {
		return err
	}
	if _, err := conn.Exec(ctx, "rollback to savepoint part"); err != nil {
		return err
	}
	if len(messages) == 1 {
		w.fail(messages[0], err)
		return nil
	}
	half := len(messages) / 2
	if err := w.bisect(ctx, conn, messages[:half]); err != nil {
		return err
	}
	return w.bisect(ctx, conn, messages[half:])
}
