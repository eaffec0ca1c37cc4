package model

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/source"
)

// reference is the type of a schema with $ref.
func (b *builder) reference(s site, n *source.Node) *Type {
	f, target := b.target(s.file, n.Get("$ref"), true)
	if target == nil {
		return placeholder(n)
	}
	named := b.resolveTarget(f, target)
	if named == nil {
		b.fault(n.Get("$ref").Pos(), codeRefCycle, "let the recursion pass through a property of an object", "this reference leads back to itself without an object in between")
		return placeholder(n)
	}
	b.imports(s.file.pkg(), named.Package, n.Get("$ref").Pos())
	if named.Form != AliasForm {
		return &Type{Kind: Ref, Ref: named, Nullable: acceptsNull(target), Pos: n.Pos()}
	}
	inPlace := *named.Alias
	return &inPlace
}

// acceptsNull says whether a schema with a Go type of its own also accepts null.
// It looks at the schema, not at the type, which may still be in the making
// when a recursive reference asks.
func acceptsNull(n *source.Node) bool {
	if list := n.Get("enum"); list.Is(source.Array) {
		return slices.ContainsFunc(list.Items, func(v *source.Node) bool { return v.Is(source.Null) })
	}
	if list := n.Get("oneOf"); list.Is(source.Array) {
		return slices.ContainsFunc(list.Items, func(v *source.Node) bool { return v.Get("type").Str() == "null" })
	}
	return n.Get("$ref") == nil && slices.ContainsFunc(texts(n.Get("type")), func(v *source.Node) bool { return v.Text == "null" })
}

// resolveTarget is the named type that a reference leads to; nil while it is
// still being worked out and has no Go type to stop at.
func (b *builder) resolveTarget(f *file, n *source.Node) *Named {
	if n.Parent == nil {
		return b.body(f)
	}
	return b.definition(f, n)
}

// target finds the schema that $ref names. It is nil when there is none, and
// complains if told to; a target in a file that could not be parsed is nil
// without a word, for the file has its fault already.
func (b *builder) target(f *file, ref *source.Node, complain bool) (*file, *source.Node) {
	say := func(remedy, message string, args ...any) (*file, *source.Node) {
		if complain {
			b.fault(ref.Pos(), codeRef, remedy, message, args...)
		}
		return nil, nil
	}
	if !ref.Is(source.String) {
		return nil, nil
	}
	where, fragment, _ := strings.Cut(ref.Text, "#")
	if strings.Contains(where, ":") || strings.HasPrefix(where, "/") || strings.Contains(where, "?") {
		return say("write a relative path such as ../types.json#/$defs/money", "%q is no path below schemas, and nothing else is ever loaded", ref.Text)
	}
	full := besides(f, where)
	if strings.HasPrefix(full, "../") {
		return say("write a relative path such as ../types.json#/$defs/money", "%q leads out of schemas, and nothing else is ever loaded", ref.Text)
	}
	other, ok := b.byPath[full]
	if !ok {
		return say(b.nearestPath(f, full), "there is no schema %s", path.Join(source.Root, full))
	}
	if b.refs[f] == nil {
		b.refs[f] = map[*file]bool{}
	}
	b.refs[f][other] = true
	if other.root == nil {
		return nil, nil
	}
	if unescaped, err := url.PathUnescape(fragment); err == nil {
		fragment = unescaped
	}
	if fragment == "" {
		if other.kind == "types" {
			return say("write "+ref.Text+"#/$defs/ and the type's name", "a types file is no schema itself, it only holds some")
		}
		return other, other.root
	}
	return b.fragment(other, fragment, say)
}

// besides is the path of what a reference in a file names; nothing names the file
// itself.
func besides(f *file, where string) string {
	if where == "" {
		return f.src.Path
	}
	if unescaped, err := url.PathUnescape(where); err == nil {
		where = unescaped
	}
	return path.Join(path.Dir(f.src.Path), where)
}

// fragment follows /$defs/name, nested perhaps.
func (b *builder) fragment(f *file, fragment string, say func(string, string, ...any) (*file, *source.Node)) (*file, *source.Node) {
	tokens := strings.Split(fragment, "/")
	n := f.root
	if tokens[0] != "" || len(tokens)%2 == 0 {
		return say("write #/$defs/ and a name", "#%s is no reference to a $defs entry", fragment)
	}
	for i := 1; i < len(tokens); i += 2 {
		if tokens[i] != "$defs" {
			return say("move the schema to $defs and refer to it there, from both places", "#%s does not lead to a $defs entry", fragment)
		}
		defs := n.Get("$defs")
		name := strings.NewReplacer("~1", "/", "~0", "~").Replace(tokens[i+1])
		if n = defs.Get(name); n == nil {
			var names []string
			if defs.Is(source.Object) {
				for _, m := range defs.Members {
					names = append(names, m.Key)
				}
			}
			return say(suggestion(name, names, "add it to $defs there, or correct the name"), "there is no $defs entry %q in %s", name, f.src.Name)
		}
	}
	return f, n
}

func (b *builder) nearestPath(f *file, full string) string {
	var paths []string
	for p := range b.byPath {
		paths = append(paths, p)
	}
	if best := nearest(full, paths); best != "" {
		return "did you mean " + relative(f.src.Path, best) + "?"
	}
	return "write the path relative to this file's folder, such as ../types.json#/$defs/money"
}

// relative is the path from one file to another, both below schemas.
func relative(from, to string) string {
	a, z := strings.Split(path.Dir(from), "/"), strings.Split(to, "/")
	for len(a) > 0 && len(z) > 1 && a[0] == z[0] {
		a, z = a[1:], z[1:]
	}
	return strings.Repeat("../", len(a)) + strings.Join(z, "/")
}

// actorID is the type of a property that holds the id of an actor.
func (b *builder) actorID(s site, n *source.Node) *Type {
	t := &Type{Kind: ID, Nullable: b.nullable(n)}
	if name, at := typeName(n); name != "string" {
		if at == nil {
			at = n.Get("x-ref")
		}
		b.fault(at.Pos(), codeWrongName, "write \"type\": \"string\" beside x-ref", "the id of an actor is a string")
	}
	ref := n.Get("x-ref")
	if c := b.findComponent(s.file, ref); c != nil {
		if c.actor == nil {
			b.fault(ref.Pos(), codeWrongName, "name an actor", "%s is %s, and only actors have ids", c.name, article(c.kind()))
			return placeholder(n)
		}
		t.Actor = c.actor
	}
	if n.Get("x-personal").True() {
		b.fault(n.Member("x-personal").Pos(), codePersonal, "keep the personal data in another property", "an id is never personal data: it is logged and shown")
	}
	if t.Actor == nil {
		return placeholder(n)
	}
	return t
}
