package contract

import (
	"fmt"

	"github.com/backstory-go/backstory/codegen/model"
)

// OpenAPI writes an OpenAPI 3.1 document of the JSON API: one path for each
// command that is not internal, the outcome of a command, and what a stream
// holds. It describes the API as the project's contract fixes it, whether or not
// an app serves it yet. It fails only for a System that model.Build would not
// have made.
func OpenAPI(sys *model.System) ([]byte, error) {
	o := &openAPI{schemas: newSchemas(sys)}
	for _, c := range sys.Contexts {
		for _, actor := range c.Actors {
			o.actor(actor)
		}
	}
	o.paths = append(o.paths, object{
		{"/api/commands/{id}", object{{"get", outcomeOperation()}}},
		{"/api/streams/{type}/{id}", object{{"get", o.stateOperation()}}},
		{"/api/streams/{type}/{id}/events", object{{"get", o.eventsOperation()}}},
	}...)
	o.tags = append(o.tags,
		object{{"name", "outcomes"}, {"description", "What became of a command."}},
		object{{"name", "streams"}, {"description", "What an actor's stream holds, now or at an earlier time."}})
	components, err := o.schemas.components()
	if err != nil {
		return nil, err
	}
	return document(object{
		{"openapi", "3.1.0"},
		{"info", object{
			{"title", systemName(sys)},
			{"version", documentVersion},
			{"description", "Commands go in, outcomes and events come out. Every request carries the session cookie that a login sets."},
		}},
		{"servers", list{object{{"url", "/"}}}},
		{"security", list{object{{"session", list{}}}}},
		{"tags", o.tags},
		{"paths", o.paths},
		{"components", object{
			{"securitySchemes", object{{"session", object{{"type", "apiKey"}, {"in", "cookie"}, {"name", "session"}, {"description", "Set by POST /login."}}}}},
			{"parameters", parameters()},
			{"responses", sharedResponses()},
			{"schemas", append(components, sharedSchemas()...)},
		}},
	})
}

// actor adds the paths of an actor's commands.
func (o *openAPI) actor(a *model.Actor) {
	o.actors = append(o.actors, a)
	before := len(o.paths)
	for _, cmd := range a.Commands {
		if !cmd.Internal {
			o.paths = o.paths.with("/api/commands/"+cmd.Type, object{{"post", o.submit(cmd)}})
		}
	}
	if len(o.paths) > before {
		o.tags = append(o.tags, object{{"name", a.Type()}, {"description", orElse(markdown(a.Doc), "Commands of "+a.Type()+".")}})
	}
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// openAPI collects the parts of the document.
type openAPI struct {
	schemas *schemas
	actors  []*model.Actor
	tags    list
	paths   object
}

// submit is the operation of one command.
func (o *openAPI) submit(c *model.Command) object {
	return object{{"operationId", c.Type}, {"tags", list{c.Actor.Type()}}}.
		with("summary", orElse(firstSentence(c.Doc), model.Label(c.Name))).
		text("description", paragraphs(markdown(c.Doc), commandNotes(c))).
		with("parameters", list{reference("#/components/parameters/Prefer")}).
		with("requestBody", object{{"required", true}, {"content", jsonContent(o.request(c), requestExamples(c))}}).
		with("responses", object{
			{"200", response("The outcome, because the request asked to wait for it.", reference("#/components/schemas/Outcome"))},
			{"202", object{
				{"description", "The command is stored and will be handled."},
				{"headers", object{{"Location", object{{"description", "Where its outcome can be read."}, {"schema", formatted("uri-reference", "")}}}}},
			}},
			{"401", reference("#/components/responses/Unauthorized")},
			{"404", reference("#/components/responses/NotFound")},
			{"409", conflict(c)},
			{"410", reference("#/components/responses/Gone")},
			{"413", reference("#/components/responses/TooLarge")},
			{"422", reference("#/components/responses/Invalid")},
			{"429", reference("#/components/responses/TooMany")},
			{"500", reference("#/components/responses/Failed")},
			{"503", reference("#/components/responses/Unavailable")},
		})
}

func (o *openAPI) request(c *model.Command) object {
	return record("",
		optional("id", formatted("uuid", "Makes sending twice safe: the same id is handled once.")),
		required("stream_id", o.streamID(c.Actor)),
		optional("if_version", bounded("Refused with changed when the stream is past this version.", 0)),
		required("data", o.schemas.body(c.Body))).with("additionalProperties", false)
}

func (o *openAPI) streamID(a *model.Actor) object {
	return append(o.schemas.typ(a.ID.Type), member{"description", identity(a)})
}

// requestExamples puts a command's examples into requests, with a stream that
// anybody can recognise as made up.
func requestExamples(c *model.Command) object {
	t := c.Actor.ID.Type
	if t.Kind != model.UUID || t.Checks != (model.Checks{}) {
		return nil // no id is known to be valid
	}
	out := object{}
	for i, e := range examples(&c.Message) {
		out = out.with(fmt.Sprintf("example_%d", i+1), object{{"value", object{
			{"stream_id", "01890a5d-ac96-774b-bcce-b302099a8057"}, {"data", e},
		}}})
	}
	return out
}

// conflict lists the codes with which a command can be refused.
func conflict(c *model.Command) object {
	codes, shown := list{}, object{}
	add := func(code, text string) {
		codes = append(codes, code)
		shown = shown.with(code, object{{"value", object{{"title", text}, {"status", 409}, {"code", code}}}})
	}
	for _, r := range declared(c) {
		add(r.Code, oneLine(r.Text))
	}
	if c.Creates == model.CreatesYes {
		add("already_exists", "This already exists.")
	}
	add("changed", "This was changed in the meantime.")
	add("id_reused", "Another command was sent under this id.")
	schema := object{{"allOf", list{
		reference("#/components/schemas/Problem"),
		object{{"type", "object"}, {"properties", object{{"code", object{{"enum", codes}}}}}, {"required", list{"code"}}},
	}}}
	return object{{"description", "The command was refused."}, {"content", problemContent(schema, shown)}}
}

// jsonContent is the content of a JSON body.
func jsonContent(schema, examples object) object {
	return object{{"application/json", media(schema, examples)}}
}

// problemContent is the content of an answer of RFC 9457.
func problemContent(schema, examples object) object {
	return object{{"application/problem+json", media(schema, examples)}}
}

func media(schema, examples object) object {
	out := object{{"schema", schema}}
	if len(examples) > 0 {
		out = out.with("examples", examples)
	}
	return out
}

func response(description string, schema object) object {
	return object{{"description", description}, {"content", jsonContent(schema, nil)}}
}
