package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/backstory-go/backstory/codegen/dialect"
	"github.com/backstory-go/backstory/codegen/source"
	"github.com/santhosh-tekuri/jsonschema/v5"
)

const (
	draft2020 = "https://json-schema.org/draft/2020-12/schema"
	baseURL   = "backstory:///"
)

// newCompiler is a compiler that never leaves memory.
func newCompiler() *jsonschema.Compiler {
	c := jsonschema.NewCompiler()
	c.Draft = jsonschema.Draft2020
	c.AssertFormat = true
	c.LoadURL = func(url string) (io.ReadCloser, error) {
		return nil, fmt.Errorf("%s is not below schemas", url)
	}
	return c
}

// checkShapes validates each file as an instance of its kind's meta-schema. It
// is the net below the walk, which knows more and says it better: where the
// walk has a fault too, the net's is dropped (see castNet).
func (b *builder) checkShapes() {
	meta := metas()
	for _, f := range b.files {
		if f.root == nil {
			continue
		}
		b.checkSchemaLine(f)
		if !f.root.Is(source.Object) {
			b.fault(f.root.Pos(), codeRoot, "write an object that begins with "+schemaLine(f), "a schema file is an object, and this is %s", f.root.Kind)
			continue
		}
		var invalid *jsonschema.ValidationError
		if err := meta[f.kind].Validate(toAny(f.root, nil)); errors.As(err, &invalid) {
			b.shapeFaults(f, invalid)
		}
	}
}

// shape is a fault that only the meta-schema has found so far.
type shape struct {
	node  *source.Node
	fault source.Fault
}

// castNet keeps those shape faults about which the walk has said nothing.
func (b *builder) castNet() {
	own := map[string][]source.Pos{}
	for _, fault := range b.faults {
		own[fault.Pos.File] = append(own[fault.Pos.File], fault.Pos)
	}
	for _, s := range b.net {
		if s.node.Parent == nil || !slices.ContainsFunc(own[s.fault.Pos.File], s.node.Contains) {
			b.faults = append(b.faults, s.fault)
		}
	}
}

// metas are the compiled meta-schemas by kind. They are constants that take a
// while to make, so they are made once, when first needed.
var metas = sync.OnceValue(func() map[string]*jsonschema.Schema {
	compiled := map[string]*jsonschema.Schema{}
	for _, kind := range dialect.Kinds() {
		compiled[kind] = compileMeta(kind)
	}
	return compiled
})

func compileMeta(kind string) *jsonschema.Schema {
	c := newCompiler()
	name := baseURL + dialect.Folder + "/" + kind + ".json"
	if err := c.AddResource(name, bytes.NewReader(dialect.File(kind))); err != nil {
		panic("model: the meta-schema of " + kind + " is broken: " + err.Error())
	}
	return c.MustCompile(name) // its validity is tested
}

func schemaLine(f *file) string {
	return `"$schema": "` + relative(f.src.Path, path.Join(dialect.Folder, f.kind+".json")) + `"`
}

// checkSchemaLine wants the line by which editors find the meta-schema.
func (b *builder) checkSchemaLine(f *file) {
	line := f.root.Get("$schema")
	want := schemaLine(f)
	switch {
	case !f.root.Is(source.Object):
	case line == nil:
		b.fault(f.root.Pos(), codeSchemaLine, "begin with "+want, "the file does not say what kind of schema it is")
	case line.Str() != strings.Trim(strings.TrimPrefix(want, `"$schema": `), `"`):
		b.fault(line.Pos(), codeSchemaLine, "write "+want, "$schema does not name the meta-schema of %s", article(kindNoun(f.kind)))
	case f.root.Members[0].Key != "$schema":
		b.fault(line.KeyPos(), codeSchemaLine, "move the line to the top", "$schema must be the first line, so that people see at once what they read")
	}
}

func kindNoun(kind string) string {
	if kind == "types" {
		return "types file"
	}
	return kind
}

