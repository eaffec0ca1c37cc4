package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// flight is one transaction of the sequencer. Its steps: lock (first round trip:
// the order lock alone, then what is true under it), join (only when others
// queued meanwhile), judge (in memory), store (the last round trip, with COMMIT).
// One that has to wait for the lock does so with an empty batch (lockFirst), and
// when it has it reads (join) what it does not know by then: mostly nothing.
type flight struct {
	batch []*entry

	head    int64     // of the log, under the lock, with what the batch adds
	stored  int64     // of the log alone
	end     place     // of the log alone
	at      time.Time // of what will be stored; never before the head's
	streams map[string]streamHead
	claimed map[uuid.UUID]bool // commands whose inbox row is ours to delete
	decided map[uuid.UUID]bool // commands with an outcome
	found   map[uuid.UUID]enginedb.EventStoredRow
	seen    *seen  // nil: the batch has no conditions
	rivals  rivals // of direct commands
	heads   *heads
	plainly []*entry // judged without asking: the transaction fails if that was wrong

	system   *engine.System
	settlers settlers
	senders  map[string]sender
	open     map[conversation][]*settling
	settled  []settled // outcomes that change
	sends    []sent    // what reactions answer to that
	handled  []handled // by a unit

	verdicts []verdict // by index of batch
	records  []*record // to be stored, in order
}

// streamHead is a stream's last event.
type streamHead struct {
	version int64
	lastID  uuid.UUID
}

// lock begins a transaction with the statement first, or goes on with one.
func (f *flight) lock(ctx context.Context, conn *pgxpool.Conn, first string) error {
	b := &pgx.Batch{}
	queueLock(b, first)
	f.queueHead(b)
	f.queueReads(b, f.batch)
	return conn.SendBatch(ctx, b).Close()
}

// lockFirst begins a transaction that has the lock and knows where the log ends.
func (f *flight) lockFirst(ctx context.Context, conn *pgxpool.Conn) error {
	b := &pgx.Batch{}
	queueLock(b, begin)
	f.queueHead(b)
	return conn.SendBatch(ctx, b).Close()
}

func queueLock(b *pgx.Batch, first string) {
	b.Queue(first)
	b.Queue(enginedb.LogSettings)
	b.Queue(enginedb.LogLock)
}

func (f *flight) queueHead(b *pgx.Batch) {
	f.streams = make(map[string]streamHead, len(f.batch))
	f.claimed, f.decided = map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	f.found = map[uuid.UUID]enginedb.EventStoredRow{}
	f.open = map[conversation][]*settling{}
	f.rivals = rivals{ids: map[uuid.UUID]bool{}, streams: map[string][]uuid.UUID{}}
	f.queueEnd(b)
}

// queueEnd asks where the log ends, and what time it is.
func (f *flight) queueEnd(b *pgx.Batch) {
	b.Queue(enginedb.LogHead).QueryRow(func(row pgx.Row) error {
		var timeout string
		err := row.Scan(&f.head, &f.at, &f.end.id, &timeout)
		f.end.position = f.head
		return err
	})
}

// join lets entries into a flight that has the lock.
func (f *flight) join(ctx context.Context, conn *pgxpool.Conn, late []*entry) error {
	f.batch = append(f.batch[:len(f.batch):len(f.batch)], late...)
	f.recall(late)
	if !slices.ContainsFunc(late, func(e *entry) bool { return !f.isPlain(e) }) && f.heads.trusting() {
		f.plainly = append(f.plainly, late...)
		return nil
	}
	b := &pgx.Batch{}
	f.queueEnd(b) // it ends where it did, but what joins may be younger
	f.queueReads(b, late)
	return conn.SendBatch(ctx, b).Close()
}

// queueReads asks for what the entries are judged by.
func (f *flight) queueReads(b *pgx.Batch, entries []*entry) {
	var streams, directs []string
	var commands, waiting, direct, unsure []uuid.UUID
	for _, e := range entries {
		if _, known := f.streams[e.name]; !known {
			f.streams[e.name] = streamHead{}
			streams = append(streams, e.name)
		}
		switch {
		case e.direct:
			commands, direct, directs = append(commands, e.command.ID), append(direct, e.command.ID), append(directs, e.name)
		case e.command != nil:
			commands, waiting = append(commands, e.command.ID), append(waiting, e.command.ID)
		case e.unsure && len(e.events) > 0:
			unsure = append(unsure, e.events[0].ID)
		}
	}
	if len(streams) > 0 {
		b.Queue(enginedb.StreamHeads, streams).Query(func(rows pgx.Rows) error { return f.scanHeads(rows, streams) })
	}
	if len(waiting) > 0 {
		b.Queue(enginedb.InboxClaim, waiting).Query(scanIDs(f.claimed))
	}
	if len(direct) > 0 {
		b.Queue(enginedb.InboxRivals, direct, directs).Query(f.rivals.scan)
	}
	if len(commands) > 0 {
		b.Queue(enginedb.OutcomeDecided, commands).Query(scanIDs(f.decided))
	}
	if len(unsure) > 0 {
		b.Queue(enginedb.EventStored, unsure).Query(f.scanFound)
	}
	f.queueSettling(b, entries)
	f.queueTail(b, entries)
}

