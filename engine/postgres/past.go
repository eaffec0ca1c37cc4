package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/backstory-go/backstory/engine"
)

// pastWithin bounds one reading of the past: the loop that decides waits for it.
const pastWithin = 10 * time.Second

// past reads a stream for a decision that is based on head, outside the order
// lock: what is stored below head's version never changes, and that it is still
// what was stored is checked with head's last event when the decision is.
type past struct {
	e    *Engine
	head *snapshot
}

// StateAt implements engine.PastReader.
func (p *past) StateAt(version int64) (any, error) {
	if version == p.head.version {
		return p.head.actor.CloneState(p.head.state), nil
	}
	s := &snapshot{stream: p.head.stream, actor: p.head.actor, state: p.head.actor.NewState()}
	if version == 0 {
		return s.state, nil
	}
	ctx, cancel := context.WithTimeout(p.e.ctx, pastWithin)
	defer cancel()
	l := &loading{snapshot: s, upto: version}
	if err := p.e.load(ctx, p.e.work, []*loading{l}); err != nil {
		return nil, err
	}
	if l.err == nil && s.version != version {
		l.err = fmt.Errorf("%w after version %d", errMissing, s.version)
	}
	return s.state, l.err
}

// Events implements engine.PastReader.
func (p *past) Events(first, last int64, do func(engine.Recorded) bool) error {
	for after := first - 1; after < last; {
		list, err := p.page(after, int(min(last-after, page)))
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fmt.Errorf("%w after version %d", errMissing, after)
		}
		for _, r := range list {
			event, err := r.decoded(p.e.system)
			if err != nil {
				return fmt.Errorf("version %d: %w", r.Meta.Version, err)
			}
			if !do(event) {
				return nil
			}
			after = r.Meta.Version
		}
	}
	return nil
}

func (p *past) page(after int64, most int) ([]*record, error) {
	ctx, cancel := context.WithTimeout(p.e.ctx, pastWithin)
	defer cancel()
	list, err := readStream(ctx, p.e.work, p.head.stream, after, most)
	if err == nil && len(list) > 0 && list[0].Meta.Version > after+1 {
		err = archivedAfter(ctx, p.e.work, p.head.stream, after)
	}
	return list, err
}

func wantsPast(actor *engine.Actor, command string) bool {
	kind, ok := actor.CommandType(command)
	return ok && kind.Past
}

// unreadPast says whether a decision failed because the database could not be
// read: no fault of the handler, and tried again for ever.
func unreadPast(err error) bool {
	past, ok := errors.AsType[*engine.PastError](err)
	return ok && (surroundings(past.Err) || errors.Is(past.Err, context.Canceled))
}
