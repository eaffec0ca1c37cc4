package model

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/source"
	"github.com/santhosh-tekuri/jsonschema/v5"
)

// holder names a value for a sentence.
func holder(f *file, n *source.Node) string {
	if n.Parent == nil {
		return article(kindNoun(f.kind))
	}
	for m := n; m != nil; m = m.Parent {
		if m.Owner != nil {
			return fmt.Sprintf("this part of %q", m.Owner.Key)
		}
	}
	return "this"
}

// shapeMessage words what the meta-schema refuses.
func shapeMessage(n *source.Node, leaf *jsonschema.ValidationError) string {
	name := "this"
	if n.Owner != nil {
		name = n.Owner.Key
	}
	switch path.Base(leaf.KeywordLocation) {
	case "type":
		return fmt.Sprintf("%s cannot be %s", name, n.Kind)
	case "pattern":
		return fmt.Sprintf("%s cannot stand here: it has not the form that is needed", snippet(n))
	case "enum", "const":
		return fmt.Sprintf("%s cannot be %s", name, snippet(n))
	case "minimum", "exclusiveMinimum":
		return fmt.Sprintf("%s is too small a number for %s", snippet(n), name)
	case "maximum":
		return fmt.Sprintf("%s is too large a number for %s", snippet(n), name)
	case "minItems", "minProperties":
		return fmt.Sprintf("%s is empty", name)
	}
	return fmt.Sprintf("%s is refused by the meta-schema: %s", name, leaf.Message)
}

func snippet(n *source.Node) string {
	text := []rune(string(n.Raw()))
	if n.Kind == source.Object || n.Kind == source.Array {
		return n.Kind.String()
	}
	if len(text) > 40 {
		return string(text[:40]) + "…"
	}
	return string(text)
}

func shapeRemedy(n *source.Node, leaf *jsonschema.ValidationError) string {
	switch path.Base(leaf.KeywordLocation) {
	case "type":
		if _, want, ok := strings.Cut(leaf.Message, "expected "); ok {
			want, _, _ = strings.Cut(want, ", but")
			return "write " + article(want)
		}
	case "enum", "const":
		if _, want, ok := strings.Cut(leaf.Message, "must be "); ok {
			if list, ok := strings.CutPrefix(want, "one of "); ok {
				return "write one of " + list
			}
			return "write " + want
		}
		return "write a value that the meta-schema allows here"
	case "pattern":
		if n.Owner != nil && n.Owner.Key == "x-go-name" {
			return "write an exported Go name such as UserID"
		}
		if n.Owner != nil && slices.Contains([]string{"after", "within"}, n.Owner.Key) {
			return "write a duration such as PT10S, PT2H30M, P1DT12H or P2W"
		}
		return "use lower-case words joined by underscores, for a message of another component with its name and a dot in front: list.item_added"
	case "minItems", "minProperties":
		return "list at least one, or delete it"
	}
	if m := comparison.FindStringSubmatch(leaf.Message); m != nil {
		bounds := map[string]string{">=": "%s or more", "<=": "%s or less", ">": "more than %s", "<": "less than %s"}
		return "write " + fmt.Sprintf(bounds[m[1]], strings.TrimSuffix(m[2], "/1"))
	}
	return "write a value that the keyword's description allows"
}

// article puts "a" or "an" before each of the type names of the validator.
func article(types string) string {
	words := strings.Split(types, " or ")
	for i, w := range words {
		switch w {
		case "integer":
			w = "whole number"
		case "boolean":
			words[i] = "true or false"
			continue
		}
		if strings.ContainsAny(w[:1], "aeiou") {
			words[i] = "an " + w
			continue
		}
		words[i] = "a " + w
	}
	return strings.Join(words, " or ")
}