func (f *flight) scanHeads(rows pgx.Rows, streams []string) error {
	var ord int64
	var head streamHead
	_, err := pgx.ForEachRow(rows, []any{&ord, &head.version, &head.lastID}, func() error {
		f.streams[streams[ord-1]] = head
		return nil
	})
	return err
}

func (f *flight) scanFound(rows pgx.Rows) error {
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[enginedb.EventStoredRow])
	for _, row := range list {
		f.found[row.ID] = row
	}
	return err
}

func scanIDs(into map[uuid.UUID]bool) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		var id uuid.UUID
		_, err := pgx.ForEachRow(rows, []any{&id}, func() error {
			into[id] = true
			return nil
		})
		return err
	}
}

// judge walks the batch in order: an entry is held against what is stored and
// what the batch has accepted before it.
func (f *flight) judge() {
	f.verdicts, f.stored = make([]verdict, len(f.batch)), f.head
	for i, e := range f.batch {
		f.verdicts[i] = f.judgeOne(e)
		f.settle(e, &f.verdicts[i])
	}
}

func (f *flight) judgeOne(e *entry) verdict {
	if v, settled := f.already(e); settled {
		return v
	}
	head := f.streams[e.name]
	if e.version != engine.AnyVersion && (e.version != head.version || e.lastID != uuid.Nil && e.lastID != head.lastID) {
		return verdict{err: engine.ErrConflict, appended: engine.Appended{Version: head.version}}
	}
	if err := f.holds(e); err != nil {
		return verdict{err: err, appended: engine.Appended{Version: head.version}}
	}
	if err := f.answered(e); err != nil {
		return verdict{err: err}
	}
	if e.command != nil {
		f.decided[e.command.ID] = true
	}
	stored := e.records(f.head+1, head.version, f.at.UTC())
	if n := len(stored); n > 0 {
		f.head += int64(n)
		head = streamHead{head.version + int64(n), stored[n-1].Meta.ID}
		f.streams[e.name] = head
		f.records = append(f.records, stored...)
		f.seen.accept(stored)
	}
	v := verdict{status: e.status, refusal: e.refusal, stored: stored, appended: engine.Appended{Version: head.version, At: f.at.UTC()}}
	if len(stored) > 0 {
		v.appended.Position = stored[0].Meta.Position
	}
	return v
}

// already says what is known of an entry before its version is looked at. A
// command may have an outcome and a row in the inbox: submitted again while it
// was being decided.
func (f *flight) already(e *entry) (verdict, bool) {
	switch {
	case e.command != nil && f.decided[e.command.ID]:
		return verdict{err: errDecided}, true
	case e.direct && f.rivals.of(e, f.claimed), e.command != nil && !e.direct && !f.claimed[e.command.ID]:
		return verdict{err: errElsewhere}, true
	case e.command == nil && e.unsure && len(e.events) > 0:
		row, ok := f.found[e.events[0].ID]
		ok = ok && row.Stream == e.name && (e.version == engine.AnyVersion || row.Version == e.version+1)
		last := row.Version + int64(len(e.events)) - 1
		return verdict{appended: engine.Appended{Position: row.Position, Version: last, At: row.At.UTC()}}, ok
	}
	return verdict{}, false
}

// store writes what was accepted and commits; nothing is written when nothing was.
func (f *flight) store(ctx context.Context, conn *pgxpool.Conn) error {
	b := &pgx.Batch{}
	f.queueDeletes(b)
	f.queueClear(b)
	queueEvents(b, f.records, f.at)
	queueTags(b, f.records)
	f.queueOutcomes(b)
	f.queueSettled(b)
	f.queueSends(b)
	f.queueHandled(b)
	if slices.ContainsFunc(f.batch, func(e *entry) bool { return e.unsure }) {
		b.Queue(enginedb.LogMark)
	}
	queueCommit(b, conn.Conn())
	return conn.SendBatch(ctx, b).Close()
}

// doubt marks the entries of a flight whose COMMIT may have succeeded: the next
// flight reads the truth under the lock, where alone it is final.
func (f *flight) doubt() {
	for _, e := range f.batch {
		e.unsure = true
	}
}
