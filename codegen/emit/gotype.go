package emit

import (
	"path"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/dave/jennifer/jen"
)

// resolve looks through names that are used in place.
func resolve(t *model.Type) *model.Type {
	for t.Kind == model.Ref && t.Ref.Form == model.AliasForm {
		inner := *t.Ref.Alias
		inner.Nullable = inner.Nullable || t.Nullable
		inner.Checks.Trim = inner.Checks.Trim || t.Checks.Trim
		t = &inner
	}
	return t
}

// bare is the type without its null.
func bare(t *model.Type) *model.Type {
	copied := *resolve(t)
	copied.Nullable = false
	return &copied
}

// goType is a type as Go writes it: *T when it is nullable.
func (f *goFile) goType(t *model.Type) *jen.Statement {
	t = resolve(t)
	if t.Nullable {
		return jen.Op("*").Add(f.goType(bare(t)))
	}
	switch t.Kind {
	case model.String:
		return jen.String()
	case model.UUID:
		return jen.Qual(uuidPath, "UUID")
	case model.DateTime:
		return jen.Qual("time", "Time")
	case model.Date:
		return engine("Date")
	case model.Time:
		return engine("Time")
	case model.Duration:
		return engine("Duration")
	case model.Integer:
		return jen.Int64()
	case model.Number:
		return jen.Float64()
	case model.Boolean:
		return jen.Bool()
	case model.Array:
		return jen.Index().Add(f.goType(t.Elem))
	case model.Map:
		return jen.Map(f.mapKey(t)).Add(f.goType(t.Elem))
	case model.Ref:
		return f.ref(t.Ref)
	case model.ID:
		return f.idType(t.Actor)
	case model.Const:
		return jen.Id(f.unit(t))
	}
	unsupported("%s: there is no Go type of kind %d", t.Pos, t.Kind)
	return nil
}

func (f *goFile) mapKey(t *model.Type) *jen.Statement {
	if t.KeyUUID {
		return jen.Qual(uuidPath, "UUID")
	}
	return jen.String()
}

func (f *goFile) idType(a *model.Actor) *jen.Statement {
	return jen.Qual(f.plan.idsPath(a.Context), a.GoName)
}

// ref is a named type, or with a prefix one of its functions.
func (f *goFile) ref(n *model.Named) *jen.Statement { return f.refTo(n, "") }

func (f *goFile) refTo(n *model.Named, prefix string) *jen.Statement {
	return jen.Qual(f.plan.path(path.Clean(n.Package)), prefix+n.GoName)
}

// fieldKind says how a property stands in its struct.
type fieldKind int

const (
	plainField fieldKind = iota // T
	optField                    // engine.Opt[T]
	constField                  // no field
)

// stateObject marks the object whose optional properties are plain.
func (f *goFile) fieldKind(field *model.Field, state bool) fieldKind {
	switch {
	case resolve(field.Type).Kind == model.Const && (settled(field) || state):
		return constField
	case !field.Required && field.Default == nil && !state:
		return optField
	}
	return plainField
}

// settled says whether a constant leaves nothing to say: it is always there and
// never null instead.
func settled(field *model.Field) bool {
	t := resolve(field.Type)
	return t.Kind == model.Const && (field.Required || field.Default != nil) && (!t.Nullable || string(t.Const) == "null")
}

func (f *goFile) fieldType(field *model.Field, state bool) *jen.Statement {
	if f.fieldKind(field, state) == optField {
		return engine("Opt").Types(f.goType(bare(field.Type)))
	}
	return f.goType(field.Type)
}

// deep says whether a copy by assignment shares something that can be changed.
func deep(t *model.Type) bool { return deepIn(t, map[*model.Named]bool{}) }

func deepIn(t *model.Type, seen map[*model.Named]bool) bool {
	t = resolve(t)
	switch {
	case t.Nullable, t.Kind == model.Array, t.Kind == model.Map:
		return true
	case t.Kind != model.Ref || t.Ref.Form == model.EnumForm || seen[t.Ref]:
		return false
	}
	seen[t.Ref] = true
	if t.Ref.Form == model.UnionForm {
		for _, arm := range t.Ref.Union.Arms {
			if deepObject(arm.Struct.Object, seen) {
				return true
			}
		}
		return false
	}
	return deepObject(t.Ref.Object, seen)
}

func deepObject(o *model.Object, seen map[*model.Named]bool) bool {
	if o.Additional == model.Typed {
		return true
	}
	for _, field := range o.Fields {
		if deepIn(field.Type, seen) {
			return true
		}
	}
	return false
}