// toAny is the value as encoding/json would decode it with UseNumber. The hook,
// if any, may change an object.
func toAny(n *source.Node, hook func(*source.Node, map[string]any)) any {
	switch n.Kind {
	case source.Object:
		m := make(map[string]any, len(n.Members))
		for _, member := range n.Members {
			m[member.Key] = toAny(member.Value, hook)
		}
		if hook != nil {
			hook(n, m)
		}
		return m
	case source.Array:
		list := make([]any, len(n.Items))
		for i, item := range n.Items {
			list[i] = toAny(item, hook)
		}
		return list
	case source.String:
		return n.Text
	case source.Number:
		return json.Number(n.Text)
	case source.Bool:
		return n.Text == "true"
	}
	return nil
}

// leaves are the faults proper of a tree of validation errors, in a fixed order.
func leaves(err *jsonschema.ValidationError) []*jsonschema.ValidationError {
	var out []*jsonschema.ValidationError
	var walk func(*jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		if len(e.Causes) == 0 {
			out = append(out, e)
			return
		}
		for _, cause := range e.Causes {
			walk(cause)
		}
	}
	walk(err)
	slices.SortFunc(out, func(x, y *jsonschema.ValidationError) int {
		if c := strings.Compare(x.InstanceLocation, y.InstanceLocation); c != 0 {
			return c
		}
		return strings.Compare(x.KeywordLocation+x.Message, y.KeywordLocation+y.Message)
	})
	return out
}

func at(root *source.Node, location string) *source.Node {
	if unescaped, err := url.PathUnescape(location); err == nil {
		location = unescaped
	}
	if n := root.Find(location); n != nil {
		return n
	}
	return root
}

var quotedName = regexp.MustCompile(`'((?:[^'\\]|\\.)*)'`)

func (b *builder) shapeFaults(f *file, invalid *jsonschema.ValidationError) {
	for _, leaf := range leaves(invalid) {
		n := at(f.root, leaf.InstanceLocation)
		keyword := path.Base(leaf.KeywordLocation)
		switch keyword {
		case "required":
			for _, m := range quotedName.FindAllStringSubmatch(leaf.Message, -1) {
				if m[1] != "$schema" {
					b.fault(n.Pos(), codeMissing, b.missingRemedy(m[1]), "%s needs %q", holder(f, n), m[1])
				}
			}
		case "additionalProperties":
			b.extraKeys(f, n, leaf)
		default:
			b.net = append(b.net, shape{n, source.Fault{Pos: n.Pos(), Code: codeShape, Message: shapeMessage(n, leaf), Remedy: shapeRemedy(n, leaf)}})
		}
	}
}

// extraKeys reports keys that no walk of ours judges, those inside the values
// of x- keywords; schemas' own keywords are judged by keywords.
func (b *builder) extraKeys(f *file, n *source.Node, leaf *jsonschema.ValidationError) {
	if !insideExtension(n) {
		return
	}
	known := []string{"name", "on", "dispatches", "after", "on_refused", "on_parked", "calls", "description", "command", "at", "data",
		"accepted", "refused", "within", "where", "order", "limit", "one", "property", "op", "value", "x-go-name"}
	for _, m := range quotedName.FindAllStringSubmatch(leaf.Message, -1) {
		if member := n.Member(m[1]); member != nil {
			b.fault(member.Pos(), codeUnknown, suggestion(m[1], known, "delete it"), "%s cannot have the key %q", holder(f, n), m[1])
		}
	}
}

// insideExtension says whether n is part of the value of an x- keyword and not
// a schema within one.
func insideExtension(n *source.Node) bool {
	for ; n != nil; n = n.Parent {
		if n.Owner == nil {
			continue
		}
		switch key := n.Owner.Key; {
		case key == "x-id" || key == "data":
			return false
		case strings.HasPrefix(key, "x-") && n.Parent.Parent == nil:
			return true
		}
	}
	return false
}

func (b *builder) missingRemedy(key string) string {
	switch key {
	case "x-key":
		return `write "x-key" with the property, or the properties, that make the primary key`
	case "x-projects":
		return `write "x-projects" with the events that update the table`
	case "x-reactions":
		return `write "x-reactions" with what the reactor does`
	}
	return fmt.Sprintf("add %q", key)
}
