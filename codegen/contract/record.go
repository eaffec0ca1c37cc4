package contract

// property is one member of a schema that no schema file describes, such as an
// outcome.
type property struct {
	name     string
	schema   object
	required bool
}

func required(name string, schema object) property { return property{name, schema, true} }
func optional(name string, schema object) property { return property{name, schema, false} }

// record is the schema of an object.
func record(description string, properties ...property) object {
	members, names := object{}, list{}
	for _, p := range properties {
		members = members.with(p.name, p.schema)
		if p.required {
			names = append(names, p.name)
		}
	}
	out := object{{"type", "object"}}.text("description", description).with("properties", members)
	if len(names) > 0 {
		out = out.with("required", names)
	}
	return out
}

func of(typ, description string) object {
	return object{{"type", typ}}.text("description", description)
}

func formatted(format, description string) object {
	return object{{"type", "string"}, {"format", format}}.text("description", description)
}

// bounded is an integer of at least that much.
func bounded(description string, minimum int) object {
	return object{{"type", "integer"}, {"minimum", minimum}}.text("description", description)
}

func arrayOf(items object, description string) object {
	return object{{"type", "array"}, {"items", items}}.text("description", description)
}

// eventRecord describes an exported event, with what is given beside its
// envelope.
func eventRecord(description string, more ...property) object {
	return record(description, append([]property{
		required("position", bounded("Its place in the log; gaps are possible.", 1)),
		required("id", formatted("uuid", "The event's identity.")),
		required("stream", of("string", "The stream that it belongs to: type/id.")),
		required("version", bounded("Its place in the stream, from 1.", 1)),
		required("type", of("string", "The event's type, e.g. the name of its message.")),
		required("schema_version", bounded("The version of its schema.", 1)),
		required("at", formatted("date-time", "When it was stored.")),
		required("by", of("string", "Who caused it; empty: nobody in particular.")),
		required("correlation", formatted("uuid", "What all that follows from one command has in common.")),
		required("causation", formatted("uuid", "The message that led to it.")),
	}, more...)...)
}
