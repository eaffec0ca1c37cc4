package postgres

import (
	"context"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// chapterScan reads one chapter after the other.
type chapterScan struct {
	*eventScan
	spare spareEvents
}

func newChapterScan(spare spareEvents) *chapterScan {
	scan := &chapterScan{newEventScan(), spare}
	scan.texts = map[string]string{}
	return scan
}

// chapter reads a chapter, and decodes each row as it comes.
func (s *chapterScan) chapter(ctx context.Context, db engine.DBTX, c *consumer, after, upto int64) chapter {
	ch := chapter{events: s.spare.get(), upto: upto}
	rows, err := db.Query(ctx, enginedb.BuildRead, after, upto, c.projection.Events, int32(buildPage))
	if err != nil {
		return chapter{err: err}
	}
	defer rows.Close()
	for rows.Next() {
		if err := s.read(rows); err != nil {
			return chapter{err: err}
		}
		event, err := s.event(c.system)
		if err == nil && c.key != nil {
			_, err = keyOf(c.key, event)
		}
		if err != nil {
			ch.fail(len(ch.events), err)
		}
		ch.events = append(ch.events, event)
	}
	if len(ch.events) == buildPage {
		ch.upto = s.meta.Position
	}
	ch.err = rows.Err()
	return ch
}

func (ch *chapter) fail(i int, err error) {
	if ch.faults == nil {
		ch.faults = map[int]error{}
	}
	ch.faults[i] = err
}

// messages are the events one by one, each with its key.
func (ch *chapter) messages(c *consumer) []*message {
	list := make([]*message, len(ch.events))
	for i, event := range ch.events {
		list[i] = c.messageOf(&record{Recorded: event}, event, ch.faults[i])
	}
	return list
}

// spareEvents are lists for the events of a chapter that were used before; nil:
// there are none.
type spareEvents chan []engine.Recorded

func (s spareEvents) get() []engine.Recorded {
	select {
	case list := <-s:
		return list
	default:
		return nil
	}
}

// put gives a list back, of which nobody keeps anything.
func (s spareEvents) put(list []engine.Recorded) {
	clear(list)
	select {
	case s <- list[:0]:
	default:
	}
}
