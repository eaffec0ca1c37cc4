package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

const (
	retryMost    = 16              // keys tried at the same time
	resumeMost   = 256             // messages of one key taken at a time, once it goes well
	waitingPause = 5 * time.Second // until a message is looked at that must not be tried now
)

// errDied is the fault of a message that is given up because every try of it
// ended with its process.
var errDied = errors.New("the process ended while it handled the message")

// underWay is the error of a message that was announced: when it is found, the process
// ended meanwhile.
const underWay = "the process ended while the message was under way, perhaps by it"

// attempted is a held key that is due, and what is done about it.
type attempted struct {
	row      enginedb.HeldTakeRow
	messages []*message // to be handled now
	more     bool       // others wait behind them
}

// retry goes on with the held keys that are due: the message that failed first,
// with its try recorded before, then those behind it. more: some are due at once.
func (r *runner) retry(ctx context.Context) (more bool, err error) {
	ctx, cancel := lingering(ctx)
	defer cancel()
	list, err := r.takeHeld(ctx)
	if err != nil || len(list) == 0 {
		return false, err
	}
	if suspect(list[0].row) {
		free, err := r.e.dangerous(ctx)
		if err != nil {
			return false, err
		}
		defer free()
	}
	ch := &changes{}
	var tried []*attempted
	var messages []*message
	for _, a := range list {
		switch {
		case len(a.messages) == 0:
			ch.released = append(ch.released, a.row.Key)
		case int(a.row.Attempts) >= r.c.policy.Attempts:
			m := a.messages[0]
			m.attempt = int(a.row.Attempts)
			r.holdFaults(ctx, ch, []*failure{{message: m, err: errDied}})
		default:
			tried = append(tried, a)
			messages = append(messages, a.messages...)
		}
	}
	if err := r.recordTries(ctx, tried); err != nil {
		return false, err
	}
	if len(messages) > 0 {
		if ch.work, err = r.handler.run(ctx, messages); err != nil {
			return false, err
		}
		r.holdFaults(ctx, ch, ch.work.faults())
	}
	err = r.commitRetry(ctx, tried, ch)
	if err != nil && blames(ctx, err) {
		err = r.divideRetry(ctx, tried, ch)
	}
	return err == nil && len(list) > 0, err
}

// takeHeld reads the due keys and their messages.
func (r *runner) takeHeld(ctx context.Context) ([]*attempted, error) {
	p := enginedb.HeldTakeParams{Consumer: r.c.name, Most: retryMost}
	for n := range r.slots {
		p.Slots = append(p.Slots, n)
	}
	rows, err := r.e.sql.HeldTake(ctx, p)
	if err != nil {
		return nil, err
	}
	// What was announced and is past the checkpoint comes when the checkpoint does.
	rows = filter(rows, func(row enginedb.HeldTakeRow) bool {
		s := r.slots[row.Slot]
		return s != nil && row.FromPosition <= s.position
	})
	var list []*attempted
	for _, row := range alone(rows) {
		a := &attempted{row: row}
		most := 1
		if row.Attempts == 0 && row.Error == "" && r.careful == 0 {
			most = resumeMost
		}
		behind := 1
		if most == 1 && row.FromPosition <= row.Reacted {
			behind = 0 // it may be far, and the try is likely to fail: there is more until nothing is found
		}
		messages, err := r.waiting(ctx, row, most+behind)
		if err != nil {
			return nil, err
		}
		a.more = len(messages) == most+behind
		a.messages = messages[:min(len(messages), most)]
		list = append(list, a)
	}
	return list, nil
}

// suspect says whether a process died while it handled the message.
func suspect(row enginedb.HeldTakeRow) bool {
	return row.Error == underWay || row.Attempts > 0 && row.Error == ""
}

// alone keeps suspects from others: they come last, one by one.
func alone(rows []enginedb.HeldTakeRow) []enginedb.HeldTakeRow {
	others := filter(rows, func(row enginedb.HeldTakeRow) bool { return !suspect(row) })
	if len(others) == 0 && len(rows) > 0 {
		return rows[:1]
	}
	return others
}

// waiting reads messages of a held key that its slot's checkpoint has passed by.
func (r *runner) waiting(ctx context.Context, row enginedb.HeldTakeRow, most int) ([]*message, error) {
	return waitingBehind(ctx, r.e.sql, r.c, row, r.slots[row.Slot].position, most)
}

