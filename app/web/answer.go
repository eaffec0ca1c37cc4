package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/starfederation/datastar-go/datastar"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/generated/todos/list"
)

// toForm answers a plain form: on to the next page, or the same one with what is
// wrong.
func (a *answer) toForm(w http.ResponseWriter, r *http.Request) {
	back := backPath(r)
	if a.status() == resultPending {
		const message = "This takes longer than usual. It will show up here when it is done."
		a.server.showAgain(w, r, back, http.StatusAccepted, formState{form: a.form, note: message})
		return
	}
	if a.problem.status == 0 {
		if a.said != "" && (len(a.outcome.Events) == 0 || a.kind.Type == deleteCommand && back == "/") { // which shows nothing of it
			a.server.showAgain(w, r, back, http.StatusOK, formState{form: a.form, note: a.said})
			return
		}
		if target := a.target(); target != "" {
			back = target
		}
		if a.form == newItemForm { // the next item is written where the last one was
			back += "#" + fieldID(a.form, "text")
		}
		http.Redirect(w, r, back, http.StatusSeeOther)
		return
	}
	askLater(w, a.problem)
	a.server.showAgain(w, r, back, a.problem.status, formState{form: a.form, values: a.in.form, errors: a.errors, open: a.open()})
}

// backPath is the page that the form stood on.
func backPath(r *http.Request) string {
	ref, err := url.Parse(r.Referer())
	switch {
	case err != nil || ref.Host != r.Host:
		return "/"
	case strings.HasPrefix(ref.Path, "/commands/"): // it came back with what was wrong
		return checkedPath(r)
	}
	return localPath(ref.RequestURI())
}

// backToPage leads whoever loads the answer to a plain form again to its page.
func (s *Server) backToPage(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, checkedPath(r), http.StatusSeeOther)
}

// checkedPath is the page that was last shown as the answer to a plain form.
func checkedPath(r *http.Request) string {
	if c, err := r.Cookie(checkedCookie); err == nil {
		return localPath(c.Value)
	}
	return "/"
}

// toDatastar answers a live page, always with 200: a toast, and the result that the
// page's script acts on, which knows the fields' errors. Their form may be gone by now.
func (a *answer) toDatastar(w http.ResponseWriter, r *http.Request) {
	sse := datastar.NewSSE(w, r)
	if a.open() {
		_ = sse.PatchElementTempl(resultElement(a.result(r.Context()))) // the tab asks again
		return
	}
	if message := cmp.Or(a.errors[""], a.said); message != "" && a.stays() {
		if err := sse.PatchElementTempl(toast(message, a.problem.status != 0 && !a.removed()),
			datastar.WithSelectorID("toasts"), datastar.WithModeAppend()); err != nil {
			return // the tab is gone
		}
	}
	_ = sse.PatchElementTempl(resultElement(a.result(r.Context()))) // the last event: nothing is left to stop
}

// result is what the page's script is told.
type result struct {
	Command, Form, Status, Version, Target, Message string

	Said   string // what the next page says of it; "": nothing
	Faults string // what is wrong beside fields, by the ids of their slots, as JSON; "" beside one: nothing
}

// What a page's script is told became of a command.
const (
	resultAccepted = "accepted"
	resultRefused  = "refused" // or it failed: the words go back to their field
	resultPending  = "pending" // stored, and not decided or settled yet
	resultAgain    = "again"   // perhaps not stored
)

// status is what the page's script is told.
func (a *answer) status() string {
	switch {
	case a.problem.busy():
		return resultAgain
	case a.problem.status != 0:
		return resultRefused
	case !a.outcome.Status.Final():
		return resultPending
	}
	return resultAccepted
}

// open says whether the outcome is not known: the same command, sent again under its
// id, will tell.
func (a *answer) open() bool { return a.status() == resultPending || a.status() == resultAgain }

// stays says whether the person stays on the page: what there is to say is said here.
func (a *answer) stays() bool { return a.target() == "" || a.said == "" }

// removed says whether the item that was to be removed is gone already: somebody was
// faster, and what was wanted is so.
func (a *answer) removed() bool {
	return a.kind.Type == removeCommand && a.outcome.Refusal != nil && a.outcome.Refusal.Code == list.ItemNotFound{}.Code()
}

// version is the first of the list that shows what was done: where nothing was left to
// do, the newest. 0: none does.
func (a *answer) version(ctx context.Context) int64 {
	if n := len(a.outcome.Events); n > 0 {
		return a.outcome.Events[n-1].Version
	}
	if a.outcome.Status != engine.Accepted || a.outcome.Stream.Type != listActor {
		return 0
	}
	l, err := a.server.source.list(ctx, a.outcome.Stream.ID, 0)
	if err != nil { // the page shows it all the same, if later
		return 0
	}
	return l.Head
}

func (a *answer) result(ctx context.Context) result {
	res := result{Command: a.in.form.Get(fieldCommand), Form: a.form, Status: a.status(), Target: a.target(), Said: a.said, Message: a.errors[""], Faults: a.faults()}
	if version := a.version(ctx); version > 0 {
		res.Version = strconv.FormatInt(version, 10)
	}
	return res
}
