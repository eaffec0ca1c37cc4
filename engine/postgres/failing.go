package postgres

import (
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// failure is the outcome of a command that is given up, with what the reaction that
// sent it answers to that.
func (w *worker) failure(o *order, err error) *entry {
	e := w.failed(o, err)
	var unanswered error
	if e.sends, unanswered = w.e.parkedAnswer(o.row, err.Error()); unanswered != nil {
		w.e.log.Error("the reaction that sent a failed command could not answer", "command", o.row.ID, "error", unanswered)
	}
	return e
}

// failed keeps a command with its error, whatever the stream's version.
func (w *worker) failed(o *order, err error) *entry {
	e := w.entry(o)
	e.version, e.lastID = engine.AnyVersion, uuid.Nil
	e.status, e.failure = engine.Failed, errorText(err)
	w.e.log.Error("command failed", "command", o.row.ID, "type", o.row.Type, "tries", o.tries, "error", err)
	return e
}

// fails counts a failed try, and says whether it was the last. Until then the
// lane pauses.
func (w *worker) fails(l *lane, o *order, err error) bool {
	now := time.Now()
	if unreadPast(err) || errors.Is(err, errUnread) {
		l.notBefore = now.Add(firstPause)
		w.e.log.Warn("reading for a decision is tried again", "command", o.row.ID, "type", o.row.Type, "error", err)
		return false
	}
	if o.first.IsZero() {
		o.first = now
	}
	o.tries++
	if o.tries >= mostTries || now.Sub(o.first) >= mostRetrying {
		return true
	}
	w.e.meter.retried(consumerCommands)
	l.notBefore = now.Add(firstPause << (2 * (o.tries - 1)))
	w.e.log.Warn("command is tried again", "command", o.row.ID, "type", o.row.Type, "tries", o.tries, "error", err)
	return false
}

// misfire fails a try of the lane's first command.
func (w *worker) misfire(l *lane, err error) {
	o := l.waiting[0]
	if o.stays(errElsewhere) && !w.fails(l, o, err) {
		return
	}
	l.waiting = l.waiting[1:]
	if o.direct != nil {
		w.tidy(l)
		return
	}
	l.flying++
	w.e.sequencer.submit(w.failure(o, err))
}

func errorText(err error) string {
	const most = 8 << 10
	text := err.Error()
	if p, ok := errors.AsType[*engine.PanicError](err); ok {
		text += "\n\n" + string(p.Stack)
	}
	return text[:min(len(text), most)]
}
