package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// ErrNotArchivable means that a range of the log cannot leave it; the message
// says why.
var ErrNotArchivable = errors.New("the range cannot be archived")

// ArchiveRange says up to where the log is archived: before a position or before
// a time. The last event of the log always stays.
type ArchiveRange struct {
	Position int64     // 0: Time says
	Time     time.Time // UTC
}

// Archived is what an archive moved out of the log.
type Archived struct {
	First  int64  `json:"first"`
	Last   int64  `json:"last"` // the floor: the log begins after it
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
}

// Archive moves the beginning of the log into a file of JSON Lines, which must
// not exist: it is written, made durable and read back, and then in one
// transaction the floor is recorded, with the state of every stream, the states of
// every reactor and the rows of every projection there, and the events are deleted.
// Folds and rebuilds begin at the floor from then on; what lies below it answers
// engine.ErrArchived. Outcomes of commands stay. It works as the log's owner
// (Config.OwnerURL), while the app runs. progress may be nil.
//
// ErrNotArchivable: a consumer has not seen the range; a command that a reaction to
// it sent, and whose outcome it answers, is not decided; an actor or reactor has a
// state that cannot be kept; or there is nothing in the range. An event that a reactor
// or projection cannot fold is left out of its states and rows if it was discarded
// there (DiscardParked). What an actor cannot fold is no state to decide by.
func (e *Engine) Archive(ctx context.Context, r ArchiveRange, file string, progress func(Progress)) (Archived, error) {
	conn, err := owner(ctx, e.cfg)
	if err != nil {
		return Archived{}, fault(ctx, err, "archive")
	}
	defer conn.Close(context.WithoutCancel(ctx))
	// Nobody begins to build a read model meanwhile, or archives too.
	if _, err := conn.Exec(ctx, lockMigrations); err != nil {
		return Archived{}, fault(ctx, err, "archive")
	}
	a := &archiver{e: e, conn: conn, progress: progress}
	if err := a.run(ctx, r, file); err != nil {
		return Archived{}, fault(ctx, err, "archive")
	}
	return a.out, nil
}

// archiver is one archive under way.
type archiver struct {
	e        *Engine
	conn     *pgx.Conn
	progress func(Progress)

	before int64 // the floor until now
	out    Archived
}

func (a *archiver) run(ctx context.Context, r ArchiveRange, file string) error {
	if err := a.choose(ctx, r); err != nil {
		return err
	}
	if err := a.ready(ctx, enginedb.New(a.conn)); err != nil {
		return err
	}
	a.out.File = file
	sum, err := a.write(ctx, file)
	if err != nil {
		return err
	}
	a.out.SHA256 = sum
	return pgx.BeginTxFunc(ctx, a.conn, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error { return a.move(ctx, tx) })
}

// choose finds the last position of the range.
func (a *archiver) choose(ctx context.Context, r ArchiveRange) (err error) {
	sql := enginedb.New(a.conn)
	if a.before, err = sql.FloorGet(ctx); err != nil {
		return err
	}
	head, err := sql.LogPosition(ctx)
	if err != nil {
		return err
	}
	last := r.Position - 1
	if r.Position == 0 {
		if last, err = a.lastBefore(ctx, sql, head, r.Time); err != nil {
			return err
		}
	}
	a.out.First, a.out.Last = a.before+1, min(last, head-1)
	if a.out.Last < a.out.First {
		return fmt.Errorf("%w: no event from position %d on is before it, other than the log's last", ErrNotArchivable, a.out.First)
	}
	return nil
}

