package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/live"
)

// problem is an error as people see it.
type problem struct {
	status  int
	message string
}

// cause is a row of the table: what an error is to a program, to whoever reads
// an answer of the API, and to a person before a page.
type cause struct {
	is    error
	code  string
	title string
	problem
}

// causes is the one table from errors to statuses and sentences.
var causes = [...]cause{
	{engine.ErrUnknownCommand, engine.CodeNotFound, "There is no such command.",
		problem{http.StatusNotFound, "There is no such command."}},
	{engine.ErrNotFound, engine.CodeNotFound, "There is no such stream, version or command.",
		problem{http.StatusNotFound, "There is nothing at this address (any more)."}},
	{live.ErrNotFound, engine.CodeNotFound, "There is no such page.",
		problem{http.StatusNotFound, "There is nothing at this address (any more)."}},
	{engine.ErrIDReused, engine.CodeIDReused, "Another command was sent under this id.",
		problem{http.StatusConflict, "This form was sent before with other words. Please send it again."}},
	{engine.ErrExpired, engine.CodeExpired, "This id is too old: what was sent under it may be forgotten.",
		problem{http.StatusGone, "This form is too old. Please load the page again."}},
	{engine.ErrOverloaded, "overloaded", "Too many commands wait already.",
		problem{http.StatusTooManyRequests, "The server is busy. Nothing was changed: please try again in a moment."}},
	{engine.ErrArchived, "archived", "This was moved out of the log by an archive.",
		problem{http.StatusGone, "This part of the past was archived."}},
	{errTooFast, "too_fast", "Too many commands were sent at a time.",
		problem{http.StatusTooManyRequests, "You are faster than the server allows. Nothing was changed: please try again in a moment."}},
	{engine.ErrUnavailable, "unavailable", "The database cannot be reached.",
		problem{http.StatusServiceUnavailable, "The database cannot be reached. Please try again in a moment."}},
	{errNotRunning, "unavailable", "The server is stopping.",
		problem{http.StatusServiceUnavailable, "The server is stopping. Nothing was changed: please try again in a moment."}},
	{errNobody, "unauthorized", "There is no session.",
		problem{http.StatusUnauthorized, "Please sign in."}},
	{errNotAdmin, "forbidden", "This is for administrators.",
		problem{http.StatusForbidden, "This page is for administrators."}},
	{errNoRoute, engine.CodeNotFound, "There is nothing at this address.",
		problem{http.StatusNotFound, "There is nothing at this address (any more)."}},
	{errMediaType, "unsupported_media_type", "Send application/json.",
		problem{http.StatusUnsupportedMediaType, "Send a form, or Datastar signals."}},
	{errSlow, "slow", "The request took too long to arrive.",
		problem{http.StatusRequestTimeout, "Your connection is too slow for this request. Nothing was changed: please try again."}},
	{errMalformed, "malformed", "This request cannot be read.",
		problem{http.StatusBadRequest, "This request cannot be read."}},
}

// causeOf finds an error in the table. What is not there is our fault.
func causeOf(err error) cause {
	if _, ok := errors.AsType[*engine.FaultsError](err); ok {
		return cause{err, engine.CodeInvalid, "The request breaks its schema.",
			problem{http.StatusUnprocessableEntity, "Please correct what is marked."}}
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return cause{err, "too_large", "The request is too large.",
			problem{http.StatusRequestEntityTooLarge, "This is more than the server takes at once."}}
	}
	for _, c := range causes {
		if errors.Is(err, c.is) {
			return c
		}
	}
	return cause{err, "failed", "Something went wrong here.",
		problem{http.StatusInternalServerError, "Something went wrong here. It was noted; please try again."}}
}

// problemOf is what a person is told about an error.
func problemOf(err error) problem { return causeOf(err).problem }

// refusalStatus is the status of a refusal: the engine's own have one each.
func refusalStatus(code string) int {
	switch code {
	case engine.CodeNotFound:
		return http.StatusNotFound
	case engine.CodeInvalid:
		return http.StatusUnprocessableEntity
	case engine.CodeExpired:
		return http.StatusGone
	}
	return http.StatusConflict
}

// busy says whether the server could not take a request now.
func (p problem) busy() bool {
	return p.status == http.StatusTooManyRequests || p.status == http.StatusServiceUnavailable
}

// askLater tells a program to ask again soon, where that helps.
func askLater(w http.ResponseWriter, p problem) {
	if p.busy() {
		w.Header().Set("Retry-After", "1")
	}
}

// note logs what is our fault. Who went away is nobody's.
func (s *Server) note(ctx context.Context, what string, err error, more ...any) {
	if problemOf(err).status >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		s.cfg.Log.ErrorContext(ctx, what, append(more, "error", err)...)
	}
}

// fail answers with an error as a page.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	s.note(r.Context(), "request failed", err, "method", r.Method, "pattern", r.Pattern)
	askLater(w, p)
	if r.Method != http.MethodGet && isDatastar(r) {
		plain(w, p.status, p.message)
		return
	}
	s.render(w, r, p.status, view{Title: http.StatusText(p.status), Body: problemPage(p, presentOf(r))})
}

// presentOf is the page of the list whose version was asked for; "": another page.
func presentOf(r *http.Request) string {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil || r.PathValue("version") == "" {
		return ""
	}
	return todoList{ID: id.String()}.path()
}
