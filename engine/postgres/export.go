package postgres

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// exportFormat is the version of the lines' shape. An import refuses others.
const exportFormat = 1

// Kinds of lines, in the order in which they are written.
const (
	lineHeader     = "header"
	lineFloor      = "floor"
	lineStream     = "floor_state" // of a stream
	lineFloorState = "floor_reactor_state"
	lineRow        = "floor_row" // of a projection
	lineEvent      = "event"
	lineOutcome    = "outcome"
	linePending    = "pending"
	lineConsumer   = "consumer"
	lineSlot       = "slot"
	lineHeld       = "held"
	lineDiscarded  = "discarded"
	lineHandled    = "handled"
	lineState      = "reactor_state"
)

// exportTable is a table whose rows are lines as they are. A column that is added
// to it needs no thought here.
type exportTable struct{ kind, name, order string }

// exportTables are the tables that neither the events nor other tables lead to.
func exportTables() []exportTable {
	return []exportTable{
		{lineOutcome, "outcomes", "id"},
		{linePending, "inbox", "seq"},
		{lineConsumer, "consumers", "name"},
		{lineSlot, "slots", "consumer, slot"},
		{lineHeld, "held", "consumer, key"},
		{lineDiscarded, "discarded", "consumer, position"},
		{lineHandled, "handled", "position, consumer"},
		{lineState, "reactor_states", "reactor, key"},
	}
}

// floorTables are what the events below the floor led to. They come before the
// events.
func floorTables() []exportTable {
	return []exportTable{
		{lineFloor, "floors", "position"},
		{lineStream, "floor_streams", "stream"},
		{lineFloorState, "floor_reactor_states", "reactor, key"},
		{lineRow, "floor_rows", "projection, n"},
	}
}

// ExportHeader is the first line of an export.
type ExportHeader struct {
	Kind        string           `json:"kind"`
	Format      int              `json:"format"`
	Log         uuid.UUID        `json:"log"`
	Floor       int64            `json:"floor"` // the events begin after it
	Head        int64            `json:"head"`
	At          time.Time        `json:"at"`
	Projections []string         `json:"projections"` // rebuilt by an import
	Lines       map[string]int64 `json:"lines"`       // of each kind after the header
}

// eventLine is an event as it is exported; the API's events have the same shape.
type eventLine struct {
	Kind          string          `json:"kind"`
	Position      int64           `json:"position"`
	ID            uuid.UUID       `json:"id"`
	Stream        string          `json:"stream"`
	Version       int64           `json:"version"`
	Type          string          `json:"type"`
	SchemaVersion int32           `json:"schema_version"`
	Tags          []string        `json:"tags,omitempty"`
	At            time.Time       `json:"at"`
	By            string          `json:"by"`
	Correlation   uuid.UUID       `json:"correlation"`
	Causation     uuid.UUID       `json:"causation"`
	Data          json.RawMessage `json:"data"`
}

func eventLineOf(row enginedb.BackstoryEvent) eventLine {
	return eventLine{Kind: lineEvent, Position: row.Position, ID: row.ID, Stream: row.Stream, Version: row.Version, Type: row.Type,
		SchemaVersion: row.SchemaVersion, Tags: row.Tags, At: row.At.UTC(), By: row.By,
		Correlation: row.Correlation, Causation: row.Causation, Data: row.Data}
}

// Progress tells how far an export, import, archive or verification has come.
type Progress struct {
	Kind        string // of the lines in hand
	Done, Total int64  // lines of all kinds
}

// Export writes the log as JSON Lines, from one snapshot, however long the log
// is: the events, what became of commands, the commands that wait, and where the
// consumers stand. It holds personal data wherever events and commands do.
// progress may be nil.
func (e *Engine) Export(ctx context.Context, w io.Writer, progress func(Progress)) error {
	conn, err := direct(ctx, e.cfg)
	if err != nil {
		return fault(ctx, err, "export")
	}
	defer conn.Close(context.WithoutCancel(ctx))
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return fault(ctx, err, "export")
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	x := &exporter{tx: tx, sql: enginedb.New(tx), out: bufio.NewWriterSize(w, 1<<16), progress: progress}
	for _, p := range e.system.Projections() {
		x.projections = append(x.projections, p.Name)
	}
	if err := x.run(ctx); err != nil {
		return fault(ctx, err, "export")
	}
	return nil
}

