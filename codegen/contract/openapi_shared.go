package contract

// outcomeOperation reads what became of a command.
func outcomeOperation() object {
	return object{
		{"operationId", "outcome"},
		{"tags", list{"outcomes"}},
		{"summary", "What became of a command."},
		{"parameters", list{pathParameter("id", "The command's id.", formatted("uuid", ""))}},
		{"responses", append(object{
			{"200", response("Its outcome so far.", reference("#/components/schemas/Outcome"))},
		}, readFaults()...)},
	}
}

// stateOperation reads a stream's state.
func (o *openAPI) stateOperation() object {
	states := list{}
	for _, a := range o.actors {
		states = append(states, o.schemas.state(a))
	}
	state := object{{"type", "object"}}
	switch len(states) {
	case 0:
	case 1:
		state = states[0].(object)
	default:
		state = object{{"anyOf", states}}
	}
	return object{
		{"operationId", "stream_state"},
		{"tags", list{"streams"}},
		{"summary", "The state of a stream, now or at an earlier time."},
		{"parameters", append(o.streamParameters(), object{
			{"name", "at"}, {"in", "query"},
			{"description", "A version of the stream, or a moment. Absent: now."},
			{"schema", object{{"anyOf", list{bounded("", 0), formatted("date-time", "")}}}},
		})},
		{"responses", append(object{
			{"200", response("The state at that time.", record("",
				required("type", of("string", "The type of its actor.")),
				required("id", of("string", "The stream's id.")),
				required("version", bounded("How many events had been stored.", 0)),
				required("at", formatted("date-time", "When the last of them was stored.")),
				required("state", state)))},
		}, readFaults()...)},
	}
}

// eventsOperation reads a stream's events, page by page.
func (o *openAPI) eventsOperation() object {
	return object{
		{"operationId", "stream_events"},
		{"tags", list{"streams"}},
		{"summary", "The events of a stream, oldest first."},
		{"parameters", append(o.streamParameters(), object{
			{"name", "after"}, {"in", "query"},
			{"description", "Only events after this version: the next of the page before."},
			{"schema", bounded("", 0)},
		})},
		{"responses", append(object{
			{"200", response("A page of events.", record("",
				required("events", arrayOf(reference("#/components/schemas/Event"), "")),
				optional("next", object{{"type", list{"integer", "null"}}, {"description", "What to ask for after this page; absent or null: nothing is left."}})))},
		}, readFaults()...)},
	}
}

func (o *openAPI) streamParameters() list {
	types := list{}
	for _, a := range o.actors {
		types = append(types, a.Type())
	}
	schema := object{{"type", "string"}}
	if len(types) > 0 {
		schema = schema.with("enum", types)
	}
	return list{
		pathParameter("type", "The type of the actor.", schema),
		pathParameter("id", "The stream's id, percent-encoded.", object{{"type", "string"}}),
	}
}

func pathParameter(name, description string, schema object) object {
	return object{{"name", name}, {"in", "path"}, {"required", true}, {"description", description}, {"schema", schema}}
}

func readFaults() object {
	return object{
		{"401", reference("#/components/responses/Unauthorized")},
		{"404", reference("#/components/responses/NotFound")},
		{"410", reference("#/components/responses/Gone")},
		{"422", reference("#/components/responses/Invalid")},
		{"503", reference("#/components/responses/Unavailable")},
	}
}

func parameters() object {
	return object{{"Prefer", object{
		{"name", "Prefer"}, {"in", "header"},
		{"description", "Wait so many seconds, at most 30, for the outcome."},
		{"schema", object{{"type", "string"}, {"pattern", "^wait=([0-9]|[12][0-9]|30)$"}}},
		{"example", "wait=5"},
	}}}
}

func sharedResponses() object {
	fault := func(name, description string) member {
		return member{name, object{{"description", description}, {"content", problemContent(reference("#/components/schemas/Problem"), nil)}}}
	}
	tooMany := fault("TooMany", "Too many commands wait already.")
	tooMany.value = tooMany.value.(object).with("headers", object{{"Retry-After", object{
		{"description", "After how many seconds to try again."}, {"schema", bounded("", 0)},
	}}})
	return object{
		fault("Unauthorized", "There is no session."),
		fault("NotFound", "not_found: there is no such stream, command or command type."),
		fault("Gone", "expired or archived: it is no longer kept."),
		fault("TooLarge", "The request is too large."),
		fault("Invalid", "invalid: the request breaks its schema; faults says where."),
		tooMany,
		fault("Failed", "failed: the command's handling failed."),
		fault("Unavailable", "The database cannot be reached."),
	}
}

func sharedSchemas() object {
	anything := func(description string) object {
		return object{{"type", "object"}, {"description", description}, {"additionalProperties", true}}
	}
	return object{
		{"Event", eventRecord("An event as it is exported.",
			optional("kind", object{{"const", "event"}}),
			required("data", anything("What the event says, by the schema of its type and version.")))},
		{"Outcome", record("What became of a command.",
			required("id", formatted("uuid", "The command's id.")),
			required("type", of("string", "The command's type.")),
			required("stream", of("string", "The stream that it was for: type/id.")),
			required("status", object{{"type", "string"}, {"enum", list{"pending", "scheduled", "settling", "accepted", "refused", "failed", "cancelled"}}}),
			required("events", arrayOf(reference("#/components/schemas/OutcomeEvent"), "What it stored.")),
			optional("archived", bounded("How many of its events were moved out of the log, before those that are listed.", 1)),
			optional("refusal", reference("#/components/schemas/Refusal")))},
		{"OutcomeEvent", record("",
			required("id", formatted("uuid", "The event's identity.")),
			required("type", of("string", "The event's type.")),
			required("position", bounded("Its place in the log.", 1)),
			required("version", bounded("Its place in the stream.", 1)),
			required("at", formatted("date-time", "When it was stored.")),
			required("data", anything("What the event says.")))},
		{"Problem", record("A refusal or fault, by RFC 9457.",
			optional("type", formatted("uri-reference", "Names the kind of problem.")),
			required("title", of("string", "What is wrong, for a person.")),
			required("status", of("integer", "The status of the answer.")),
			optional("detail", of("string", "More about this case.")),
			required("code", of("string", "What is wrong, for a program.")),
			optional("command_id", formatted("uuid", "The command that was refused.")),
			optional("faults", arrayOf(record("",
				required("pointer", of("string", "Where in the data, a JSON pointer (RFC 6901).")),
				required("message", of("string", "What is wrong there, to be read after the field's name."))), "Every fault of the data.")))},
		{"Refusal", record("Why a command was refused.",
			required("code", of("string", "A declared refusal of the command, or a built-in one.")),
			required("message", of("string", "The reason, for a person.")),
			optional("at", of("string", "The property whose field shows it.")),
			optional("data", anything("The refusal's own fields.")))},
	}
}
