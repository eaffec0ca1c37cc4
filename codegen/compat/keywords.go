package compat

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/source"
)

// classified are the keywords whose changes this package has an opinion on:
// those that it compares as part of the model, and those that mean nothing to
// what was written. Any other is a break until someone adds it here.
func classified() []string {
	return []string{
		// compared
		"$ref", "$defs", "type", "format", "pattern", "minLength", "maxLength", "enum", "const",
		"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
		"items", "minItems", "maxItems", "uniqueItems", "properties", "required", "additionalProperties",
		"propertyNames", "minProperties", "maxProperties", "unevaluatedProperties", "allOf", "oneOf", "anyOf", "default",
		"x-reserved", "x-renamed-from", "x-tag", "x-personal", "x-ref", "x-trim", "x-version", "x-retired",
		"x-id", "x-normalize", "x-key", "x-creates", "x-internal",
		// for people, editors and generated names only
		"$schema", "$comment", "title", "description", "deprecated", "readOnly", "writeOnly", "examples", "x-go-name", "x-system",
		// what today's code decides and answers, and derived data that is built anew
		"x-emits", "x-rejects", "x-settles", "x-past", "x-reactions", "x-evolves", "x-boundary", "x-snapshot-every",
		"x-projects", "x-indexes", "x-queries",
	}
}

// keywords looks for changes that the model does not show, in files that both
// sides have.
func (c *comparer) keywords() {
	if c.old.Tree == nil || c.now.Tree == nil {
		return
	}
	for _, now := range c.now.Tree.Files {
		old := c.old.Tree.File(now.Name)
		if old == nil || now.Root == nil || old.Root == nil || !schemaFile(now) {
			continue
		}
		sets := allSets()
		switch {
		case strings.Contains(now.Path, "/events/"):
			sets = eventSets()
		case strings.Contains(now.Path, "/commands/"):
			sets = commandSets()
		}
		k := &keywordWalk{comparer: c, sets: sets, known: classified()}
		k.schema(old.Root, now.Root)
	}
}

// schemaFile says whether a file describes the system; the others are written
// by codegen itself.
func schemaFile(f *source.File) bool {
	folder, _, _ := strings.Cut(f.Path, "/")
	return folder != "dialect" && folder != "published" && f.Path != PublishedFile
}

// keywordWalk goes through two schemas side by side.
type keywordWalk struct {
	*comparer
	sets  []Set
	known []string
}

func (k *keywordWalk) schema(old, now *source.Node) {
	if !old.Is(source.Object) || !now.Is(source.Object) {
		return
	}
	for _, m := range now.Members {
		before := old.Get(m.Key)
		if !slices.Contains(k.known, m.Key) {
			if before == nil || canonical(before.Raw()) != canonical(m.Value.Raw()) {
				k.unclassified(m.Pos(), m.Key)
			}
			continue
		}
		k.inner(m.Key, before, m.Value)
	}
	for _, m := range old.Members {
		if !slices.Contains(k.known, m.Key) && now.Get(m.Key) == nil {
			k.unclassified(now.Pos(), m.Key)
		}
	}
}

// inner follows the keywords that hold schemas.
func (k *keywordWalk) inner(keyword string, old, now *source.Node) {
	switch keyword {
	case "properties", "$defs":
		if !now.Is(source.Object) {
			return
		}
		for _, m := range now.Members {
			k.schema(old.Get(m.Key), m.Value)
		}
	case "items", "additionalProperties", "propertyNames", "x-id":
		k.schema(old, now)
	case "allOf", "oneOf", "anyOf":
		if !old.Is(source.Array) || !now.Is(source.Array) {
			return
		}
		for i, arm := range now.Items[:min(len(now.Items), len(old.Items))] {
			k.schema(old.Items[i], arm)
		}
	}
}

func (k *keywordWalk) unclassified(pos source.Pos, keyword string) {
	k.report(codeUnclassified, k.sets, pos,
		fmt.Sprintf("%s came, went or changed, and what that means to what was written before is not known", keyword),
		"put it back as it was, or make the change in a new version of the event or in a new command")
}
