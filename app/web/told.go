package web

import (
	"cmp"
	"context"
	"strconv"

	"github.com/backstory-go/backstory/engine"
)

// told says what undoing, restoring, deleting or, from afar, archiving came to: its effects may lie out of
// sight of whoever asked, or be none. It is "" for other commands, and for what is not
// done.
func (a *answer) told(ctx context.Context) string {
	if a.outcome.Status != engine.Accepted {
		return ""
	}
	version, _ := strconv.ParseInt(a.in.reserved("version"), 10, 64) // their schemas ask for it
	switch a.kind.Type {
	case deleteCommand:
		return a.toldGone(ctx, "deleted")
	case archiveCommand:
		if a.form != "archive" { // the list's own page shows it
			return a.toldGone(ctx, "archived")
		}
	case undoCommand:
		return a.toldUndone(ctx, version)
	case restoreCommand:
		return a.toldRestored(version)
	}
	return ""
}

// toldGone names the list that the home page has no more, or elsewhere.
func (a *answer) toldGone(ctx context.Context, how string) string {
	l, err := a.server.source.list(ctx, a.outcome.Stream.ID, 0)
	if err != nil { // it is deleted all the same
		return "The list is " + how + "."
	}
	return "“" + l.Name + "” is " + how + "."
}

// toldUndone names the change that was taken back.
func (a *answer) toldUndone(ctx context.Context, version int64) string {
	if len(a.outcome.Events) == 0 {
		return "There was nothing left to undo: it has been changed again since."
	}
	events, err := a.server.cfg.Client.Events(ctx, a.outcome.Stream, version-1, 1)
	if err != nil || len(events) == 0 { // it is undone all the same
		return "Version " + strconv.FormatInt(version, 10) + " is undone."
	}
	before, err := a.server.source.list(ctx, a.outcome.Stream.ID, version-1)
	if err != nil {
		before = todoList{} // without the words, then
	}
	texts := itemTexts(before, nil)
	title, _, _, _ := story{texts}.tell(events[0])
	if what := about(events[0].Data, texts); what != "" {
		title += " “" + what + "”"
	}
	return "Undone: " + title + "."
}

// toldRestored says how a list that was made what it was becomes again what it was
// before.
func (a *answer) toldRestored(version int64) string {
	if len(a.outcome.Events) == 0 {
		return "The list is already what it was at version " + strconv.FormatInt(version, 10) + "."
	}
	said := "Version " + strconv.FormatInt(version, 10) + " is restored. "
	if a.problem.status != 0 { // all but the name
		said = cmp.Or(a.errors[""], said) + " "
	}
	return said + "Restoring version " + strconv.FormatInt(a.outcome.Events[0].Version-1, 10) + " takes that back."
}