// lastBefore is the last position stored before a time, which never runs back.
func (a *archiver) lastBefore(ctx context.Context, sql *enginedb.Queries, head int64, at time.Time) (int64, error) {
	low, high := a.before, head // low is before it, or the floor
	for low < high {
		middle := (low + high + 1) / 2
		list, err := sql.ExportEvents(ctx, enginedb.ExportEventsParams{After: middle - 1, Upto: middle, Most: 1})
		if err != nil {
			return 0, err
		}
		if len(list) == 1 && list[0].At.Before(at) {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low, nil
}

// ready looks for what would miss the range.
func (a *archiver) ready(ctx context.Context, sql *enginedb.Queries) error {
	behind, err := sql.FloorBehind(ctx, enginedb.FloorBehindParams{Floor: a.out.Last})
	if err != nil {
		return err
	}
	if len(behind) > 0 {
		return fmt.Errorf("%w: %s did not see all events up to position %d yet, which takes a process that works, and no parked messages",
			ErrNotArchivable, strings.Join(behind, ", "), a.out.Last)
	}
	if err := a.answered(ctx, sql); err != nil {
		return err
	}
	tagged, err := sql.FloorTagged(ctx, enginedb.FloorTaggedParams{Floor: a.out.Last})
	if err != nil {
		return err
	}
	for _, actor := range a.e.system.Actors() {
		if actor.Boundary != nil && tagged {
			return fmt.Errorf("%w: %s decides by events with tags, and some are in the range", ErrNotArchivable, actor.Type)
		}
	}
	return nil
}

// answered looks for commands that reactions to the range sent, and whose refusal or
// failure these would answer: with the event that they ran after, and their state then.
func (a *archiver) answered(ctx context.Context, sql *enginedb.Queries) error {
	reactions, err := sql.FloorUnanswered(ctx, enginedb.FloorUnansweredParams{Floor: a.out.Last})
	for _, name := range reactions {
		if by, known := a.e.senders[name]; known && (by.Refused != nil || by.Parked != nil) {
			return fmt.Errorf("%w: what %s sent after events up to position %d waits to be decided, settled or given up: see the scheduled and the parked commands", ErrNotArchivable, name, a.out.Last)
		}
	}
	return err
}

// move records the floor and takes the range out of the log.
func (a *archiver) move(ctx context.Context, tx pgx.Tx) error {
	sql := enginedb.New(tx)
	if err := slow(ctx, tx); err != nil {
		return err
	}
	if err := a.ready(ctx, sql); err != nil {
		return err
	}
	// First, and not under a savepoint: the triggers let events go only in the
	// transaction that recorded their floor.
	if err := sql.FloorInsert(ctx, enginedb.FloorInsertParams{Position: a.out.Last, File: a.out.File, Sha256: a.out.SHA256}); err != nil {
		return err
	}
	if err := a.streams(ctx, tx); err != nil {
		return err
	}
	if err := a.reactors(ctx, tx); err != nil {
		return err
	}
	if err := a.projections(ctx, tx); err != nil {
		return err
	}
	n, err := sql.FloorDelete(ctx, enginedb.FloorDeleteParams{Position: a.out.Last})
	if err != nil {
		return err
	}
	if want := a.out.Last - a.before; n != want {
		return fmt.Errorf("%d events are in the range, want %d", n, want)
	}
	if err := sql.FloorDiscardedDelete(ctx, enginedb.FloorDiscardedDeleteParams{Floor: a.out.Last}); err != nil {
		return err
	}
	return sql.FloorSnapshotsDelete(ctx)
}

// streams keeps the state of every stream at its last version in the range.
func (a *archiver) streams(ctx context.Context, tx pgx.Tx) error {
	sql := enginedb.New(tx)
	for after := ""; ; {
		rows, err := sql.FloorStreams(ctx, enginedb.FloorStreamsParams{After: after, Floor: a.out.Last, Most: loadMost})
		if err != nil || len(rows) == 0 {
			return err
		}
		after = rows[len(rows)-1].Stream
		p, err := a.states(ctx, tx, rows)
		if err != nil {
			return err
		}
		if err := sql.FloorStreamPut(ctx, p); err != nil {
			return err
		}
	}
}

func (a *archiver) states(ctx context.Context, tx pgx.Tx, rows []enginedb.FloorStreamsRow) (enginedb.FloorStreamPutParams, error) {
	var p enginedb.FloorStreamPutParams
	list := make([]*loading, len(rows))
	for i, row := range rows {
		actor, ok := a.e.actorOf(row.Stream)
		if !ok {
			return p, fmt.Errorf("%w: no actor of this program has the stream %s", ErrNotArchivable, row.Stream)
		}
		if snapshotEvery(actor) == 0 {
			return p, fmt.Errorf("%w: the state of %s cannot be kept: it has no encoding, or does not follow from its stream alone", ErrNotArchivable, actor.Type)
		}
		list[i] = &loading{snapshot: &snapshot{stream: row.Stream, actor: actor, state: actor.NewState()}, upto: row.Version}
	}
	if err := a.e.load(ctx, tx, list); err != nil {
		return p, err
	}
	for i, l := range list {
		s := l.snapshot
		if l.err == nil && s.version != rows[i].Version {
			l.err = errMissing
		}
		if l.err != nil && blames(ctx, l.err) {
			l.err = fmt.Errorf("%w: mend the program that cannot fold it: %w", ErrNotArchivable, l.err)
		}
		if l.err != nil {
			return p, fmt.Errorf("state of %s at %d: %w", s.stream, rows[i].Version, l.err)
		}
		state, err := s.actor.EncodeState(s.state)
		if err != nil {
			return p, fmt.Errorf("encode the state of %s: %w", s.stream, err)
		}
		p.Streams, p.Versions, p.LastIds = append(p.Streams, s.stream), append(p.Versions, s.version), append(p.LastIds, s.lastID)
		p.Ats, p.Hashes, p.States = append(p.Ats, s.at), append(p.Hashes, s.actor.StateHash), append(p.States, state)
	}
	return p, nil
}
