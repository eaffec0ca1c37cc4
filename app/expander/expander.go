// Package expander splits a long item into smaller ones with the help of a
// language model behind an OpenAI-compatible API: it implements the reactor
// todos.ai_expander.
//
// It owns the question and the reading of the answer, and for how long somebody is
// kept waiting: a failure is tried again a few times by the engine; then, and when
// the answer is of no use, the item is given back, so that whoever wished it can
// wish it again. Nothing is left parked: it would hold up that next wish, and an
// answer that came later would find the item given back. Only wiring may import it.
package expander

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/app/callout"
	"github.com/backstory-go/backstory/engine"
	gen "github.com/backstory-go/backstory/generated/todos"
	"github.com/backstory-go/backstory/generated/todos/ids"
	"github.com/backstory-go/backstory/generated/todos/list"
	"github.com/backstory-go/backstory/generated/todos/types"
)

const (
	mostLines = 20
	mostRunes = 200

	question = "You split a task of a todo list into smaller tasks. Answer with a JSON array of short strings and nothing else, in the language of the task, in the order in which they are to be done. Answer [] when it cannot be split."
)

// Expander is the reactor. Without a Key it makes no call and gives items back.
type Expander struct {
	Key     string       // of the API, a secret
	BaseURL string       // https://api.openai.com/v1
	Model   string       // gpt-4o-mini
	Client  *http.Client // nil: http.DefaultClient
	Tries   int          // before the item is given back; 0: 5, which is some ten seconds beside the calls
}

const usualTries = 5

var _ gen.AIExpanderHandler = Expander{}

// OnExpansionStarted asks for smaller items.
func (x Expander) OnExpansionStarted(ctx context.Context, m engine.Meta, event list.ExpansionStarted, dispatch gen.AIExpanderOnExpansionStartedDispatcher) error {
	id, err := ids.ParseList(m.Stream.ID)
	if err != nil {
		return err
	}
	if x.Key == "" {
		dispatch.List.EndExpansion(id, list.EndExpansion{ID: event.ID, Reason: types.ReasonFailed})
		return nil
	}
	lines, err := x.ask(ctx, m, event.Text)
	if err != nil && ctx.Err() == nil && m.Attempt >= cmp.Or(x.Tries, usualTries) {
		dispatch.List.EndExpansion(id, list.EndExpansion{ID: event.ID, Reason: types.ReasonFailed})
		return nil
	}
	if err != nil {
		return fmt.Errorf("ask the language model: %w", err)
	}
	if len(lines) == 0 {
		dispatch.List.EndExpansion(id, list.EndExpansion{ID: event.ID, Reason: types.ReasonEmpty})
		return nil
	}
	dispatch.List.ReplaceItem(id, list.ReplaceItem{ID: event.ID, Lines: lines})
	return nil
}

// OnExpansionStartedRefused gives the item back: the list was archived meanwhile.
func (Expander) OnExpansionStartedRefused(_ context.Context, m engine.Meta, refused engine.RefusedCommand, dispatch gen.AIExpanderOnExpansionStartedRefusedDispatcher) error {
	id, err := ids.ParseList(m.Stream.ID)
	if err != nil {
		return err
	}
	if cmd, ok := refused.Command.(list.ReplaceItem); ok {
		dispatch.List.EndExpansion(id, list.EndExpansion{ID: cmd.ID, Reason: types.ReasonRefused})
	}
	return nil
}

// OnExpansionStartedParked gives the item back, should the engine have fewer tries:
// nobody could be asked.
func (Expander) OnExpansionStartedParked(_ context.Context, m engine.Meta, parked engine.ParkedMessage, dispatch gen.AIExpanderOnExpansionStartedParkedDispatcher) error {
	id, err := ids.ParseList(m.Stream.ID)
	if err != nil {
		return err
	}
	if item, ok := itemOf(parked); ok {
		dispatch.List.EndExpansion(id, list.EndExpansion{ID: item, Reason: types.ReasonFailed})
	}
	return nil
}

// itemOf is the item that the parked message is about.
func itemOf(parked engine.ParkedMessage) (uuid.UUID, bool) {
	switch message := parked.Command.(type) {
	case list.ReplaceItem:
		return message.ID, true
	case list.EndExpansion:
		return message.ID, true
	}
	event, ok := parked.Event.(list.ExpansionStarted)
	return event.ID, ok
}

// ask makes the call; an answer that names no smaller item is an empty list.
func (x Expander) ask(ctx context.Context, m engine.Meta, text string) ([]string, error) {
	type message struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	}
	call := callout.Call{
		Client: x.Client, URL: strings.TrimRight(x.BaseURL, "/") + "/chat/completions", Key: m.IdempotencyKey(), Bearer: x.Key,
		Body: map[string]any{"model": x.Model, "messages": []message{{"system", question}, {"user", text}}},
	}
	body, err := call.Post(ctx)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Choices []struct {
			Message message `json:"message"`
		} `json:"choices"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || len(answer.Choices) == 0 {
		return nil, fmt.Errorf("the answer is not that of a chat completion")
	}
	return linesOf(answer.Choices[0].Message.Content), nil
}

// linesOf reads the JSON array in an answer, with or without words around it, and
// leaves out what is no item's text.
func linesOf(content string) []string {
	start, end := strings.Index(content, "["), strings.LastIndex(content, "]")
	if start < 0 || end < start {
		return nil
	}
	var texts []string
	if err := json.Unmarshal([]byte(content[start:end+1]), &texts); err != nil {
		return nil
	}
	var lines []string
	for _, text := range texts {
		text = strings.Join(strings.Fields(text), " ")
		if text != "" && utf8.RuneCountInString(text) <= mostRunes && len(lines) < mostLines {
			lines = append(lines, text)
		}
	}
	return lines
}
