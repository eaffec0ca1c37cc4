package postgres

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// settleWithin is how long whoever waits for a settling command is kept waiting
// when its schema says nothing.
const settleWithin = 10 * time.Second

// settlers are the types of the events that settle commands.
type settlers map[string]bool

func settlersOf(system *engine.System) settlers {
	s := settlers{}
	for _, actor := range system.Actors() {
		for i := range actor.Commands {
			if by := actor.Commands[i].Settles; by != nil {
				for _, typ := range by.Accepted {
					s[typ] = true
				}
				for _, r := range by.Refused {
					s[r.Event] = true
				}
			}
		}
	}
	return s
}

// by says whether an entry's events may settle something.
func (s settlers) by(e *entry) bool {
	return slices.ContainsFunc(e.events, func(n engine.NewEvent) bool { return s[n.Event.MessageType()] })
}

// conversation is where an event looks for what it settles: the commands of its
// stream that have its correlation.
type conversation struct {
	stream      string
	correlation uuid.UUID
}

// settling is a command whose outcome comes with a later event of its stream.
type settling struct {
	command *enginedb.InboxTakeRow
	settles *engine.Settles
	entry   *entry   // in this flight; nil: its outcome is stored
	verdict *verdict // the entry's
	done    bool
}

// settled is what an event made of a stored outcome.
type settled struct {
	id      uuid.UUID
	status  engine.Status
	refusal *engine.RefusalInfo
	failure string
}

// queueSettling asks for the commands that the entries may settle.
func (f *flight) queueSettling(b *pgx.Batch, entries []*entry) {
	var streams []string
	var correlations []uuid.UUID
	for _, e := range entries {
		if f.settlers.by(e) {
			streams, correlations = append(streams, e.name), append(correlations, e.correlation)
		}
	}
	if len(streams) > 0 {
		b.Queue(enginedb.OutcomeSettling, streams, correlations).Query(f.scanSettling)
	}
}

func (f *flight) scanSettling(rows pgx.Rows) error {
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[enginedb.OutcomeSettlingRow])
	for _, row := range list {
		if kind, ok := commandType(f.system, row.Type); ok && kind.Settles != nil {
			f.opens(conversation{row.Stream, row.Correlation}, &settling{settles: kind.Settles, command: &enginedb.InboxTakeRow{
				ID: row.ID, Type: row.Type, Stream: row.Stream, Data: row.Data, Correlation: row.Correlation, Reaction: row.Reaction, Cause: row.Cause}})
		}
	}
	return err
}

// opens adds a command that settles later. One that was read twice counts once.
func (f *flight) opens(c conversation, s *settling) {
	if slices.ContainsFunc(f.open[c], func(x *settling) bool { return x.command.ID == s.command.ID }) {
		return
	}
	f.open[c] = append(f.open[c], s)
}

// settle lets an accepted entry's events settle commands, itself included.
func (f *flight) settle(e *entry, v *verdict) {
	if v.err != nil {
		return
	}
	c := conversation{e.name, e.correlation}
	if own := f.own(e, v); own != nil {
		f.opens(c, own)
	}
	for _, r := range v.stored {
		for _, s := range f.open[c] {
			f.settleOne(e, s, r)
		}
	}
}

// own is an entry's command if it settles later; nil: it does not.
func (f *flight) own(e *entry, v *verdict) *settling {
	if e.command == nil || e.status != engine.Settling {
		return nil
	}
	kind, ok := commandType(f.system, e.command.Type)
	if !ok || kind.Settles == nil {
		return nil
	}
	return &settling{command: e.command, settles: kind.Settles, entry: e, verdict: v}
}

// settleOne lets an event of an entry settle a command.
func (f *flight) settleOne(e *entry, s *settling, r *record) {
	status, refusal := verdictOf(s.settles, r.Type, r.Data)
	if s.done || status == "" {
		return
	}
	s.done = true
	out := f.refuse(e, s, status, refusal)
	if s.verdict != nil {
		s.verdict.status, s.verdict.refusal, s.entry.failure = out.status, out.refusal, out.failure
		return
	}
	f.settled = append(f.settled, out)
}

// verdictOf is what an event makes of a settling command; "": nothing.
func verdictOf(by *engine.Settles, typ string, data json.RawMessage) (engine.Status, *engine.RefusalInfo) {
	if slices.Contains(by.Accepted, typ) {
		return engine.Accepted, nil
	}
	for _, x := range by.Refused {
		if x.Event == typ {
			return engine.Refused, &engine.RefusalInfo{Code: x.Refusal.Code, Message: x.Refusal.Text, At: x.Refusal.At,
				Data: pick(data, x.Data)}
		}
	}
	return "", nil
}

// pick takes the named properties of an object; nil: it has none of them.
func pick(data json.RawMessage, names []string) json.RawMessage {
	var all map[string]json.RawMessage
	if json.Unmarshal(data, &all) != nil {
		return nil
	}
	picked := map[string]json.RawMessage{}
	for _, name := range names {
		if value, ok := all[name]; ok {
			picked[name] = value
		}
	}
	if len(picked) == 0 {
		return nil
	}
	text, err := json.Marshal(picked)
	if err != nil { // it was read from JSON
		return nil
	}
	return text
}

// queueSettled changes the outcomes of the commands that were settled.
func (f *flight) queueSettled(b *pgx.Batch) {
	if len(f.settled) == 0 {
		return
	}
	var p enginedb.OutcomeSettleParams
	for _, s := range f.settled {
		p.Ids = append(p.Ids, s.id)
		p.Statuses = append(p.Statuses, string(s.status))
		p.Refusals = append(p.Refusals, refusalText(s.refusal))
		p.Errors = append(p.Errors, plainText(s.failure))
	}
	b.Queue(enginedb.OutcomeSettle, p.Ids, p.Statuses, p.Refusals, p.Errors)
}

// within is how long whoever waits for a settling command of the type is kept
// waiting.
func (e *Engine) within(typ string) time.Duration {
	kind, ok := commandType(e.system, typ)
	if !ok || kind.Settles == nil {
		return settleWithin
	}
	within, err := engine.ParseDuration(kind.Settles.Within)
	if err != nil { // the schema says nothing
		return settleWithin
	}
	now := time.Now()
	return within.After(now).Sub(now)
}

func commandType(system *engine.System, typ string) (*engine.CommandType, bool) {
	actor, ok := system.ActorOf(typ)
	if !ok {
		return nil, false
	}
	return actor.CommandType(typ)
}
