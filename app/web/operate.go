package web

import (
	"context"
	"net/http"
	"net/url"

	"github.com/google/uuid"
	"github.com/starfederation/datastar-go/datastar"

	"github.com/backstory-go/backstory/engine"
)

// operations are what the System page's buttons do.
func (s *Server) operations() map[string]func(ctx context.Context, form url.Values) error {
	ops := s.cfg.Operator
	one := func(form url.Values) engine.ParkedFilter {
		return engine.ParkedFilter{Consumer: form.Get("consumer"), Key: form.Get("key")}
	}
	return map[string]func(ctx context.Context, form url.Values) error{
		"pause":   func(ctx context.Context, form url.Values) error { return ops.PauseConsumer(ctx, form.Get("consumer")) },
		"resume":  func(ctx context.Context, form url.Values) error { return ops.ResumeConsumer(ctx, form.Get("consumer")) },
		"rebuild": func(ctx context.Context, form url.Values) error { return s.rebuild(ctx, form.Get("consumer")) },
		"retry": func(ctx context.Context, form url.Values) error {
			_, err := ops.RetryParked(ctx, one(form), 1)
			return err
		},
		"discard": func(ctx context.Context, form url.Values) error {
			_, err := ops.DiscardParked(ctx, one(form), 1)
			return err
		},
		"cancel": func(ctx context.Context, form url.Values) error {
			id, err := uuid.Parse(form.Get("command"))
			if err != nil {
				return engine.ErrNotFound
			}
			return ops.CancelScheduled(ctx, id)
		},
	}
}

// operate is POST /system/{operation}.
func (s *Server) operate(w http.ResponseWriter, r *http.Request) {
	do, ok := s.operations()[r.PathValue("operation")]
	switch {
	case !s.isAdmin(r.Context()):
		s.fail(w, r, errNotAdmin)
		return
	case !ok:
		s.fail(w, r, errNoRoute)
		return
	}
	in, err := readInput(r)
	if err == nil {
		err = readable(in.form)
	}
	if err == nil {
		err = do(r.Context(), in.form)
	}
	if err == nil {
		s.cfg.Log.InfoContext(r.Context(), "operation", "what", r.PathValue("operation"), "consumer", in.form.Get("consumer"))
	}
	s.lookAgain() // also after a failure: the page may be behind
	switch {
	case isDatastar(r):
		s.operated(w, r, err)
	case err != nil:
		s.fail(w, r, err)
	default:
		http.Redirect(w, r, backPath(r), http.StatusSeeOther)
	}
}

// operated answers a live page: what was done shows there by itself.
func (s *Server) operated(w http.ResponseWriter, r *http.Request, err error) {
	sse := datastar.NewSSE(w, r)
	if err == nil {
		return
	}
	s.note(r.Context(), "operation failed", err, "what", r.PathValue("operation"))
	_ = sse.PatchElementTempl(toast(problemOf(err).message, true), datastar.WithSelectorID("toasts"), datastar.WithModeAppend()) // the tab is gone: nobody is left to tell
}
