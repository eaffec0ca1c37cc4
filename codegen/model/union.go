package model

import (
	"encoding/json"

	"github.com/backstory-go/backstory/codegen/source"
)

// alternatives is a nullable type, [T, null], or a union of objects.
func (b *builder) alternatives(s site, n *source.Node, key string) *Type {
	b.keywords(n, "a choice", b.allowed(s, key, "type"))
	list := n.Get(key)
	if !list.Is(source.Array) {
		return placeholder(n)
	}
	var arms []*source.Node
	null := false
	for _, arm := range list.Items {
		if arm.Is(source.Object) && arm.Get("type").Str() == "null" {
			if null {
				b.fault(arm.Pos(), codeUnion, "delete one of the two", "null stands here twice")
			}
			null = true
			continue
		}
		arms = append(arms, arm)
	}
	if len(arms) == 1 {
		return b.nullableArm(s, n, arms[0], null)
	}
	if name, at := typeName(n); at != nil && name != "object" {
		b.fault(at.Pos(), codeUnion, "delete the type here", "a choice is between objects, not of another type")
	}
	if key == "anyOf" || len(arms) == 0 {
		b.fault(n.Member(key).Pos(), codeUnion, "write oneOf with objects that share one required const property, or [schema, {\"type\": \"null\"}]", "%s is a choice that cannot be told apart by looking at the value", key)
		return placeholder(n)
	}
	t := b.union(s, n, arms)
	t.Nullable = t.Nullable || null
	return t
}

func (b *builder) nullableArm(s site, n, arm *source.Node, null bool) *Type {
	if !null {
		b.fault(n.KeyPos(), codeUnion, "write the schema itself in place of the choice", "a choice of one schema is no choice")
	}
	if m := n.Member("type"); m != nil {
		b.fault(m.Pos(), codeUnion, "delete the type here: the arms have their own", "a type beside a choice of a schema and null says it twice")
	}
	inner := s
	inner.defs, inner.id, inner.property = false, false, false
	t := *b.typ(inner, arm)
	if n.Get("oneOf") != nil && (t.Nullable || t.Kind == Const && string(t.Const) == "null") {
		b.fault(arm.Pos(), codeUnion, "take null out of this schema, or delete the choice around it", "null fits both arms, and oneOf refuses what fits two")
	}
	t.Nullable = t.Nullable || null
	return &t
}

// union makes the sealed type of objects told apart by a constant property.
func (b *builder) union(s site, n *source.Node, arms []*source.Node) *Type {
	tag, values := b.unionTag(s, n, arms)
	if tag == "" {
		return placeholder(n)
	}
	named := b.declare(s, n, UnionForm)
	named.Union = &Union{Tag: tag}
	for i, arm := range arms {
		suffix := enumSuffix(values[i])
		if name := arm.Get("x-go-name").Str(); name != "" && arm.Get("$ref") == nil {
			suffix = name
		}
		inner := s.inner(s.name + suffix)
		t := b.typ(inner, arm)
		if t.Kind != Ref || t.Ref.Form != StructForm || t.Nullable {
			b.fault(arm.Pos(), codeUnion, "write an object with the property "+tag, "an arm of oneOf must be an object")
			continue
		}
		named.Union.Arms = append(named.Union.Arms, &Arm{Value: values[i], Struct: t.Ref})
	}
	return &Type{Kind: Ref, Ref: named}
}

// unionTag finds the property that tells the arms apart: required in each, and
// in each a constant string of its own. It reads the schemas, not the types,
// for an arm may be the very object that holds the union.
func (b *builder) unionTag(s site, n *source.Node, arms []*source.Node) (tag string, values []string) {
	objects := make([]*source.Node, len(arms))
	for i, arm := range arms {
		if objects[i] = b.behind(s.file, arm); objects[i] == nil {
			return "", nil // the reference has its own fault, or gets it now
		}
	}
	candidates := objects[0].Get("properties")
	if candidates.Is(source.Object) {
		for _, m := range candidates.Members {
			if values = tagValues(m.Key, objects); values != nil {
				return m.Key, values
			}
		}
	}
	b.fault(n.Member("oneOf").Pos(), codeUnion, `give every arm one required property such as "kind": {"const": "card"}, with another value in each`, "the arms of oneOf share no required property that is a constant string, different in each")
	return "", nil
}

// behind follows $ref to the schema that an arm means.
func (b *builder) behind(f *file, n *source.Node) *source.Node {
	for range 16 {
		ref := n.Get("$ref")
		if ref == nil {
			return n
		}
		if f, n = b.target(f, ref, true); n == nil {
			return nil
		}
	}
	return nil
}

func tagValues(key string, arms []*source.Node) []string {
	values := make([]string, len(arms))
	seen := map[string]bool{}
	for i, arm := range arms {
		c := arm.Get("properties").Get(key).Get("const")
		if !c.Is(source.String) || seen[c.Text] || !requires(arm, key) {
			return nil
		}
		values[i] = c.Text
		seen[c.Text] = true
	}
	return values
}

func requires(n *source.Node, key string) bool {
	for _, item := range texts(n.Get("required")) {
		if item.Text == key {
			return true
		}
	}
	return false
}

// raw is the text of a value, nil when there is none.
func raw(n *source.Node) json.RawMessage {
	if n == nil {
		return nil
	}
	return n.Raw()
}
