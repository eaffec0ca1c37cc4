package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/engine"
)

// command is POST /commands/{type}: read, submit, wait, answer.
func (s *Server) command(w http.ResponseWriter, r *http.Request) {
	kind, err := s.commandType(r.PathValue("type"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	in, err := readInput(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	a := answer{server: s, kind: kind, in: in, form: formName(r, kind)}
	a.decide(r)
	if isDatastar(r) {
		a.toDatastar(w, r)
		return
	}
	a.toForm(w, r)
}

// commandType finds a command that may be sent from outside.
func (s *Server) commandType(name string) (*engine.CommandType, error) {
	actor, ok := s.cfg.System.ActorOf(name)
	if !ok {
		return nil, engine.ErrUnknownCommand
	}
	kind, ok := actor.CommandType(name)
	if !ok || kind.Internal {
		return nil, engine.ErrUnknownCommand
	}
	return kind, nil
}

// formName is the form on the page that the answer is for.
func formName(r *http.Request, kind *engine.CommandType) string {
	if name := r.URL.Query().Get("form"); isFormName(name) {
		return name
	}
	return plainName(kind.Type)
}

// answer is what the person who sent a command is told.
type answer struct {
	server *Server
	kind   *engine.CommandType
	in     input
	form   string

	stream  string // the identity the command was sent to
	outcome engine.Outcome
	problem problem           // status 0: accepted, or still on its way
	errors  map[string]string // by field; "": no field
	said    string            // what there is to say of what was done; "": it shows
}

// decide submits the command and waits for what becomes of it.
func (a *answer) decide(r *http.Request) {
	submission, err := a.in.submission(a.kind)
	if err != nil {
		a.refuse(r.Context(), err)
		return
	}
	submission.By = visitOf(r.Context()).user
	a.stream = submission.StreamID
	traced, done := a.server.traced(r, &submission)
	defer done()
	id, err := a.server.submit(traced, submission)
	if err != nil {
		a.refuse(r.Context(), err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), a.server.cfg.Patience)
	defer cancel()
	outcome, err := a.server.cfg.Client.Wait(ctx, id)
	if errors.Is(err, context.DeadlineExceeded) {
		outcome, err = a.server.cfg.Client.Outcome(r.Context(), id)
	}
	if err != nil && !errors.Is(err, context.Canceled) { // it is stored: what became of it, the next answer tells
		a.server.cfg.Log.WarnContext(r.Context(), "outcome cannot be read", "type", a.kind.Type, "error", err)
	}
	outcome.ID = id
	a.take(outcome)
	a.awaitName(ctx)
	a.said = a.told(r.Context())
	a.server.tellHistories(outcome)
	if a.problem.status == 0 && !isDatastar(r) { // its next page is read anew: let it show what was done
		a.catchUp(ctx, outcome)
	}
}

// take reads what an outcome means for the person.
func (a *answer) take(outcome engine.Outcome) {
	a.outcome = outcome
	switch {
	case outcome.Status == engine.Refused && outcome.Refusal != nil:
		a.problem = problem{http.StatusUnprocessableEntity, outcome.Refusal.Message}
		a.errors = map[string]string{a.slot(outcome.Refusal.At): outcome.Refusal.Message}
	case outcome.Status == engine.Failed || outcome.Status == engine.Cancelled:
		a.problem = problemOf(errors.New("failed"))
		a.errors = map[string]string{"": a.problem.message}
	case duplicated(outcome):
		const message = "An item with the same text is already on the list."
		a.problem = problem{http.StatusUnprocessableEntity, message}
		a.errors = map[string]string{a.slot("text"): message}
	}
}

// duplicated says whether a command was answered by pointing to an item that has
// the text already: an event for the list, a correction for the person.
func duplicated(outcome engine.Outcome) bool {
	return slices.ContainsFunc(outcome.Events, func(e engine.OutcomeEvent) bool {
		return e.Type == itemDuplicated
	})
}

// refuse takes an error: faults go beside their fields.
func (a *answer) refuse(ctx context.Context, err error) {
	a.problem = problemOf(err)
	a.errors = map[string]string{"": a.problem.message}
	var faults *engine.FaultsError
	if errors.As(err, &faults) {
		a.errors = map[string]string{}
		for _, f := range faults.Faults {
			slot := a.slot(strings.ReplaceAll(strings.TrimPrefix(f.Pointer, "/"), "/", "."))
			a.errors[slot] = strings.TrimSpace(a.errors[slot] + " " + sentence(f.Message))
		}
		return
	}
	a.server.note(ctx, "command cannot be submitted", err, "type", a.kind.Type)
}

// slot is the field if the form shows it, else "".
func (a *answer) slot(field string) string {
	if slices.ContainsFunc(a.shown(), func(f engine.Field) bool { return f.Name == field }) {
		return field
	}
	return ""
}

// shown are the fields that a person fills in; ids, and what a click says, are the
// form's own.
func (a *answer) shown() []engine.Field {
	return slices.DeleteFunc(slices.Clone(a.kind.Fields), func(f engine.Field) bool { return f.Format == "uuid" || f.Kind == "boolean" })
}

// tellHistories wakes the open pages of a stream whose command led to no event: no
// event does.
func (s *Server) tellHistories(o engine.Outcome) {
	if o.Status.Final() && len(o.Events) == 0 {
		s.cfg.Client.Hub().Publish(o.Stream.String())
	}
}

// faults are what is to be said beside the fields, or no more: by the ids of their
// slots, as JSON.
func (a *answer) faults() string {
	all := map[string]string{}
	if a.problem.status != 0 {
		for _, f := range a.shown() {
			all[slotID(a.form, f.Name)] = a.errors[f.Name]
		}
	}
	text, err := json.Marshal(all)
	if err != nil { // texts are always JSON
		return "{}"
	}
	return string(text)
}

// catchUp waits until the projections have seen the outcome. When that takes too
// long the page shows a moment before, which is no error.
func (a *answer) catchUp(ctx context.Context, outcome engine.Outcome) {
	for _, p := range a.server.cfg.System.Projections() {
		if slices.ContainsFunc(outcome.Events, func(e engine.OutcomeEvent) bool { return slices.Contains(p.Events, e.Type) }) {
			if a.server.cfg.Client.Projected(ctx, p.Name, outcome.Position()) != nil {
				return
			}
		}
	}
}

// target is the page to go to after success, or "" to stay: who makes a list
// wants to fill it, and who restored a version looks at the past no more.
func (a *answer) target() string {
	creates := a.kind.Creates == engine.CreatesYes && streamType(a.kind.Type) == listActor
	if a.outcome.Status != engine.Accepted || !creates && a.kind.Type != restoreCommand {
		return ""
	}
	return todoList{ID: a.outcome.Stream.ID}.path()
}

// sentence makes a fault's message one.
func sentence(message string) string {
	if message == "" {
		return ""
	}
	message = strings.ToUpper(message[:1]) + message[1:]
	if !strings.ContainsAny(message[len(message)-1:], ".!?") {
		message += "."
	}
	return message
}
