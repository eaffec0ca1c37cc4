package postgres

import (
	"context"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

const (
	buildNear  = 64     // events that may be left for the time under the locks
	buildMost  = 2_000  // events that are folded under them at most
	buildPage  = 5_000  // events of one transaction
	buildRange = 50_000 // positions of one read, whatever types are there
)

// chapter is what concerns a projection of a range of the log.
type chapter struct {
	events []engine.Recorded
	faults map[int]error // of events that cannot be decoded, by their place
	upto   int64         // the log was read to here
	err    error
}

// catchUp folds until at most near events are left; with 0, what is there now.
func (b *builder) catchUp(ctx context.Context, near int64) error {
	for {
		head, err := b.sql.LogPosition(ctx)
		if err != nil {
			return err
		}
		b.progress.tell(b.position, head)
		if head-b.position <= near {
			return nil
		}
		if err := b.foldTo(ctx, head); err != nil || near == 0 {
			return err
		}
	}
}

// foldTo folds up to a position. The next chapters are read and decoded while one
// is folded.
func (b *builder) foldTo(ctx context.Context, head int64) error {
	ctx, cancel := context.WithCancel(ctx)
	chapters := make(chan chapter, 1)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer cancel()
	reading.Go(func() { b.read(ctx, b.position, head, chapters) })
	for b.position < head {
		ch, reads := <-chapters
		switch {
		case !reads:
			return ctx.Err()
		case ch.err != nil:
			return ch.err
		}
		if err := b.store(ctx, ch); err != nil {
			return err
		}
		b.progress.tell(b.position, head)
	}
	return nil
}

// read reads ahead until it has come to the head or failed.
func (b *builder) read(ctx context.Context, after, head int64, chapters chan<- chapter) {
	defer close(chapters)
	scan := newChapterScan(b.spare)
	for after < head {
		ch := scan.chapter(ctx, b.e.work, b.c, after, min(head, after+buildRange))
		after = ch.upto
		select {
		case chapters <- ch:
		case <-ctx.Done():
			return
		}
		if ch.err != nil {
			return
		}
	}
}

// store commits a chapter's rows with the checkpoint.
func (b *builder) store(ctx context.Context, ch chapter) error {
	p := &passage{b: b, chapter: ch}
	err := pgx.BeginFunc(ctx, b.conn, func(tx pgx.Tx) error { return p.write(ctx, tx) })
	if err != nil && blames(ctx, err) {
		b.fold.Forget()
		p = &passage{b: b, chapter: ch, divided: true}
		err = pgx.BeginFunc(ctx, b.conn, func(tx pgx.Tx) error { return p.write(ctx, tx) })
	}
	if err != nil {
		return err
	}
	b.start.stored()
	b.position = ch.upto
	for _, f := range p.failed {
		b.held[f.message.key] = f.message.Meta.Position
	}
	if b.fold.Rows() > keptRows {
		b.fold.Forget()
	}
	b.spare.put(ch.events)
	return nil
}

// passage is a chapter on its way into the table that is built.
type passage struct {
	b       *builder
	chapter chapter
	divided bool // failed as a whole: each key by itself
	failed  []*failure
}

func (p *passage) write(ctx context.Context, tx pgx.Tx) error {
	if err := p.apply(ctx, tx); err != nil {
		return err
	}
	sql := enginedb.New(tx)
	if len(p.failed) > 0 {
		hold := enginedb.BuildHoldParams{Projection: p.b.c.name}
		for _, f := range p.failed {
			hold.Keys = append(hold.Keys, f.message.key)
			hold.FromPositions = append(hold.FromPositions, f.message.Meta.Position)
			hold.FromVersions = append(hold.FromVersions, versionOf(p.b.c, f.message))
			hold.Errors = append(hold.Errors, plainText(f.err.Error()))
		}
		if err := sql.BuildHold(ctx, hold); err != nil {
			return err
		}
	}
	if forget, args, needed := p.b.start.forget(); needed {
		if _, err := tx.Exec(ctx, forget, args...); err != nil {
			return err
		}
	}
	return sql.BuildAdvance(ctx, enginedb.BuildAdvanceParams{Projection: p.b.c.name, Position: p.chapter.upto})
}

// apply applies what can be: all, as a rule.
func (p *passage) apply(ctx context.Context, tx pgx.Tx) error {
	events := p.chapter.events
	if p.divided || len(p.b.held) > 0 || len(p.chapter.faults) > 0 {
		list := p.choose()
		if p.divided {
			return p.bisect(ctx, tx, list)
		}
		events = recorded(list)
	}
	if len(events) == 0 {
		return nil
	}
	return p.b.apply(ctx, tx, events)
}

// choose leaves out what waits behind a held key; an event that cannot be decoded
// makes its key one.
func (p *passage) choose() []*message {
	return filter(p.chapter.messages(p.b.c), func(m *message) bool {
		switch {
		case p.holds(m.key):
			return false
		case m.err != nil:
			p.fail(m, m.err)
			return false
		}
		return true
	})
}

func (p *passage) fail(m *message, err error) {
	p.failed = append(p.failed, &failure{message: m, err: err})
}

func (p *passage) holds(key string) bool {
	_, held := p.b.held[key]
	return held || slices.ContainsFunc(p.failed, func(f *failure) bool { return f.message.key == key })
}

// apply folds events into the rows in memory and writes what changed.
func (b *builder) apply(ctx context.Context, tx pgx.Tx, events []engine.Recorded) error {
	if err := b.fold.Apply(ctx, tx, events); err != nil {
		return err
	}
	return b.fold.Write(ctx, tx)
}

func recorded(list []*message) []engine.Recorded {
	batch := make([]engine.Recorded, len(list))
	for i, m := range list {
		batch[i] = m.event
	}
	return batch
}

// versionOf is the stream's version from which a held key's events are read.
func versionOf(c *consumer, m *message) int64 {
	if c.byStream {
		return m.Meta.Version
	}
	return 0
}

// bisect applies what can be, and finds the first message of each key that cannot.
func (p *passage) bisect(ctx context.Context, tx pgx.Tx, list []*message) error {
	list = filter(list, func(m *message) bool { return !p.holds(m.key) })
	if len(list) == 0 {
		return nil
	}
	err := pgx.BeginFunc(ctx, tx, func(part pgx.Tx) error { return p.b.apply(ctx, part, recorded(list)) })
	if err == nil {
		return nil
	}
	p.b.fold.Forget()
	if !blames(ctx, err) {
		return err
	}
	if len(list) == 1 {
		p.fail(list[0], err)
		return nil
	}
	if err := p.bisect(ctx, tx, list[:len(list)/2]); err != nil {
		return err
	}
	return p.bisect(ctx, tx, list[len(list)/2:])
}
