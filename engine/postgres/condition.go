package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// A condition is looked at twice: outside the order lock against the whole log up
// to a head, and under it against what was stored after that head and what the
// batch has accepted. Only so is it safe, and only so is the lock held briefly.

// mostSeen bounds what is read under the order lock for conditions. An entry that
// waited through more is looked at anew outside of it.
const mostSeen = 5_000

// errStale means that a condition was looked at too long ago to be judged.
var errStale = errors.New("the condition was looked at too long ago")

// seen is what conditions are held against under the lock.
type seen struct {
	after    int64 // everything stored after it is in here
	complete bool
	byTag    map[string][]*seenEvent // in order of positions
	byType   map[string][]*seenEvent
}

type seenEvent struct {
	position int64
	typ      string
	tags     []string
}

func newSeen(after int64) *seen {
	return &seen{after: after, complete: true, byTag: map[string][]*seenEvent{}, byType: map[string][]*seenEvent{}}
}

func (s *seen) add(e *seenEvent) {
	s.byType[e.typ] = append(s.byType[e.typ], e)
	for _, tag := range e.tags {
		s.byTag[tag] = append(s.byTag[tag], e)
	}
}

// accept adds what the batch will store. On nil it does nothing.
func (s *seen) accept(stored []*record) {
	if s == nil {
		return
	}
	for _, r := range stored {
		s.add(&seenEvent{r.Meta.Position, r.Type, r.tags})
	}
}

// has says whether something after a position, and up to another, matches the query.
func (s *seen) has(q engine.Query, after, upto int64) bool {
	for _, item := range q {
		if len(item.Tags) > 0 {
			if matchBetween(s.byTag[item.Tags[0]], item, after, upto) {
				return true
			}
			continue
		}
		for _, typ := range item.Types {
			if matchBetween(s.byType[typ], item, after, upto) {
				return true
			}
		}
	}
	return false
}

func matchBetween(events []*seenEvent, item engine.QueryItem, after, upto int64) bool {
	for i := len(events) - 1; i >= 0 && events[i].position > after; i-- {
		if events[i].position <= upto && item.Matches(events[i].typ, events[i].tags) {
			return true
		}
	}
	return false
}

// queueTail asks for what was stored since the entries' conditions were looked at.
func (f *flight) queueTail(b *pgx.Batch, entries []*entry) {
	low := int64(-1)
	for _, e := range entries {
		if len(e.forbids) > 0 && (low < 0 || e.checked < low) {
			low = e.checked
		}
	}
	if low < 0 || f.seen != nil && f.seen.after <= low {
		return
	}
	f.seen = newSeen(low)
	b.Queue(enginedb.TagTail, low, int32(mostSeen)).Query(f.seen.scan)
}

func (s *seen) scan(rows pgx.Rows) error {
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[enginedb.TagTailRow])
	for _, row := range list {
		s.add(&seenEvent{row.Position, row.Type, row.Tags})
	}
	s.complete = len(list) < mostSeen && (len(list) == 0 || list[0].Position == s.after+1) // else archived meanwhile
	return err
}

// holds judges an entry's condition. A unit's decision knows what the unit decided
// before it, which is all that its batch holds.
func (f *flight) holds(e *entry) error {
	upto := int64(math.MaxInt64)
	if e.ahead {
		upto = f.stored
	}
	switch {
	case len(e.forbids) == 0:
		return nil
	case f.seen.has(e.forbids, e.checked, upto):
		return engine.ErrCondition
	case !f.seen.complete:
		return errStale
	}
	return nil
}

// look looks at a condition outside the lock: it holds up to the position that is
// returned, or is broken.
func look(ctx context.Context, sql *enginedb.Queries, c engine.Condition) (checked int64, broken bool, err error) {
	head, err := sql.LogPosition(ctx) // first: what is read after it has seen all up to it
	if err != nil {
		return 0, false, err
	}
	found, err := positions(ctx, sql, c.Query, c.After, 1)
	if err == nil {
		err = unarchived(ctx, sql, c)
	}
	return max(head, c.After), len(found) > 0, err
}

// unarchived refuses conditions on events that are not in the log any more. Tags
// stay in their index; types alone are looked for in the events.
func unarchived(ctx context.Context, sql *enginedb.Queries, c engine.Condition) error {
	if !slices.ContainsFunc(c.Query, func(i engine.QueryItem) bool { return len(i.Tags) == 0 }) {
		return nil
	}
	floor, err := sql.FloorGet(ctx)
	if err == nil && c.After < floor {
		err = fmt.Errorf("a condition on types after position %d: %w", c.After, engine.ErrArchived)
	}
	return err
}
