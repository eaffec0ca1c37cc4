package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
)

// projecting folds messages into the rows of a projection. The rows stay in memory
// from batch to batch: as long as its commits pass the fence, nobody else writes to
// them. Whoever does (a swap, a key that is recomputed, another owner of the slot)
// moves the fence, after which they are read anew.
type projecting struct {
	e      *Engine
	c      *consumer
	fold   engine.Folding
	unsure bool // rows in memory may not be in the table
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

func (p *projecting) forget() {
	p.fold.Forget()
	p.unsure = false
}

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
	w.p.unsure = false
	if len(w.messages) > 0 {
		w.p.e.hub.Publish(w.p.c.name)
	}
}

func (w *projected) write(ctx context.Context, t *trips) ([]*failure, error) {
	w.found, w.failed = nil, map[string]bool{}
	for _, f := range w.undecoded {
		w.failed[f.message.key] = true
	}
	if w.p.unsure || w.divided || w.p.fold.Rows() > keptRows {
		w.p.forget()
	}
	if !w.divided {
		return nil, w.apply(ctx, t)
	}
	if err := t.send(ctx); err != nil {
		return nil, err
	}
	err := w.bisect(ctx, t.conn, w.messages)
	return w.found, err
}

// apply folds the messages into the rows in memory, and queues what changed.
func (w *projected) apply(ctx context.Context, t *trips) error {
	if len(w.messages) == 0 {
		return nil
	}
	w.p.unsure = true
	if w.p.c.projection.Fold == nil { // what it asks for must be answered
		if err := t.send(ctx); err != nil {
			return err
		}
		return w.p.fold.Apply(ctx, t.conn, recorded(w.messages))
	}
	if err := w.p.fold.Apply(ctx, t, recorded(w.messages)); err != nil {
		return err
	}
	return w.p.fold.Write(ctx, t)
}

// applyAlone applies messages whatever is in memory.
func (w *projected) applyAlone(ctx context.Context, conn *pgx.Conn, messages []*message) error {
	return guard(func() error { return w.p.c.projection.Apply(ctx, conn, recorded(messages)) })
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
	err := w.applyAlone(ctx, conn, messages)
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
