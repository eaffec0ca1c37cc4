package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

const (
	defaultSnapshotEvery = 200 // events: folding them takes about as long as reading a state of some kilobytes
	snapshotsMost        = 256 // states that wait to be written; the oldest give way
	snapshotsBatch       = 32  // states written in one transaction
)

// snapshots keeps the state of a stream at every n-th version in a table, so that
// no state, old or new, costs more than folding n events. They are written in
// the background by whoever folds past such a version; one that is not written,
// or not any more, is written by whoever misses it.
type snapshots struct {
	ctx   context.Context // of the engine: ends by Close
	pool  *pgxpool.Pool
	log   *slog.Logger
	queue queue[*snapshot]
	off   bool // nothing can be written
}

func newSnapshots(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) *snapshots {
	w := &snapshots{ctx: ctx, pool: pool, log: log}
	w.queue.flush = w.flush
	return w
}

// snapshotEvery is the number of versions from one snapshot of the actor's
// streams to the next; 0: it has none, because its state cannot be encoded or
// does not follow from its stream alone.
func snapshotEvery(actor *engine.Actor) int64 {
	if actor.EncodeState == nil || actor.DecodeState == nil || actor.SnapshotEvery < 0 {
		return 0
	}
	return int64(orDefault(actor.SnapshotEvery, defaultSnapshotEvery))
}

// offer takes a copy of a state that is worth keeping. It never waits.
func (w *snapshots) offer(s *snapshot) {
	every := snapshotEvery(s.actor)
	if w == nil || w.off || every == 0 || s.version%every != 0 {
		return
	}
	if !w.queue.add(s.clone()) {
		return
	}
	if over := w.queue.length() - snapshotsMost; over > 0 {
		w.queue.take(func(*snapshot) bool { over--; return over >= 0 })
	}
}

// flush writes some of the states that wait, those at one version once.
func (w *snapshots) flush() {
	n := 0
	batch := map[stateKey]*snapshot{}
	for _, s := range w.queue.take(func(*snapshot) bool { n++; return n <= snapshotsBatch }) {
		batch[stateKey{s.stream, s.version}] = s
	}
	p := w.encoded(batch)
	if len(p.Streams) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(w.ctx, 10*time.Second)
	defer cancel()
	err := inTx(ctx, w.pool, enginedb.SnapshotSettings, func(conn *pgx.Conn) error {
		return enginedb.New(conn).SnapshotPut(ctx, p)
	})
	if err != nil && w.ctx.Err() == nil {
		w.log.Warn("snapshots were not written: whoever misses them writes them again", "error", err, "snapshots", len(p.Streams))
	}
}

func (w *snapshots) encoded(batch map[stateKey]*snapshot) enginedb.SnapshotPutParams {
	var p enginedb.SnapshotPutParams
	for key, s := range batch {
		state, err := s.actor.EncodeState(s.state)
		if err != nil {
			w.log.Warn("a state cannot be encoded, and gets no snapshot", "actor", s.actor.Type, "version", key.version, "error", err)
			continue
		}
		p.Streams, p.Versions = append(p.Streams, key.stream), append(p.Versions, key.version)
		p.LastIds, p.Hashes, p.States = append(p.LastIds, s.lastID), append(p.Hashes, s.actor.StateHash), append(p.States, state)
	}
	return p
}

// start lets a folding begin at a snapshot, and says whether it can. One that
// cannot be decoded is as good as none: folding past its version replaces it.
func (w *snapshots) start(s *snapshot, state []byte, event engine.Meta) bool {
	decoded, err := decodeState(s.actor, state)
	if err != nil {
		w.log.Warn("a snapshot cannot be read: the stream is folded from its start", "actor", s.actor.Type, "version", event.Version, "error", err)
		return false
	}
	s.state, s.version, s.lastID, s.at = decoded, event.Version, event.ID, event.At
	return true
}

func decodeState(actor *engine.Actor, data []byte) (state any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("decode the state of %s: panic: %v", actor.Type, r)
		}
	}()
	return actor.DecodeState(data)
}
