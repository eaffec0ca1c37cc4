package postgres

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// handler is what consumers differ in: reactions or a projection.
type handler interface {
	// run calls the user's code about messages, those of one key in their order,
	// outside of any transaction. The error is the surroundings'.
	run(ctx context.Context, messages []*message) (work, error)

	// parked asks the user's code what to send when a message is given up.
	parked(ctx context.Context, f *failure) []sent

	// forget drops what was remembered of effects that may not have been stored.
	forget()
}

// work is what handling led to, before it is stored.
type work interface {
	// faults are the messages that failed, at most one of each key: it and what
	// follows of its key had no effect.
	faults() []*failure

	// write stores the effects in a transaction, at once or by queueing, and tells
	// of further faults. The same work may be written again.
	write(ctx context.Context, t *trips) ([]*failure, error)

	// apart lets write try the messages each by itself, when it can.
	apart() bool

	// stored is called after the commit.
	stored()
}

// failure is a message whose handling failed.
type failure struct {
	message *message
	err     error
	waits   bool // it must not be tried now: that is no try
}

// hold is a row of held to be written.
type hold struct {
	key               string
	slot              int32
	position, version int64 // to go on from
	attempts          int
	pause             time.Duration
	parked            bool
	err               string
	reacted           int64 // messages up to here are only folded
}

// changes is what a transaction of a runner does beside moving checkpoints.
type changes struct {
	work     work
	holds    []hold
	released []string // keys that are not held any more
	sent     []sent   // by who answers parked messages
}

// handle has messages handled, and commits that they are.
func (r *runner) handle(ctx context.Context, group []*slot, messages []*message, to place) error {
	ctx, cancel := lingering(ctx)
	defer cancel()
	ch := &changes{}
	if r.careful > 0 { // then it is one message: see follow
		if err := r.announce(ctx, messages[0]); err != nil {
			return err
		}
		r.careful--
		ch.released = []string{messages[0].key}
	}
	start := time.Now()
	w, err := r.handler.run(ctx, messages)
	if err != nil {
		return err
	}
	ch.work = w
	r.holdFaults(ctx, ch, w.faults())
	err = r.commit(ctx, group, to, ch)
	if err != nil && !blames(ctx, err) {
		return err
	}
	if err != nil {
		return r.divide(ctx, group, messages, to, ch, err)
	}
	r.traceHandled(messages, start)
	r.adapt(len(messages), time.Since(start))
	return nil
}

