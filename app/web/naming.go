package web

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/backstory-go/backstory/engine"
)

// Undoing and restoring ask for a name among other things, and are accepted before
// it is known who has it. Whoever asked is told all the same.

const (
	nameAsked     = listActor + ".name_requested"
	nameConfirmed = listActor + ".name_confirmed"
	nameRefused   = listActor + ".name_refused"
	nameGivenUp   = listActor + ".name_given_up"
)

// awaitName waits for the name that the outcome's events ask for, and takes it as
// refused when another list has it, or nobody could find out. What takes longer than ctx, the page shows.
func (a *answer) awaitName(ctx context.Context) {
	at := slices.IndexFunc(a.outcome.Events, func(e engine.OutcomeEvent) bool { return e.Type == nameAsked })
	if at < 0 || a.outcome.Status != engine.Accepted {
		return
	}
	asked := a.outcome.Events[at]
	changes := a.server.cfg.Client.Hub().Subscribe(a.outcome.Stream.String())
	defer changes.Close()
	for {
		events, err := a.server.cfg.Client.Events(ctx, a.outcome.Stream, asked.Version, historyPage)
		if err != nil {
			return // the page shows what became of it
		}
		for _, r := range events {
			switch {
			case reservation(r.Data) != reservation(asked.Data):
			case r.Type == nameConfirmed:
				return
			case r.Type == nameRefused, r.Type == nameGivenUp:
				a.refuseName(r)
				return
			}
		}
		select {
		case <-changes.Changed():
		case <-ctx.Done():
			return
		}
	}
}

func (a *answer) refuseName(r engine.Recorded) {
	var data struct{ Name string }
	_ = json.Unmarshal(r.Data, &data) // its schema was checked when it was stored
	message := "Another list is called “" + data.Name + "” by now, so this one keeps its name."
	if r.Type == nameGivenUp {
		message = "The name “" + data.Name + "” could not be checked, so this one keeps its name. Please try again."
	}
	if len(a.outcome.Events) > 1 {
		message += " Everything else is as it was."
	}
	a.problem = problem{http.StatusUnprocessableEntity, message}
	a.errors = map[string]string{"": message}
}

// reservation is which reservation of a name an event is about.
func reservation(data json.RawMessage) string {
	var d struct {
		ID string `json:"reservation_id"`
	}
	_ = json.Unmarshal(data, &d) // none, where it is about something else
	return d.ID
}
