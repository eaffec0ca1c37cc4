package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// Append implements engine.Log.
func (e *Engine) Append(ctx context.Context, a engine.Append) (engine.Appended, error) {
	v := e.append(ctx, a)
	if errors.Is(v.err, engine.ErrConflict) || errors.Is(v.err, engine.ErrDuplicate) {
		first, repeated, err := e.repeated(ctx, a)
		switch {
		case err != nil:
			return engine.Appended{}, fault(ctx, err, "append to %s", a.Stream)
		case repeated:
			return first, nil
		}
	}
	if v.err != nil {
		return v.appended, fmt.Errorf("append to %s: %w", a.Stream, v.err)
	}
	return v.appended, nil
}

// append looks at the condition and hands the append to the sequencer, again for
// as long as it waited there too long.
func (e *Engine) append(ctx context.Context, a engine.Append) verdict {
	for known := answers(nil); ; {
		entry := entryOf(a)
		entry.answers = known
		if a.If != nil {
			if err := a.If.Query.Validate(); err != nil {
				return verdict{err: err}
			}
			checked, broken, err := look(ctx, enginedb.New(e.reads), *a.If)
			if err != nil {
				return verdict{err: fault(ctx, err, "look at the condition")}
			}
			if broken {
				return verdict{err: engine.ErrCondition}
			}
			entry.forbids, entry.checked = a.If.Query, checked
		}
		v := e.sequenced(ctx, entry)
		if need, ok := errors.AsType[*unanswered](v.err); ok {
			var again bool
			known, again = e.answerAll(known, need)
			answerPause(ctx, again)
		} else if !errors.Is(v.err, errStale) {
			return v
		}
	}
}

func entryOf(a engine.Append) *entry {
	events := make([]engine.NewEvent, len(a.Events))
	for i, n := range a.Events { // the caller may reuse what it handed in
		n.Data = bytes.Clone(n.Data)
		n.Tags = append([]string(nil), n.Tags...)
		events[i] = n
	}
	return &entry{stream: a.Stream, name: a.Stream.String(), version: a.Expected, events: events,
		by: plainText(a.By), correlation: a.Correlation, causation: a.Causation}
}

// sequenced is the sequencer's verdict. After ctx's error it is still to come.
func (e *Engine) sequenced(ctx context.Context, entry *entry) verdict {
	done := make(chan verdict, 1)
	entry.done = func(v verdict) { done <- v }
	e.sequencer.submit(entry)
	select {
	case v := <-done:
		return v
	case <-ctx.Done():
		return verdict{err: ctx.Err()}
	}
}

// repeated finds an append that was stored before, by someone who did not learn
// of it.
func (e *Engine) repeated(ctx context.Context, a engine.Append) (engine.Appended, bool, error) {
	if len(a.Events) == 0 {
		return engine.Appended{}, false, nil
	}
	ids := make([]uuid.UUID, len(a.Events))
	for i, n := range a.Events {
		ids[i] = n.ID
	}
	rows, err := enginedb.New(e.reads).EventFind(ctx, enginedb.EventFindParams{Ids: ids})
	if err != nil || !sameEvents(a, rows) {
		return engine.Appended{}, false, err
	}
	first, last := rows[0], rows[len(rows)-1]
	return engine.Appended{Position: first.Position, Version: last.Version, At: first.At.UTC()}, true, nil
}

// sameEvents says whether rows, in order of positions, are what a wants to store.
func sameEvents(a engine.Append, rows []enginedb.EventFindRow) bool {
	if len(rows) != len(a.Events) || a.Expected != engine.AnyVersion && rows[0].Version != a.Expected+1 {
		return false
	}
	for i, row := range rows {
		n := a.Events[i]
		if row.ID != n.ID || row.Stream != a.Stream.String() || row.Position != rows[0].Position+int64(i) ||
			row.Type != n.Event.MessageType() || !bytes.Equal(row.Data, n.Data) {
			return false
		}
	}
	return true
}

// ReadMatching implements engine.Log.
func (e *Engine) ReadMatching(ctx context.Context, q engine.Query, after int64, limit int) ([]engine.Recorded, error) {
	if err := q.Validate(); err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	list, err := readMatching(ctx, enginedb.New(e.reads), q, after, limit)
	if err != nil {
		return nil, fault(ctx, err, "read matches after %d", after)
	}
	return e.decodedAll(list), nil
}

// decodedAll decodes what it can: a row is wanted whatever a schema says.
func (e *Engine) decodedAll(list []*record) []engine.Recorded {
	decoded := make([]engine.Recorded, len(list))
	for i, r := range list {
		decoded[i], _ = r.decoded(e.system)
	}
	return decoded
}
