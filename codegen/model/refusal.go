package model

import (
	"regexp"
	"slices"

	"github.com/backstory-go/backstory/codegen/source"
)

// refusalCodes collects the definitions of a component's codes, from actor.json
// and from the commands that define their own.
func (b *builder) refusalCodes(c *component) {
	if c.main != nil && c.main.root != nil && c.kind() == "actor" {
		b.defineRefusals(c, c.main, c.main.root.Get("x-rejects"))
	}
	for _, name := range sortedKeys(c.commands) {
		if f := c.commands[name]; f.root != nil {
			b.defineRefusals(c, f, f.root.Get("x-rejects"))
		}
	}
}

func builtinCodes() []string {
	return []string{"not_found", "already_exists", "invalid", "changed", "id_reused", "expired", "out_of_range"}
}

func (b *builder) defineRefusals(c *component, f *file, codes *source.Node) {
	if !codes.Is(source.Object) {
		return
	}
	for _, m := range codes.Members {
		switch first := c.refusals[m.Key]; {
		case !validName(m.Key):
			b.fault(m.Pos(), codeName, "use lower-case words joined by single underscores, such as not_active", "%q is no name for a refusal", m.Key)
		case slices.Contains(builtinCodes(), m.Key):
			b.fault(m.Pos(), codeBuiltin, "choose another code", "%q is a refusal of the engine and means the same everywhere", m.Key)
		case first != nil:
			b.fault(m.Pos(), codeRefusalTwice, "define it once in actor.json, and write \"x-rejects\": ["+`"`+m.Key+`"`+"] in the commands", "the refusal %q is defined already (%s)", m.Key, first.Pos)
		default:
			c.refusals[m.Key] = b.refusal(f, m)
			c.refusalOwner[m.Key] = f.kind
		}
	}
}

func (b *builder) refusal(f *file, m *source.Member) *Refusal {
	name, _ := goName(m.Key)
	r := &Refusal{Code: m.Key, GoName: name, Text: m.Value.Str(), Pos: m.Pos()}
	if !m.Value.Is(source.Object) {
		return r
	}
	r.Text, r.At = m.Value.Get("description").Str(), m.Value.Get("at").Str()
	if own := m.Value.Get("x-go-name").Str(); own != "" {
		r.GoName = own
	}
	data := m.Value.Get("data")
	if !data.Is(source.Object) {
		return r
	}
	if name, _ := typeName(data); name != "object" && data.Get("$ref") == nil && data.Get("allOf") == nil || isMap(data) || b.nullable(data) {
		b.fault(data.Pos(), codeRoot, "write an object with the refusal's fields as properties", "the data of a refusal is an object with properties")
		return r
	}
	s := site{file: f, name: r.GoName}
	r.Data = &Object{}
	b.annotate(s, data)
	if data.Get("$ref") != nil {
		b.keywords(data, "a reference", b.allowed(s, "$ref"))
		b.borrow(r.Data, s, data)
	} else {
		b.keywords(data, "an object", b.allowed(s, with(objectKeywords(), []string{"unevaluatedProperties"})...))
		b.fill(r.Data, s, data)
	}
	b.methodNames(r.Data, "Code", "Message", "Field")
	return r
}

// rejects lists the refusals of one command.
func (b *builder) rejects(c *component, f *file, cmd *Command) {
	list := f.root.Get("x-rejects")
	if list.Is(source.Object) {
		for _, m := range list.Members {
			if r := c.refusals[m.Key]; r != nil && r.Pos == m.Pos() {
				cmd.Rejects = append(cmd.Rejects, r)
				if at := m.Value.Get("at"); at.Is(source.String) && cmd.Body != nil && cmd.Body.field(r.At) == nil {
					b.fault(at.Pos(), codeAt, suggestion(r.At, cmd.Body.fieldList(), "name a property of the command, or delete it"), "the command has no property %q", r.At)
				}
			}
		}
		return
	}
	for _, ref := range texts(list) {
		r := b.actorRefusal(c, ref)
		switch {
		case r == nil:
		case slices.Contains(cmd.Rejects, r):
			b.twice(ref)
		default:
			cmd.Rejects = append(cmd.Rejects, r)
		}
	}
}

