package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// log reads events, and the accepted commands that led to them: each stands before
// the first one.
func (l *recentLook) log(ctx context.Context) (row recentRow, err error) {
	kind := l.of.Kind
	if kind != engine.RecentAll && kind != engine.RecentEvents && kind != engine.RecentCommands {
		return row, nil
	}
	if l.before.Log <= 0 {
		head, err := l.sql.LogPosition(ctx)
		if err != nil {
			return row, err
		}
		l.before.Log = 2 * (head + 1)
	}
	commands, upto := kind != engine.RecentEvents, (l.before.Log-1)/2
	span := int64(recentEvents)
	if commands {
		span = recentCommands
	}
	downTo := max(upto+1-span, 1)
	events, err := l.sql.RecentLog(ctx, enginedb.RecentLogParams{Before: upto + 1, DownTo: downTo, Events: kind != engine.RecentCommands, Commands: commands,
		Type: l.patterns.typ, Types: l.patterns.types, Stream: l.patterns.stream, Streams: l.patterns.streams, By: l.patterns.by, Texts: l.patterns.texts, Most: int32(l.limit)})
	if err != nil {
		return row, err
	}
	for _, r := range events {
		if err := l.add(&row, r); err != nil {
			return row, err
		}
	}
	if n := len(events); n == l.limit {
		row.since, downTo = events[n-1].At.UTC(), events[n-1].Position
	} else if row.since, err = l.storedAt(ctx, downTo); err != nil {
		return row, err
	}
	if downTo == 1 {
		row.since = time.Time{}
	}
	row.end = func(p *engine.RecentPlace) { p.Log = 2 * downTo }
	return row, nil
}

// add adds an event and the command before it, as far as the page begins after them.
func (l *recentLook) add(row *recentRow, r enginedb.RecentLogRow) error {
	record, err := recordOf(enginedb.EventReadRow{Position: r.Position, Stream: r.Stream, Version: r.Version, ID: r.ID, Type: r.Type, SchemaVersion: r.SchemaVersion,
		At: r.At, By: r.By, Correlation: r.Correlation, Causation: r.Causation, Data: r.Data})
	if err != nil {
		return err
	}
	reach := func(place int64) func(*engine.RecentPlace) {
		return func(p *engine.RecentPlace) { p.Log = place }
	}
	if place := 2*r.Position + 1; place < l.before.Log && l.of.Kind != engine.RecentCommands {
		row.found = append(row.found, recentFound{at: record.Meta.At, event: &record.Recorded, reach: reach(place)})
	}
	if r.Command {
		row.found = append(row.found, recentFound{at: record.Meta.At, command: r.Causation, reach: reach(2 * r.Position)})
	}
	return nil
}

// storedAt is the time of the event at a position; zero: the log begins after it.
func (l *recentLook) storedAt(ctx context.Context, position int64) (time.Time, error) {
	at, err := l.sql.PositionTime(ctx, enginedb.PositionTimeParams{Position: position})
	if errors.Is(err, pgx.ErrNoRows) {
		return time.Time{}, nil
	}
	return at.UTC(), err
}

// apart reads the commands that the log alone does not tell of.
func (l *recentLook) apart(ctx context.Context) (row recentRow, err error) {
	statuses, ok := map[engine.RecentKind][]string{engine.RecentAll: {}, engine.RecentCommands: {}, engine.RecentWaiting: {string(engine.Settling)},
		engine.RecentRefused: {string(engine.Refused)}, engine.RecentFailed: {string(engine.Failed)}}[l.of.Kind]
	if !ok {
		return row, nil
	}
	span := recentApart
	if len(statuses) == 0 && l.patterns.empty() {
		span = l.limit
	}
	open := l.before.Apart.At.IsZero()
	from := orNewest(l.before.Apart)
	list, err := l.sql.RecentApart(ctx, enginedb.RecentApartParams{Before: from.At, BeforeID: from.ID, Statuses: statuses,
		Type: l.patterns.typ, Types: l.patterns.types, Stream: l.patterns.stream, Streams: l.patterns.streams, By: l.patterns.by, Texts: l.patterns.texts, Most: int32(span)})
	if err != nil {
		return row, err
	}
	if open {
		l.before.Apart = beginning(list, func(r enginedb.RecentApartRow) time.Time { return r.DecidedAt })
	}
	for _, r := range list {
		if r.Chosen {
			row.found = append(row.found, recentFound{at: r.DecidedAt.UTC(), command: r.ID,
				reach: func(p *engine.RecentPlace) { p.Apart = engine.RecentMoment{At: r.DecidedAt.UTC(), ID: r.ID} }})
		}
	}
	if len(list) == span {
		last := list[span-1]
		row.since = last.DecidedAt.UTC()
		row.end = func(p *engine.RecentPlace) { p.Apart = engine.RecentMoment{At: last.DecidedAt.UTC(), ID: last.ID} }
	}
	return row, nil
}

// waiting reads the commands that wait to be decided.
func (l *recentLook) waiting(ctx context.Context) (row recentRow, err error) {
	if kind := l.of.Kind; kind != engine.RecentAll && kind != engine.RecentCommands && kind != engine.RecentWaiting {
		return row, nil
	}
	open := l.before.Waiting.At.IsZero()
	from := orNewest(l.before.Waiting)
	list, err := l.sql.RecentWaiting(ctx, enginedb.RecentWaitingParams{Before: from.At, BeforeID: from.ID,
		Type: l.patterns.typ, Types: l.patterns.types, Stream: l.patterns.stream, Streams: l.patterns.streams, By: l.patterns.by, Texts: l.patterns.texts, Most: int32(l.limit)})
	if err != nil {
		return row, err
	}
	if open {
		l.before.Waiting = beginning(list, func(r enginedb.RecentWaitingRow) time.Time { return r.At })
	}
	for _, r := range list {
		row.found = append(row.found, recentFound{at: r.At.UTC(), command: r.ID,
			reach: func(p *engine.RecentPlace) { p.Waiting = engine.RecentMoment{At: r.At.UTC(), ID: r.ID} }})
	}
	if n := len(list); n == l.limit {
		row.since = list[n-1].At.UTC()
	}
	return row, nil
}

// orNewest is the moment to read from; of the zero value one after all others,
// whatever the database's clock says.
func orNewest(m engine.RecentMoment) engine.RecentMoment {
	if m.At.IsZero() {
		return engine.RecentMoment{At: time.Now().AddDate(1, 0, 0), ID: uuid.Max}
	}
	return m
}

// beginning is the moment after the newest of a row: what comes later is not before
// it.
func beginning[R any](list []R, at func(R) time.Time) engine.RecentMoment {
	if len(list) == 0 {
		return engine.RecentMoment{At: time.Unix(0, 0).UTC()}
	}
	return engine.RecentMoment{At: at(list[0]).UTC(), ID: uuid.Max}
}
