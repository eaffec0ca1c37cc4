package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// How far one page of Recent looks.
const (
	recentEvents   = 20_000 // positions, for events alone
	recentCommands = 5_000  // positions, where each event's command is looked up
	recentApart    = 2_000  // commands that the log alone does not tell of
)

// Recent implements engine.Operator. It reads three rows of messages, each newest
// first, in one snapshot: the log, with the accepted commands at their first events;
// the other commands that were decided; and those that wait.
func (e *Engine) Recent(ctx context.Context, of engine.RecentFilter, before engine.RecentPlace, limit int) (engine.Recent, error) {
	if limit <= 0 {
		return engine.Recent{}, nil
	}
	var page engine.Recent
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, e.reads, snapshot, func(tx pgx.Tx) (err error) {
		look := recentLook{sql: enginedb.New(tx), of: of, patterns: patternsOf(of), before: before, limit: limit}
		page, err = look.page(ctx)
		return err
	})
	return page, fault(ctx, err, "recent messages")
}

// recentLook is what is read for one page.
type recentLook struct {
	sql      *enginedb.Queries
	of       engine.RecentFilter
	patterns recentPatterns
	before   engine.RecentPlace // filled in where it was open
	limit    int
}

// recentFound is a message in its row.
type recentFound struct {
	at      time.Time
	event   *engine.Recorded
	command uuid.UUID // whose outcome is read when the page is known
	reach   func(*engine.RecentPlace)
}

// recentRow is a part of a row of messages, newest first.
type recentRow struct {
	found []recentFound
	end   func(*engine.RecentPlace) // sets the place after all that was looked at
	since time.Time                 // of the last one that was looked at; zero: that is all
}

func (l *recentLook) page(ctx context.Context) (page engine.Recent, err error) {
	var rows []recentRow
	for _, read := range []func(context.Context) (recentRow, error){l.waiting, l.log, l.apart} { // at the same time, in this order: events before their command
		row, err := read(ctx)
		if err != nil {
			return page, err
		}
		rows = append(rows, row)
	}
	page.From = l.before
	taken, next, since := mergeRecent(rows, l.before, l.limit)
	page.Next, page.Since = next, since
	page.Messages, err = l.tell(ctx, taken)
	return page, err
}

// mergeRecent takes the newest messages of all rows, as far as each was looked at. Of
// what stands at the same time, that of an earlier row comes first.
func mergeRecent(rows []recentRow, before engine.RecentPlace, limit int) (taken []recentFound, next engine.RecentPlace, since time.Time) {
	for _, row := range rows {
		if row.since.After(since) {
			since = row.since
		}
	}
	open := false // whether an earlier row may have more at since
	whole := make([]bool, len(rows))
	for i, row := range rows {
		n := 0
		for n < len(row.found) && (row.found[n].at.After(since) || !open && row.found[n].at.Equal(since)) {
			n++
		}
		taken, whole[i] = append(taken, row.found[:n]...), n == len(row.found)
		open = open || !row.since.IsZero() && row.since.Equal(since)
	}
	slices.SortStableFunc(taken, func(a, b recentFound) int { return b.at.Compare(a.at) })
	cut := len(taken) > limit
	if cut {
		taken, since = taken[:limit], taken[limit-1].at
	}
	if !cut && since.IsZero() {
		return taken, engine.RecentPlace{}, since
	}
	next = before
	for _, f := range taken {
		f.reach(&next)
	}
	for i, row := range rows {
		if !cut && whole[i] && row.end != nil {
			row.end(&next)
		}
	}
	return taken, next, since
}

// tell reads the commands that were found, and leaves out what only the patterns
// match.
func (l *recentLook) tell(ctx context.Context, taken []recentFound) ([]engine.RecentMessage, error) {
	var ids []uuid.UUID
	for _, f := range taken {
		if f.event == nil {
			ids = append(ids, f.command)
		}
	}
	outcomes, err := findOutcomes(ctx, l.sql, ids)
	if err != nil {
		return nil, err
	}
	byID := map[uuid.UUID]*engine.Outcome{}
	for i := range outcomes {
		byID[outcomes[i].ID] = &outcomes[i]
	}
	list := make([]engine.RecentMessage, 0, len(taken))
	for _, f := range taken {
		m := engine.RecentMessage{Event: f.event, Command: byID[f.command]}
		if (m.Event != nil || m.Command != nil) && chooses(l.of, m) {
			list = append(list, m)
		}
	}
	return list, nil
}