// actorRefusal finds a code that must be defined in actor.json.
func (b *builder) actorRefusal(c *component, ref *source.Node) *Refusal {
	if r := c.refusals[ref.Text]; r != nil && c.refusalOwner[ref.Text] == "actor" {
		return r
	}
	if c.main == nil || c.main.root == nil {
		return nil
	}
	var shared []string
	for _, code := range sortedKeys(c.refusals) {
		if c.refusalOwner[code] == "actor" {
			shared = append(shared, code)
		}
	}
	if slices.Contains(builtinCodes(), ref.Text) {
		b.fault(ref.Pos(), codeBuiltin, "delete it here: the engine refuses so by itself", "%q is a refusal of the engine, and no handler returns it", ref.Text)
		return nil
	}
	b.fault(ref.Pos(), codeRefusal, suggestion(ref.Text, shared, "add it, with a sentence for people, to \"x-rejects\" in actor.json"), "the refusal %q is not defined in actor.json", ref.Text)
	return nil
}

// checkAt wants the place of an actor's refusal to exist in some command that
// gives it; others show it at the top of their forms.
func (b *builder) checkAt(c *component) {
	codes := c.main.root.Get("x-rejects")
	if !codes.Is(source.Object) {
		return
	}
	for _, m := range codes.Members {
		at, r := m.Value.Get("at"), c.refusals[m.Key]
		if !at.Is(source.String) || r == nil {
			continue
		}
		used, found := false, false
		var names []string
		for _, name := range sortedKeys(c.commandsOut) {
			cmd := c.commandsOut[name]
			if cmd.Body == nil || !slices.Contains(cmd.Rejects, r) {
				continue
			}
			used = true
			found = found || cmd.Body.field(at.Text) != nil
			names = append(names, cmd.Body.fieldList()...)
		}
		if used && !found {
			b.fault(at.Pos(), codeAt, suggestion(at.Text, names, "name a property of a command that gives this refusal, or delete it"), "no command with this refusal has a property %q", at.Text)
		}
	}
}

func (b *builder) settles(c *component, f *file, n *source.Node) *Settles {
	s := &Settles{Within: n.Get("within").Str()}
	b.duration(n.Get("within"))
	for _, ref := range texts(n.Get("accepted")) {
		if e := b.ownEvent(f, ref); e != nil {
			s.Accepted = append(s.Accepted, e)
		}
	}
	refused := n.Get("refused")
	if !refused.Is(source.Object) {
		return s
	}
	for _, m := range refused.Members {
		if !m.Value.Is(source.String) {
			continue
		}
		// The code is a key, and faults about it belong there.
		code := &source.Node{Kind: source.String, Text: m.Key}
		e := b.ownEvent(f, m.Value)
		r := c.refusals[m.Key]
		if r == nil || c.refusalOwner[m.Key] != "actor" {
			b.fault(m.Pos(), codeRefusal, "add it, with a sentence for people, to \"x-rejects\" in actor.json", "the refusal %q is not defined in actor.json", code.Text)
			continue
		}
		if e != nil {
			s.Refused = append(s.Refused, SettledRefusal{Refusal: r, Event: e})
			b.settledData(m.Value, r, e)
		}
	}
	return s
}

// settledData wants the event that brings a refusal to have the refusal's
// fields, with their types.
func (b *builder) settledData(at *source.Node, r *Refusal, e *Event) {
	if r.Data == nil || e.Body == nil {
		return
	}
	for _, field := range r.Data.Fields {
		have := e.Body.field(field.Name)
		switch {
		case have == nil && field.Required:
			b.fault(at.Pos(), codeSettles, "add the property to the event, or take it out of the refusal's data", "the refusal %q has the field %q, but the event %s has no such property", r.Code, field.Name, e.Name)
		case have != nil && have.Type.Kind != field.Type.Kind:
			b.fault(at.Pos(), codeSettles, "give both the same type", "the field %q of the refusal %q has another type than in the event %s", field.Name, r.Code, e.Name)
		}
	}
}

var durationRule = regexp.MustCompile(`^P([0-9]{1,9}W|[0-9]{1,9}D|([0-9]{1,9}D)?T([0-9]{1,9}H([0-9]{1,9}M)?([0-9]{1,9}S)?|[0-9]{1,9}M([0-9]{1,9}S)?|[0-9]{1,9}S))$`)

// duration reads an ISO 8601 duration of fixed length.
func (b *builder) duration(n *source.Node) string {
	if n.Is(source.String) && !durationRule.MatchString(n.Text) {
		b.fault(n.Pos(), codeDuration, "write weeks (P2W), or days, hours, minutes and seconds (P1DT12H, PT10S); months and years have no fixed length", "%q is no duration", n.Text)
	}
	return n.Str()
}
