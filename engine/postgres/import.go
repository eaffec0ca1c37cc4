package postgres

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// ErrNotEmpty means that a log is to be imported where one is.
var ErrNotEmpty = errors.New("the database is not empty")

// ErrInUse means that processes work on the database.
var ErrInUse = errors.New("processes work on the database")

// Import reads what Export wrote into an empty database that no process works on:
// the same positions, versions, ids and times. Everything becomes visible at once,
// or nothing does when it fails or is interrupted; then it can be begun again.
// Consumers go on where they stood, projections fold from the start, and outside
// calls wait for Adopt. What the lines say of their number, order and density is
// checked. progress may be nil.
func (e *Engine) Import(ctx context.Context, r io.Reader, progress func(Progress)) error {
	conn, err := owner(ctx, e.cfg)
	if err != nil {
		return fault(ctx, err, "import")
	}
	defer conn.Close(context.WithoutCancel(ctx))
	err = pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		m := &importer{tx: tx, sql: enginedb.New(tx), in: newLines(r), progress: progress}
		for _, p := range e.system.Projections() {
			m.projections = append(m.projections, p.Name)
		}
		return m.run(ctx)
	})
	if err != nil {
		return fault(ctx, err, "import")
	}
	if err := prepare(ctx, e.cfg); err != nil { // projections begin anew; whoever starts next does it, too
		return fmt.Errorf("import: %w", err)
	}
	e.epochs.forget()
	defer e.dropMemory()
	return e.epochs.look(ctx)
}

// importer is one import under way.
type importer struct {
	tx       pgx.Tx
	sql      *enginedb.Queries
	in       *lines
	progress func(Progress)

	header      ExportHeader
	projections []string // the export's, and those that this program has since: all fold from the start

	counts map[string]int64
	done   int64
}

func (m *importer) run(ctx context.Context) error {
	if err := m.begin(ctx); err != nil {
		return err
	}
	if err := m.readHeader(); err != nil {
		return err
	}
	for _, t := range floorTables() {
		if err := (&rowImport{m: m, table: t}).run(ctx); err != nil {
			return err
		}
	}
	if err := m.events(ctx); err != nil {
		return err
	}
	if err := m.sql.ImportSlotsClear(ctx, enginedb.ImportSlotsClearParams{Projections: m.projections}); err != nil {
		return err
	}
	for _, t := range exportTables() {
		if err := (&rowImport{m: m, table: t}).run(ctx); err != nil {
			return err
		}
	}
	if line, ok := m.in.next(); ok {
		return m.in.errorf("kind %q is not known, or not in its place", line.kind)
	}
	if m.in.err != nil {
		return m.in.err
	}
	return m.end(ctx)
}

// begin keeps everybody else out until the end, and looks whether there is anybody.
func (m *importer) begin(ctx context.Context) error {
	if err := slow(ctx, m.tx); err != nil {
		return err
	}
	if err := m.sql.LogLock(ctx); err != nil {
		return err
	}
	if err := m.sql.ImportLock(ctx); err != nil {
		return err
	}
	alive, err := m.sql.WorkerCount(ctx)
	if err != nil {
		return err
	}
	if alive > 0 {
		return fmt.Errorf("%w: stop them first", ErrInUse)
	}
	empty, err := m.sql.ImportEmpty(ctx)
	if err == nil && !empty {
		return ErrNotEmpty
	}
	return err
}

func (m *importer) readHeader() error {
	m.counts = map[string]int64{}
	for _, t := range append(floorTables(), exportTables()...) {
		m.counts[t.kind] = 0
	}
	line, ok := m.in.next()
	if m.in.err != nil {
		return m.in.err
	}
	if !ok {
		return errors.New("there is no line: want what an export wrote")
	}
	if err := json.Unmarshal(line.text, &m.header); err != nil {
		return m.in.errorf("is no header of an export: %w", err)
	}
	if line.kind != lineHeader {
		return m.in.errorf("is a %q, want the header of an export", line.kind)
	}
	if m.header.Format != exportFormat {
		return m.in.errorf("format %d is not known to this program, which reads format %d", m.header.Format, exportFormat)
	}
	m.projections = append(m.projections, m.header.Projections...)
	return nil
}

// rebuilt says whether a line is about a projection, which starts anew.
func (m *importer) rebuilt(line line) bool {
	var about struct{ Consumer, Name string }
	switch line.kind {
	case lineConsumer, lineSlot, lineHeld:
		return json.Unmarshal(line.text, &about) == nil && slices.Contains(m.projections, about.Consumer+about.Name)
	}
	return false
}