// dangerous waits until no other message of this process is tried that may take it
// along: so the one that does is told from those that were tried beside it.
func (e *Engine) dangerous(ctx context.Context) (free func(), err error) {
	select {
	case e.danger <- struct{}{}:
		return func() { <-e.danger }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// blames says whether an error is the fault of what was written.
func blames(ctx context.Context, err error) bool {
	return ctx.Err() == nil && !errors.Is(err, errFenced) && !surroundings(err)
}

// divide deals with effects that the database refuses: each message by itself,
// until the one is found.
func (r *runner) divide(ctx context.Context, group []*slot, messages []*message, to place, ch *changes, err error) error {
	switch {
	case ch.work.apart():
		return r.commit(ctx, group, to, ch)
	case len(messages) > 1:
		r.handler.forget()
		r.careful = max(r.careful, len(messages))
		return nil
	}
	r.handler.forget()
	only := &changes{}
	r.holdFaults(ctx, only, []*failure{{message: messages[0], err: err}})
	return r.commit(ctx, group, to, only)
}

// adapt lets a batch take neither too long nor too many commits. A projection's
// grows again after an owner that died: what may have ended it is in fewer and fewer.
func (r *runner) adapt(n int, took time.Duration) {
	most := batchMost
	if r.c.projection != nil {
		most = page
	} else if took > batchSlow {
		r.batch = max(r.batch/2, 1)
	}
	if (took < batchQuick || r.c.projection != nil) && n == r.batch {
		r.batch = min(2*r.batch, most)
	}
}

// announce holds the key of a message before it is handled: whoever takes over from
// a process that it killed finds it. Those of other slots may be under way at the same
// time, so that is no try yet: each has its tries alone.
func (r *runner) announce(ctx context.Context, m *message) error {
	h := r.holdOf(m)
	h.pause, h.err = r.c.policy.pause(m.attempt), underWay
	return r.commit(ctx, nil, place{}, &changes{holds: []hold{h}})
}

func (r *runner) holdOf(m *message) hold {
	h := hold{key: m.key, slot: shard(m.key, r.total), position: m.Meta.Position}
	if r.c.byStream {
		h.version = m.Meta.Version
	}
	return h
}

// holdFaults turns faults into held keys; at the last try they are parked.
func (r *runner) holdFaults(ctx context.Context, ch *changes, faults []*failure) {
	for _, f := range faults {
		h := r.holdOf(f.message)
		h.attempts, h.err = f.message.attempt, plainText(errorText(f.err))
		h.parked = h.attempts >= r.c.policy.Attempts
		h.pause = max(r.c.policy.pause(h.attempts), engine.PatienceOf(f.err))
		if f.waits {
			h.attempts, h.parked, h.pause = h.attempts-1, false, waitingPause
		}
		if h.parked && !f.message.quiet { // else its reactions ran: they have nothing to answer
			ch.sent = append(ch.sent, r.handler.parked(ctx, f)...)
		}
		r.tell(f, h)
		ch.holds = append(ch.holds, h)
	}
}

func (r *runner) tell(f *failure, h hold) {
	log := r.e.log.With("consumer", r.c.name, "position", h.position, "type", f.message.Type, "tries", h.attempts, "error", f.err)
	switch {
	case h.parked:
		log.Error("message is parked")
	case !f.waits:
		log.Warn("message is tried again", "in", h.pause)
		r.e.meter.retried(r.c.name)
	}
}

// commit stores what changes and moves the group's checkpoints; see queueAdvance.
// It takes in the result.
func (r *runner) commit(ctx context.Context, group []*slot, to place, ch *changes) error {
	r.commits.Lock()
	defer r.commits.Unlock()
	if ch == nil {
		ch = &changes{}
	}
	holds := ch.holds
	err := r.fenced(ctx, len(group) > 0, func(t *trips) error {
		holds = ch.holds
		sent := ch.sent
		if ch.work != nil {
			faults, err := ch.work.write(ctx, t)
			if err != nil {
				return err
			}
			late := &changes{}
			r.holdFaults(ctx, late, faults)
			holds, sent = append(holds[:len(holds):len(holds)], late.holds...), append(sent[:len(sent):len(sent)], late.sent...)
		}
		queueSent(t.batch, sent)
		r.queueHeld(t.batch, holds, ch.released)
		r.queueAdvance(t.batch, group, to)
		return nil
	})
	if err != nil {
		return err
	}
	r.settled(group, to, ch, holds)
	return nil
}

func (r *runner) queueHeld(b *pgx.Batch, holds []hold, released []string) {
	if len(released) > 0 {
		b.Queue(enginedb.HeldDelete, r.c.name, released)
	}
	if len(holds) == 0 {
		return
	}
	var p enginedb.HeldPutParams
	for _, h := range holds {
		p.Keys = append(p.Keys, h.key)
		p.Slots = append(p.Slots, h.slot)
		p.FromPositions = append(p.FromPositions, h.position)
		p.FromVersions = append(p.FromVersions, h.version)
		p.Attempts = append(p.Attempts, int32(h.attempts))
		p.Pauses = append(p.Pauses, h.pause.Milliseconds())
		p.Parked = append(p.Parked, h.parked)
		p.Errors = append(p.Errors, h.err)
		p.Reacted = append(p.Reacted, h.reacted)
	}
	b.Queue(enginedb.HeldPut, r.c.name, p.Keys, p.Slots, p.FromPositions, p.FromVersions, p.Attempts, p.Pauses, p.Parked, p.Errors, p.Reacted)
}

// settled takes in what was committed.
func (r *runner) settled(group []*slot, to place, ch *changes, holds []hold) {
	for _, s := range group {
		s.position, s.last = to.position, to.id
	}
	for _, s := range r.slots {
		if len(group) == 0 || slices.Contains(group, s) {
			s.written = s.position
		}
	}
	for _, key := range ch.released {
		delete(r.held, key)
	}
	for _, h := range holds {
		r.held[h.key] = true
	}
	if ch.work != nil {
		ch.work.stored()
	}
	if len(ch.sent) > 0 {
		r.e.onSubmitted()
	}
	r.report()
}

// lingering lets what is in hand be finished for a while after ctx ended.
func lingering(ctx context.Context) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		pause(out, runnerLinger)
		cancel()
	})
	return out, func() {
		stop()
		cancel()
	}
}
