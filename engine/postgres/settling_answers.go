package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// When an event refuses a command that a reaction sent, the reaction answers in the
// event's transaction. Which commands an event refuses is known under the order lock
// only, where no handler may run. So the entry that brings the event comes back with
// what is to be answered, and is handed in again with the answers.

// answers are what reactions say to refusals that an entry's events bring, by the
// refused commands.
type answers map[uuid.UUID]*answer

type answer struct {
	refusal string // that is answered
	tries   int    // that failed by a fault of the handler
	ready   bool
	sends   []sent
	failure string // the handler failed for good: then the command does, too
}

// unanswered is the error of an entry whose events refuse commands of reactions.
type unanswered struct{ refusals []refusedLater }

type refusedLater struct {
	command *enginedb.InboxTakeRow
	refusal *engine.RefusalInfo
}

func (u *unanswered) Error() string {
	return fmt.Sprintf("%d refusals are to be answered", len(u.refusals))
}

// to is the answer to a refusal; nil: there is none yet.
func (a answers) to(id uuid.UUID, refusal *engine.RefusalInfo) *answer {
	if x := a[id]; x != nil && x.ready && x.refusal == refusalText(refusal) {
		return x
	}
	return nil
}

// answered says whether the reactions have answered what an entry's events refuse.
func (f *flight) answered(e *entry) error {
	if !f.settlers.by(e) {
		return nil
	}
	open := f.open[conversation{e.name, e.correlation}]
	if own := f.own(e, nil); own != nil {
		open = append(open[:len(open):len(open)], own)
	}
	var missing []refusedLater
	for _, s := range open {
		if s.done || f.senders[s.command.Reaction].Reaction == nil || f.senders[s.command.Reaction].Refused == nil {
			continue
		}
		if status, refusal := firstVerdict(s.settles, e.events); status == engine.Refused && e.answers.to(s.command.ID, refusal) == nil {
			missing = append(missing, refusedLater{s.command, refusal})
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return &unanswered{missing}
}

// firstVerdict is what the first event that settles a command makes of it; "": none
// does.
func firstVerdict(by *engine.Settles, events []engine.NewEvent) (engine.Status, *engine.RefusalInfo) {
	for _, n := range events {
		if status, refusal := verdictOf(by, n.Event.MessageType(), n.Data); status != "" {
			return status, refusal
		}
	}
	return "", nil
}

// refuse takes in the answer to a refusal: what it sends, and that the command
// fails when its reaction could not answer.
func (f *flight) refuse(e *entry, s *settling, status engine.Status, refusal *engine.RefusalInfo) settled {
	out := settled{id: s.command.ID, status: status, refusal: refusal}
	if status != engine.Refused {
		return out
	}
	if a := e.answers.to(s.command.ID, refusal); a != nil {
		f.sends = append(f.sends, a.sends...)
		if a.failure != "" {
			out.status, out.refusal, out.failure = engine.Failed, nil, a.failure
		}
	}
	return out
}

// answerAll asks the reactions for the answers that are missing; again: some are to
// be asked once more, after a pause.
func (e *Engine) answerAll(known answers, need *unanswered) (all answers, again bool) {
	all = known
	if all == nil {
		all = answers{}
	}
	for _, r := range need.refusals {
		text := refusalText(r.refusal)
		a := all[r.command.ID]
		if a == nil || a.refusal != text {
			a = &answer{refusal: text}
			all[r.command.ID] = a
		}
		if !e.answerOne(a, r) {
			again = true
		}
	}
	return all, again
}

func (e *Engine) answerOne(a *answer, r refusedLater) (ready bool) {
	sends, err := e.refusedAnswer(r.command, r.refusal)
	if err != nil && !errors.Is(err, errUnread) {
		a.tries++
	}
	switch {
	case err == nil:
		a.sends, a.ready = sends, true
	case a.tries < mostTries:
		e.log.Warn("the answer to a refusal is tried again", "command", r.command.ID, "type", r.command.Type, "error", err)
	default:
		e.log.Error("command failed", "command", r.command.ID, "type", r.command.Type, "tries", a.tries, "error", err)
		a.failure, a.ready = errorText(err), true
		if a.sends, err = e.parkedAnswer(r.command, err.Error()); err != nil {
			e.log.Error("the reaction that sent a failed command could not answer", "command", r.command.ID, "error", err)
		}
	}
	return a.ready
}

// answer lets an order go on with the answers to what its events refuse.
func (w *worker) answer(l *lane, o *order, need *unanswered) {
	var again bool
	if o.answers, again = w.e.answerAll(o.answers, need); again {
		l.notBefore = time.Now().Add(firstPause)
	}
	l.add(o)
}

// answerPause waits before reactions are asked again.
func answerPause(ctx context.Context, again bool) {
	if again {
		pause(ctx, firstPause)
	}
}
