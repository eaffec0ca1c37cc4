package postgres

import (
	"errors"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// errNotAlone means that an append has to go the long way: another writer has the
// order lock, or it is not known what became of it.
var errNotAlone = errors.New("the append goes with others")

// plain says whether an entry needs nothing of its transaction but its version: one
// call then locks, checks and stores it (see backstory.append_alone). Tags,
// conditions, commands and what settles them take more.
func (s *sequencer) plain(e *entry) bool {
	return e.command == nil && len(e.events) == 1 && len(e.events[0].Tags) == 0 && len(e.forbids) == 0 && !e.unsure &&
		len(e.sends) == 0 && !s.settlers.by(e)
}

// alone stores a plain append while nobody else wants to. Whatever does not go well
// is left to a flight, which finds the truth under the lock.
func (s *sequencer) alone(e *entry) bool {
	conn, err := s.pool.Acquire(s.ctx)
	if err != nil {
		return false
	}
	defer conn.Release()
	f := s.flight([]*entry{e})
	if err := f.storeAlone(s, conn); err != nil {
		e.unsure = e.unsure || conn.Conn().IsClosed() || errors.Is(err, errUnsure)
		return false
	}
	s.settle(f)
	return true
}

func (f *flight) storeAlone(s *sequencer, conn *pgxpool.Conn) error {
	e := f.batch[0]
	n := e.events[0]
	row, err := enginedb.New(conn).EventAppendAlone(s.ctx, enginedb.EventAppendAloneParams{Stream: e.name, Expected: e.version, ID: n.ID,
		Type: n.Event.MessageType(), SchemaVersion: int32(n.Event.SchemaVersion()), By: e.by,
		Correlation: e.correlation, Causation: e.causation, Data: n.Data})
	switch unreplicated := unreplicated(conn.Conn()); {
	case err != nil:
		return err
	case unreplicated:
		return errUnsure
	case row.Version < 0:
		return errNotAlone
	}
	s.clock.saw(row.At)
	if row.Position == 0 {
		f.verdicts = []verdict{{err: engine.ErrConflict, appended: engine.Appended{Version: row.Version}}}
		return nil
	}
	at := row.At.UTC()
	f.records = e.records(row.Position, row.Version-1, at)
	f.verdicts = []verdict{{stored: f.records, appended: engine.Appended{Position: row.Position, Version: row.Version, At: at}}}
	return nil
}