// end checks what the lines must add up to.
func (m *importer) end(ctx context.Context) error {
	none := func(_ string, n int64) bool { return n == 0 }
	maps.DeleteFunc(m.counts, none)
	maps.DeleteFunc(m.header.Lines, none)
	if !maps.Equal(m.counts, m.header.Lines) {
		return fmt.Errorf("the header tells of %v lines, and there are %v: the export is not complete", m.header.Lines, m.counts)
	}
	wrong, err := m.sql.VerifyVersions(ctx, enginedb.VerifyVersionsParams{Most: 1})
	if err != nil {
		return err
	}
	for _, row := range wrong {
		return fmt.Errorf("position %d is version %d of its stream, want %d", row.Position, row.Version, row.Expected)
	}
	if err := m.sql.ImportProjections(ctx, enginedb.ImportProjectionsParams{Projections: m.projections}); err != nil {
		return err
	}
	// The file of an archive tells of no consumers: their slots begin with the log.
	if err := m.sql.ConsumerPut(ctx, enginedb.ConsumerPutParams{Name: consumerCommands, Type: consumerCommands, Slots: commandSlots}); err != nil {
		return err
	}
	if err := m.sql.ImportSlotsFree(ctx); err != nil {
		return err
	}
	if err := m.sql.ImportInboxSequence(ctx); err != nil {
		return err
	}
	return m.sql.ImportLog(ctx, enginedb.ImportLogParams{ID: m.header.Log})
}

func (m *importer) tell(kind string, n int) {
	m.done += int64(n)
	if m.progress == nil {
		return
	}
	total := int64(0)
	for _, n := range m.header.Lines {
		total += n
	}
	m.progress(Progress{kind, m.done, total})
}

// events copies the events in, and their tags after them.
func (m *importer) events(ctx context.Context) error {
	source := &eventSource{m: m, last: m.header.Floor}
	_, err := m.tx.CopyFrom(ctx, pgx.Identifier{"backstory", "events"}, []string{"position", "stream", "version", "id", "type",
		"schema_version", "tags", "at", "by", "correlation", "causation", "data"}, source)
	if wrong := cmp.Or(source.err, m.in.err); wrong != nil { // the database tells it as a COPY that was broken off
		return wrong
	}
	if err != nil {
		return err
	}
	m.counts[lineEvent] = source.last - m.header.Floor
	if source.last != m.header.Head {
		return fmt.Errorf("the head is %d, and the last event is at %d: the export is not complete", m.header.Head, source.last)
	}
	return m.tags(ctx)
}

// tags writes the index of tags, which the events lead to.
func (m *importer) tags(ctx context.Context) error {
	for after := m.header.Floor; ; {
		list, err := m.sql.TagTail(ctx, enginedb.TagTailParams{After: after, Most: page})
		if err != nil || len(list) == 0 {
			return err
		}
		var tagged []*record
		for _, row := range list {
			r := &record{tags: row.Tags}
			r.Meta.Position, r.Type = row.Position, row.Type
			tagged = append(tagged, r)
		}
		after = list[len(list)-1].Position
		b := &pgx.Batch{}
		queueTags(b, tagged)
		if err := m.tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
	}
}

// eventSource gives the lines of events to COPY.
type eventSource struct {
	m    *importer
	line eventLine
	last int64 // position
	at   time.Time
	err  error
}

// Next implements pgx.CopyFromSource.
func (s *eventSource) Next() bool {
	text, ok := s.m.in.nextOf(lineEvent)
	if !ok {
		return false
	}
	s.line = eventLine{}
	if err := json.Unmarshal(text.text, &s.line); err != nil {
		s.err = s.m.in.errorf("is no event: %w", err)
		return false
	}
	switch {
	case s.line.Position != s.last+1:
		s.err = s.m.in.errorf("position %d follows position %d", s.line.Position, s.last)
	case s.line.At.Before(s.at):
		s.err = s.m.in.errorf("position %d was stored before its predecessor", s.line.Position)
	case s.line.Version < 1 || len(s.line.Data) == 0:
		s.err = s.m.in.errorf("position %d has no version or no data", s.line.Position)
	}
	if s.err != nil {
		return false
	}
	s.last, s.at = s.line.Position, s.line.At
	s.m.tell(lineEvent, 1)
	return true
}

// Values implements pgx.CopyFromSource.
func (s *eventSource) Values() ([]any, error) {
	l := &s.line
	if l.Tags == nil {
		l.Tags = []string{}
	}
	return []any{l.Position, l.Stream, l.Version, l.ID, l.Type, l.SchemaVersion, l.Tags, l.At, l.By, l.Correlation, l.Causation, l.Data}, nil
}

// Err implements pgx.CopyFromSource.
func (s *eventSource) Err() error { return s.err }
