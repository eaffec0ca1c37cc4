package postgres

import (
	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
)

// What the sessions of the engine's own connections and of its readers' are set to.
var (
	ForEngine  = forEngine
	ForReaders = forReaders
)

// Queued is how many appends wait for the next batch.
func Queued(e *Engine) int { return e.sequencer.queue.length() }

// ScanEvents reads rows of events as states and builds do, and copies their data. It
// says how many were read without Scan.
func ScanEvents(rows pgx.Rows) (list []engine.Recorded, quick int, err error) {
	defer rows.Close()
	for scan := newEventScan(); rows.Next(); {
		if err := scan.read(rows); err != nil {
			return list, quick, err
		}
		if scan.binary {
			quick++
		}
		list = append(list, engine.Recorded{Meta: scan.meta, Type: string(scan.typ), SchemaVersion: int(scan.schema), Data: append([]byte{}, scan.data...)})
	}
	return list, quick, rows.Err()
}
