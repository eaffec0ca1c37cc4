package contract

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
)

// AsyncAPI writes an AsyncAPI 3.0 document: a channel for each actor's streams,
// with its commands and events as messages, older versions of events included.
// Operations are those of a program that uses the system: it sends the commands
// that are not internal and receives the events. It fails only for a System that
// model.Build would not have made.
func AsyncAPI(sys *model.System) ([]byte, error) {
	a := &asyncAPI{schemas: newSchemas(sys)}
	for _, c := range sys.Contexts {
		for _, actor := range c.Actors {
			a.actor(actor)
		}
	}
	components, err := a.schemas.components()
	if err != nil {
		return nil, err
	}
	components = append(components, headerSchemas()...)
	return document(object{
		{"asyncapi", "3.0.0"},
		{"info", object{
			{"title", systemName(sys)},
			{"version", documentVersion},
			{"description", "The commands that this system accepts and the events that it stores. Operations are written from the side of a program that uses it: it sends commands and receives events. A message's payload is the data of a command or event, its headers are what stands around the data."},
		}},
		{"defaultContentType", "application/json"},
		{"channels", a.channels},
		{"operations", a.operations},
		{"components", object{{"messages", a.messages}, {"schemas", components}}},
	})
}

// documentVersion is the version of both documents' form. Messages evolve by
// versions of their own, and the documents with them.
const documentVersion = "1.0.0"

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// systemName is the last telling part of the module path.
func systemName(sys *model.System) string {
	module := strings.TrimSuffix(sys.Module, "/")
	if majorVersion.MatchString(path.Base(module)) {
		module = path.Dir(module)
	}
	name := path.Base(module)
	if name == "." || name == "/" {
		return "System"
	}
	return model.Label(name)
}

// asyncAPI collects the parts of the document.
type asyncAPI struct {
	schemas                        *schemas
	channels, operations, messages object
}

func (a *asyncAPI) actor(actor *model.Actor) {
	messages := object{}
	for _, c := range actor.Commands {
		messages = messages.with(c.Type, reference("#/components/messages/"+c.Type))
		a.messages = a.messages.with(c.Type, a.command(c))
		if !c.Internal {
			a.operation("send", actor, &c.Message, "Send "+model.Phrase(c.Name), []string{c.Type})
		}
	}
	for _, e := range actor.Events {
		names := []string{}
		for _, version := range append([]*model.Event{e}, e.Older...) {
			name := e.Type
			if version != e {
				name = versioned(version)
			}
			names = append(names, name)
			messages = messages.with(name, reference("#/components/messages/"+name))
			a.messages = a.messages.with(name, a.event(version))
		}
		a.operation("receive", actor, &e.Message, "Receive "+model.Phrase(e.Name), names)
	}
	a.channels = a.channels.with(actor.Type(), object{
		{"address", actor.Type() + "/{stream_id}"},
		{"title", model.Label(actor.Name)},
	}.text("description", markdown(actor.Doc)).
		with("messages", messages).
		with("parameters", object{{"stream_id", object{{"description", identity(actor)}}}}))
}

// identity says what a stream's id is. An AsyncAPI parameter has no schema.
func identity(a *model.Actor) string {
	text := "Identifies one stream of " + a.Type()
	switch {
	case len(a.ID.Composite) > 0:
		text += ": made of " + strings.Join(a.ID.Composite, ", ")
	case a.ID.Type.Kind != model.String:
		text += ": a " + format(a.ID.Type.Kind)
	}
	if len(a.ID.Normalize) > 0 {
		text += "; normalised: " + strings.Join(a.ID.Normalize, ", ")
	}
	return text + "."
}

func (a *asyncAPI) operation(action string, actor *model.Actor, m *model.Message, title string, names []string) {
	var messages list
	for _, name := range names {
		messages = append(messages, reference("#/channels/"+actor.Type()+"/messages/"+name))
	}
	a.operations = a.operations.with(m.Type, object{
		{"action", action},
		{"channel", reference("#/channels/" + actor.Type())},
		{"title", title},
	}.text("summary", firstSentence(m.Doc)).
		with("messages", messages))
}

func (a *asyncAPI) command(c *model.Command) object {
	kind := "command"
	if c.Internal {
		kind = "internal command"
	}
	return a.message(&c.Message, model.Label(c.Name), kind, commandNotes(c)).
		with("headers", reference("#/components/schemas/CommandHeaders")).
		with("payload", a.schemas.body(c.Body)).
		examples(&c.Message)
}

func (a *asyncAPI) event(e *model.Event) object {
	var notes []string
	if e.Version > 1 || len(e.Older) > 0 {
		notes = append(notes, fmt.Sprintf("Schema version %d.", e.Version))
	}
	if e.Retired {
		notes = append(notes, "Retired: it is in the log, and no longer stored.")
	}
	return a.message(&e.Message, model.Label(e.Name), "event", notes).
		with("correlationId", object{{"location", "$message.header#/correlation"}}).
		with("headers", reference("#/components/schemas/EventHeaders")).
		with("payload", a.schemas.body(e.Body)).
		examples(&e.Message)
}

func (a *asyncAPI) message(m *model.Message, title, kind string, notes []string) object {
	return object{{"name", m.Type}, {"title", title}}.
		text("summary", firstSentence(m.Doc)).
		text("description", paragraphs(markdown(m.Doc), notes)).
		with("tags", list{object{{"name", kind}}})
}

// examples adds a message's examples.
func (o object) examples(m *model.Message) object {
	var out list
	for _, e := range examples(m) {
		out = append(out, object{{"payload", e}})
	}
	if out == nil {
		return o
	}
	return o.with("examples", out)
}

// commandNotes says what becomes of a command.
func commandNotes(c *model.Command) []string {
	var notes []string
	if c.Internal {
		notes = append(notes, "Internal: only reactions of the system send it.")
	}
	if len(c.Emits) > 0 {
		names := make([]string, len(c.Emits))
		for i, e := range c.Emits {
			names[i] = "`" + e.Type + "`"
		}
		notes = append(notes, "Emits "+strings.Join(names, ", ")+".")
	}
	if refusals := declared(c); len(refusals) > 0 {
		lines := make([]string, len(refusals))
		for i, r := range refusals {
			lines[i] = "- `" + r.Code + "`: " + markdown(oneLine(r.Text))
		}
		notes = append(notes, "Refusals:\n\n"+strings.Join(lines, "\n"))
	}
	return notes
}

// declared are the refusals that a command's handler or its settling event can
// bring, each once.
func declared(c *model.Command) []*model.Refusal {
	list := c.Rejects[:len(c.Rejects):len(c.Rejects)]
	if c.Settles == nil {
		return list
	}
	seen := map[string]bool{}
	for _, r := range list {
		seen[r.Code] = true
	}
	for _, s := range c.Settles.Refused {
		if !seen[s.Refusal.Code] {
			seen[s.Refusal.Code] = true
			list = append(list, s.Refusal)
		}
	}
	return list
}

func headerSchemas() object {
	return object{
		{"CommandHeaders", record("What is sent beside a command's data.",
			required("stream_id", of("string", "The stream that it is for.")),
			optional("id", formatted("uuid", "Makes sending twice safe: the same id is handled once.")),
			optional("if_version", bounded("Refused with changed when the stream is past this version.", 0)))},
		{"EventHeaders", eventRecord("What is stored beside an event's data.")},
	}
}