// waitingBehind reads what waits behind a held key, up to a position. A message
// that failed there counts whatever its key is by now: a program that can decode it
// may know better.
func waitingBehind(ctx context.Context, sql *enginedb.Queries, c *consumer, row enginedb.HeldTakeRow, upto int64, most int) ([]*message, error) {
	var list []*message
	from := row.FromPosition
	failed := row.Error != "" // else the try was only counted, and what is there may be of another key
	for {
		rows, full, err := heldPage(ctx, sql, c, row, from, upto)
		if err != nil {
			return nil, err
		}
		done, err := handledAmong(ctx, sql, c, rows)
		if err != nil {
			return nil, err
		}
		for _, stored := range rows {
			rec, err := recordOf(enginedb.EventReadRow(stored))
			if err != nil {
				return nil, err
			}
			from, row.FromVersion = rec.Meta.Position+1, rec.Meta.Version+1
			quiet := done[rec.Meta.Position] || rec.Meta.Position <= row.Reacted
			if !c.concerns(rec) || quiet && !c.folds(rec.Type) {
				continue
			}
			if m := c.message(rec); m.key == row.Key || failed && rec.Meta.Position == row.FromPosition {
				m.key, m.attempt, m.quiet = row.Key, 1, quiet
				if len(list) == 0 {
					m.attempt = int(row.Attempts) + 1
				}
				if list = append(list, m); len(list) == most {
					return list, nil
				}
			}
		}
		if !full {
			return list, nil
		}
	}
}

// heldPage reads a page of events among which a held key's are.
func heldPage(ctx context.Context, sql *enginedb.Queries, c *consumer, row enginedb.HeldTakeRow, from, upto int64) ([]enginedb.HeldScanRow, bool, error) {
	if !c.byStream {
		types := make([]string, 0, len(c.types))
		for t := range c.types {
			types = append(types, t)
		}
		rows, err := sql.HeldScan(ctx, enginedb.HeldScanParams{FromPosition: from, Upto: upto, Types: types, Most: page})
		return rows, len(rows) == page, err
	}
	found, err := sql.HeldStream(ctx, enginedb.HeldStreamParams{Stream: row.Key,
		FromVersion: row.FromVersion, Upto: upto, Most: page})
	rows := make([]enginedb.HeldScanRow, 0, len(found))
	for _, f := range found {
		if f.Position >= from {
			rows = append(rows, enginedb.HeldScanRow(f))
		}
	}
	return rows, len(found) == page, err
}

// recordTries counts the tries before they begin. Messages behind one that went
// well need not be counted: nothing says that they fail.
func (r *runner) recordTries(ctx context.Context, tried []*attempted) error {
	var p enginedb.HeldTryParams
	for _, a := range tried {
		if a.row.Attempts > 0 || a.row.Error != "" || r.careful > 0 {
			p.Keys = append(p.Keys, a.row.Key)
			p.Pauses = append(p.Pauses, r.c.policy.pause(int(a.row.Attempts)+1).Milliseconds())
		}
	}
	if len(p.Keys) == 0 {
		return nil
	}
	r.commits.Lock()
	defer r.commits.Unlock()
	err := r.fenced(ctx, false, func(t *trips) error {
		t.batch.Queue(enginedb.HeldTry, r.c.name, p.Keys, p.Pauses)
		r.queueAdvance(t.batch, nil, place{})
		return nil
	})
	if err == nil {
		r.settled(nil, place{}, &changes{}, nil)
	}
	return err
}

// commitRetry stores what the tries led to: keys that went well go on with what
// waits behind, or are held no longer.
func (r *runner) commitRetry(ctx context.Context, tried []*attempted, ch *changes) error {
	failed := map[string]bool{}
	for _, h := range ch.holds {
		failed[h.key] = true
	}
	out := *ch
	for _, a := range tried {
		switch {
		case failed[a.row.Key]:
		case a.more:
			out.holds = append(out.holds, r.holdBehind(a))
		default:
			out.released = append(out.released, a.row.Key)
		}
	}
	return r.commit(ctx, nil, place{}, &out)
}

func (r *runner) holdBehind(a *attempted) hold {
	h := r.holdOf(a.messages[len(a.messages)-1])
	h.slot, h.position = a.row.Slot, h.position+1
	if r.c.byStream {
		h.version++
	}
	return h
}

// divideRetry deals with effects that the database refuses: each key by itself,
// whose first message then is at fault.
func (r *runner) divideRetry(ctx context.Context, tried []*attempted, ch *changes) error {
	if ch.work.apart() {
		return r.commitRetry(ctx, tried, ch)
	}
	r.handler.forget()
	for _, a := range tried {
		one := &changes{}
		w, runErr := r.handler.run(ctx, a.messages[:1])
		if runErr != nil {
			return runErr
		}
		one.work = w
		r.holdFaults(ctx, one, w.faults())
		a.more = a.more || len(a.messages) > 1
		a.messages = a.messages[:1]
		oneErr := r.commitRetry(ctx, []*attempted{a}, one)
		if oneErr != nil && blames(ctx, oneErr) {
			r.handler.forget()
			only := &changes{}
			r.holdFaults(ctx, only, []*failure{{message: a.messages[0], err: oneErr}})
			oneErr = r.commit(ctx, nil, place{}, only)
		}
		if oneErr != nil {
			return oneErr
		}
	}
	return nil
}
