package postgres

import (
	"sync"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// record is a stored event, decoded when somebody first asks. It is shared and
// never changed.
type record struct {
	engine.Recorded
	tags    []string
	handled []string // consumers that need not handle it: a unit's reactions did
	read    bool     // from the log, whose data is JSON

	once sync.Once
	err  error
}

// decoded is the event with its Go value, made from the stored bytes: what is
// folded now is what a replay will fold.
func (r *record) decoded(system *engine.System) (engine.Recorded, error) {
	r.once.Do(func() {
		decoder := engine.StoredDecoder()
		if r.read {
			decoder = engine.LogDecoder()
		}
		r.Event, r.err = system.DecodeBy(decoder, r.Type, r.SchemaVersion, r.Data)
	})
	return r.Recorded, r.err
}

// recordOf reads a row of the log. Every query of whole events has this shape.
func recordOf(row enginedb.EventReadRow) (*record, error) {
	stream, err := engine.ParseStream(row.Stream)
	if err != nil {
		return nil, err
	}
	return &record{read: true, Recorded: engine.Recorded{
		Meta: engine.Meta{ID: row.ID, Correlation: row.Correlation, Causation: row.Causation, Stream: stream,
			Version: row.Version, Position: row.Position, At: row.At.UTC(), By: row.By, Attempt: 1},
		Type: row.Type, SchemaVersion: int(row.SchemaVersion), Data: row.Data,
	}}, nil
}
