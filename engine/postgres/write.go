package postgres

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// queueEvents inserts events: one statement whatever their number.
func queueEvents(b *pgx.Batch, records []*record, at time.Time) {
	if len(records) == 0 {
		return
	}
	n := len(records)
	p := enginedb.EventInsertParams{Positions: make([]int64, 0, n), Streams: make([]string, 0, n), Versions: make([]int64, 0, n),
		Ids: make([]uuid.UUID, 0, n), Types: make([]string, 0, n), SchemaVersions: make([]int32, 0, n), Tags: make([]string, 0, n),
		Bys: make([]string, 0, n), Correlations: make([]uuid.UUID, 0, n), Causations: make([]uuid.UUID, 0, n), Data: make([][]byte, 0, n)}
	for _, r := range records {
		p.Positions = append(p.Positions, r.Meta.Position)
		p.Streams = append(p.Streams, r.Meta.Stream.String())
		p.Versions = append(p.Versions, r.Meta.Version)
		p.Ids = append(p.Ids, r.Meta.ID)
		p.Types = append(p.Types, r.Type)
		p.SchemaVersions = append(p.SchemaVersions, int32(r.SchemaVersion))
		p.Tags = append(p.Tags, arrayLiteral(r.tags))
		p.Bys = append(p.Bys, r.Meta.By)
		p.Correlations = append(p.Correlations, r.Meta.Correlation)
		p.Causations = append(p.Causations, r.Meta.Causation)
		p.Data = append(p.Data, r.Data)
	}
	b.Queue(enginedb.EventInsert, p.Positions, p.Streams, p.Versions, p.Ids, p.Types, p.SchemaVersions,
		p.Tags, at, p.Bys, p.Correlations, p.Causations, p.Data)
}

// queueOutcomes inserts the outcomes of the accepted entries.
func (f *flight) queueOutcomes(b *pgx.Batch) {
	p := outcomesOf(len(f.batch))
	for i, e := range f.batch {
		v := f.verdicts[i]
		if e.command == nil || v.err != nil {
			continue
		}
		c := e.command
		p.Ids = append(p.Ids, c.ID)
		p.Types = append(p.Types, c.Type)
		p.Streams = append(p.Streams, c.Stream)
		p.Data = append(p.Data, c.Data)
		p.Bys = append(p.Bys, c.By)
		p.Ats = append(p.Ats, f.submitted(e))
		p.Correlations = append(p.Correlations, c.Correlation)
		p.Causations = append(p.Causations, c.Causation)
		p.Statuses = append(p.Statuses, string(v.status))
		p.Refusals = append(p.Refusals, refusalText(v.refusal))
		p.Errors = append(p.Errors, plainText(e.failure))
		p.Firsts = append(p.Firsts, v.appended.Position)
		p.Counts = append(p.Counts, int32(len(v.stored)))
		p.Reactions = append(p.Reactions, c.Reaction)
		p.Causes = append(p.Causes, c.Cause)
	}
	if len(p.Ids) > 0 {
		b.Queue(enginedb.OutcomeInsert, p.Ids, p.Types, p.Streams, p.Data, p.Bys, p.Ats, p.Correlations,
			p.Causations, p.Statuses, p.Refusals, p.Errors, p.Firsts, p.Counts, p.Reactions, p.Causes, f.at)
	}
}

// submitted is when a command was. One that joined a flight without another look at
// the clock was so no later than it is stored.
func (f *flight) submitted(e *entry) time.Time {
	if e.direct && e.command.At.After(f.at) {
		return f.at
	}
	return e.command.At
}

// outcomesOf is room for outcomes.
func outcomesOf(n int) enginedb.OutcomeInsertParams {
	return enginedb.OutcomeInsertParams{Ids: make([]uuid.UUID, 0, n), Types: make([]string, 0, n), Streams: make([]string, 0, n),
		Data: make([][]byte, 0, n), Bys: make([]string, 0, n), Ats: make([]time.Time, 0, n),
		Correlations: make([]uuid.UUID, 0, n), Causations: make([]uuid.UUID, 0, n), Statuses: make([]string, 0, n),
		Refusals: make([]string, 0, n), Errors: make([]string, 0, n), Firsts: make([]int64, 0, n), Counts: make([]int32, 0, n),
		Reactions: make([]string, 0, n), Causes: make([]int64, 0, n)}
}

// queueSends puts what reactions answer to the outcomes into the inbox.
func (f *flight) queueSends(b *pgx.Batch) {
	list := f.sends
	for i, e := range f.batch {
		if f.verdicts[i].err == nil {
			list = append(list, e.sends...)
		}
	}
	queueSent(b, list)
}

// queueDeletes takes decided commands out of the inbox, those too that had an
// outcome before.
func (f *flight) queueDeletes(b *pgx.Batch) {
	var ids []uuid.UUID
	for _, e := range f.batch {
		if e.command != nil && f.decided[e.command.ID] && f.claimed[e.command.ID] {
			ids = append(ids, e.command.ID)
		}
	}
	if len(ids) > 0 {
		b.Queue(enginedb.InboxDelete, ids)
	}
}

func refusalText(r *engine.RefusalInfo) string {
	if r == nil {
		return ""
	}
	text, err := json.Marshal(r)
	if err != nil { // its data was made by Marshal
		return "{}"
	}
	return string(text)
}

// plainText keeps what PostgreSQL can store of a text.
func plainText(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// arrayLiteral writes a text[] as PostgreSQL reads it: unnest flattens an array
// of arrays, so each event's tags travel as one text.
func arrayLiteral(items []string) string {
	if len(items) == 0 {
		return "{}"
	}
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	quoted := make([]string, len(items))
	for i, item := range items {
		quoted[i] = `"` + quote.Replace(item) + `"`
	}
	return "{" + strings.Join(quoted, ",") + "}"
}
