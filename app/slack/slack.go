// Package slack announces finished items on Slack: it implements the reactor
// todos.slack_dispatcher.
//
// It owns the message's words and the rule that an item which is finished again is
// announced only when its text is another one than the time before. Calls happen
// at least once, each with a stable idempotency key; what fails is retried, then
// parked, by the engine. Only wiring may import it.
package slack

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/app/callout"
	"github.com/backstory-go/backstory/engine"
	gen "github.com/backstory-go/backstory/generated/todos"
	"github.com/backstory-go/backstory/generated/todos/ids"
	"github.com/backstory-go/backstory/generated/todos/list"
	"github.com/backstory-go/backstory/generated/todos/slackdispatcher"
)

// Service is the name by which lists know where an item was announced.
const Service = "Slack"

// Dispatcher is the reactor. Without a Webhook it makes no call and passes over
// its events.
type Dispatcher struct {
	Webhook string       // the incoming webhook's address, a secret
	BaseURL string       // of the app, for links: http://localhost:9292
	Client  *http.Client // nil: http.DefaultClient
}

var _ gen.SlackDispatcherHandler = Dispatcher{}

// OnItemDone posts the finished item, unless it had this text when it was finished
// the time before.
func (d Dispatcher) OnItemDone(ctx context.Context, m engine.Meta, state *slackdispatcher.State, event list.ItemDone, dispatch gen.SlackDispatcherOnItemDoneDispatcher) error {
	item, known := state.Items[event.ID]
	if d.Webhook == "" || !known || item.Done == item.DoneBefore {
		return nil
	}
	id, err := ids.ParseList(m.Stream.ID)
	if err != nil {
		return err
	}
	call := callout.Call{Client: d.Client, URL: d.Webhook, Key: m.IdempotencyKey(), Body: map[string]string{"text": d.text(m, state.Name, item.Text)}}
	if _, err := call.Post(ctx); err != nil {
		return fmt.Errorf("post to Slack: %w", err)
	}
	dispatch.List.NotifyDispatched(id, list.NotifyDispatched{ID: event.ID, Service: Service})
	return nil
}

// OnItemDoneParked lets the list say that the item was not announced.
func (Dispatcher) OnItemDoneParked(_ context.Context, m engine.Meta, _ *slackdispatcher.State, parked engine.ParkedMessage, dispatch gen.SlackDispatcherOnItemDoneParkedDispatcher) error {
	id, err := ids.ParseList(m.Stream.ID)
	if err != nil {
		return err
	}
	if event, ok := parked.Event.(list.ItemDone); ok {
		dispatch.List.NotifyFailed(id, list.NotifyFailed{ID: event.ID, Service: Service})
	}
	return nil
}

// text is the message in Slack's own markup.
func (d Dispatcher) text(m engine.Meta, name, item string) string {
	by := "somebody"
	if m.By != "" {
		by = "@" + escape(m.By)
	}
	return fmt.Sprintf("“%s” was done by %s in <%s/todo-lists/%s|%s>", escape(item), by, d.BaseURL, m.Stream.ID, escape(name))
}

// escape keeps a person's text from being read as markup.
func escape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "|", "❘", "\n", " ").Replace(text)
}

// NameConfirmed folds the list's current name.
func (Dispatcher) NameConfirmed(_ engine.Meta, state *slackdispatcher.State, event list.NameConfirmed) {
	state.Name = event.Name
}

// NameUpdated folds the list's current name.
func (Dispatcher) NameUpdated(_ engine.Meta, state *slackdispatcher.State, event list.NameUpdated) {
	state.Name = event.Name
}

// ItemAdded folds the item's text.
func (Dispatcher) ItemAdded(_ engine.Meta, state *slackdispatcher.State, event list.ItemAdded) {
	change(state, event.ID, func(item *slackdispatcher.Item) { item.Text = event.Text })
}

// ItemTextUpdated folds the item's new text.
func (Dispatcher) ItemTextUpdated(_ engine.Meta, state *slackdispatcher.State, event list.ItemTextUpdated) {
	change(state, event.ID, func(item *slackdispatcher.Item) { item.Text = event.Text })
}

// ItemDone folds with which text the item was finished, this time and the time before.
func (Dispatcher) ItemDone(_ engine.Meta, state *slackdispatcher.State, event list.ItemDone) {
	change(state, event.ID, func(item *slackdispatcher.Item) { item.Done, item.DoneBefore = item.Text, item.Done })
}

// ItemRemoved forgets the item, unless it was finished: it may come back, as it
// was, by undoing or restoring, and is not to be announced again for that.
func (Dispatcher) ItemRemoved(_ engine.Meta, state *slackdispatcher.State, event list.ItemRemoved) {
	if state.Items[event.ID].Done == "" {
		delete(state.Items, event.ID)
	}
}

// Deleted forgets the list's items.
func (Dispatcher) Deleted(_ engine.Meta, state *slackdispatcher.State, _ list.Deleted) {
	state.Items = nil
}

func change(state *slackdispatcher.State, id uuid.UUID, how func(*slackdispatcher.Item)) {
	if state.Items == nil {
		state.Items = map[uuid.UUID]slackdispatcher.Item{}
	}
	item := state.Items[id]
	how(&item)
	state.Items[id] = item
}
