package web

import (
	"errors"
	"net/http"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/live"
)

// problem is an error as people see it.
type problem struct {
	status  int
	message string
}

// problems is the one table from errors to statuses and sentences.
var problems = [...]struct {
	is error
	problem
}{
	{engine.ErrUnknownCommand, problem{http.StatusNotFound, "There is no such command."}},
	{engine.ErrNotFound, problem{http.StatusNotFound, "There is nothing at this address (any more)."}},
	{live.ErrNotFound, problem{http.StatusNotFound, "There is nothing at this address (any more)."}},
	{engine.ErrIDReused, problem{http.StatusConflict, "This form was sent before with other words. Please send it again."}},
	{engine.ErrOverloaded, problem{http.StatusTooManyRequests, "The server is busy. Nothing was changed: please try again in a moment."}},
	{engine.ErrUnavailable, problem{http.StatusServiceUnavailable, "The database cannot be reached. Nothing was changed: please try again in a moment."}},
	{errMediaType, problem{http.StatusUnsupportedMediaType, "Send a form, or Datastar signals."}},
	{errMalformed, problem{http.StatusBadRequest, "This request cannot be read."}},
}

// problemOf finds an error's status. What is not in the table is our fault.
func problemOf(err error) problem {
	var faults *engine.FaultsError
	var size *http.MaxBytesError
	switch {
	case errors.As(err, &faults):
		return problem{http.StatusUnprocessableEntity, "Please correct what is marked."}
	case errors.As(err, &size):
		return problem{http.StatusRequestEntityTooLarge, "This is more than the server takes at once."}
	}
	for _, p := range problems {
		if errors.Is(err, p.is) {
			return p.problem
		}
	}
	return problem{http.StatusInternalServerError, "Something went wrong here. It was noted; please try again."}
}

// fail answers with an error as a page. Our own faults are logged.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	if p.status >= http.StatusInternalServerError {
		s.cfg.Log.ErrorContext(r.Context(), "request failed", "method", r.Method, "pattern", r.Pattern, "error", err)
	}
	if p.status == http.StatusTooManyRequests || p.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	if r.Method != http.MethodGet && isDatastar(r) {
		plain(w, p.status, p.message)
		return
	}
	s.render(w, r, p.status, view{Title: http.StatusText(p.status), Body: problemPage(p)})
}