// exporter is one export under way.
type exporter struct {
	tx          pgx.Tx
	sql         *enginedb.Queries
	out         *bufio.Writer
	progress    func(Progress)
	projections []string

	done, total int64
}

func (x *exporter) run(ctx context.Context) error {
	if err := slow(ctx, x.tx); err != nil {
		return err
	}
	header, err := x.header(ctx)
	if err != nil {
		return err
	}
	if err := x.write(header); err != nil {
		return err
	}
	for _, t := range floorTables() {
		if err := x.rows(ctx, t); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	if err := x.events(ctx, header.Floor, header.Head); err != nil {
		return err
	}
	for _, t := range exportTables() {
		if err := x.rows(ctx, t); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return x.flush()
}

func (x *exporter) flush() error {
	if err := x.out.Flush(); err != nil {
		return &streamError{err}
	}
	return nil
}

// slow lets a transaction take as long as it takes, with times in UTC.
func slow(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, "select set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true), set_config('timezone', 'UTC', true)")
	return err
}

func (x *exporter) header(ctx context.Context) (ExportHeader, error) {
	h := ExportHeader{Kind: lineHeader, Format: exportFormat, Projections: x.projections, Lines: map[string]int64{}}
	if h.Projections == nil {
		h.Projections = []string{}
	}
	var err error
	if h.Log, err = x.sql.ExportLog(ctx); err != nil {
		return h, err
	}
	if h.Head, err = x.sql.LogPosition(ctx); err != nil {
		return h, err
	}
	if err := x.tx.QueryRow(ctx, "select now()").Scan(&h.At); err != nil {
		return h, err
	}
	h.At = h.At.UTC()
	if h.Floor, err = x.sql.FloorGet(ctx); err != nil {
		return h, err
	}
	h.Lines[lineEvent] = h.Head - h.Floor
	for _, t := range append(floorTables(), exportTables()...) {
		var n int64
		if err := x.tx.QueryRow(ctx, "select count(*) from backstory."+t.name).Scan(&n); err != nil {
			return h, err
		}
		h.Lines[t.kind] = n
	}
	for _, n := range h.Lines {
		x.total += n
	}
	return h, nil
}

// events writes those after a position up to another one, in pages.
func (x *exporter) events(ctx context.Context, after, upto int64) error {
	for {
		list, err := x.sql.ExportEvents(ctx, enginedb.ExportEventsParams{After: after, Upto: upto, Most: page})
		if err != nil || len(list) == 0 {
			return err
		}
		for _, row := range list {
			if err := x.write(eventLineOf(row)); err != nil {
				return err
			}
		}
		after = list[len(list)-1].Position
		x.tell(lineEvent, len(list))
	}
}

// rows writes a table's rows, as they come over the wire.
func (x *exporter) rows(ctx context.Context, t exportTable) error {
	rows, err := x.tx.Query(ctx, "select row_to_json(t)::text from backstory."+t.name+" t order by "+t.order)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var line rowLine
		if err := rows.Scan(&line.row); err != nil {
			return err
		}
		line.kind = t.kind
		if err := x.write(line); err != nil {
			return err
		}
		x.tell(t.kind, 1)
	}
	return rows.Err()
}

// rowLine is a row with its kind before its columns.
type rowLine struct {
	kind string
	row  []byte
}

// MarshalJSON implements json.Marshaler: the encoder puts it on one line.
func (l rowLine) MarshalJSON() ([]byte, error) {
	return append([]byte(`{"kind":"`+l.kind+`",`), l.row[1:]...), nil
}

func (x *exporter) write(line any) error {
	encoder := json.NewEncoder(x.out)
	encoder.SetEscapeHTML(false) // data stays as it was stored
	if err := encoder.Encode(line); err != nil {
		return &streamError{err}
	}
	return nil
}

func (x *exporter) tell(kind string, n int) {
	x.done += int64(n)
	if x.progress != nil {
		x.progress(Progress{kind, x.done, x.total})
	}
}
