package model

import (
	"encoding/json"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/backstory-go/backstory/codegen/source"
)

// formatKind is the kind of a string with that format; other known formats stay
// strings.
func formatKind(format string) Kind {
	kinds := map[string]Kind{"uuid": UUID, "date-time": DateTime, "date": Date, "time": Time, "duration": Duration}
	if kind, ok := kinds[format]; ok {
		return kind
	}
	return String
}

func formats() []string {
	return []string{"uuid", "date-time", "date", "time", "duration", "email", "uri", "uri-reference", "uri-template", "iri", "iri-reference",
		"hostname", "ipv4", "ipv6", "regex", "json-pointer", "relative-json-pointer"}
}

func (b *builder) text(n *source.Node, null bool) *Type {
	t := &Type{Nullable: null}
	if format := n.Get("format"); format.Is(source.String) {
		if !slices.Contains(formats(), format.Text) {
			b.fault(format.Pos(), codeFormat, suggestion(format.Text, formats(), "use a known format, or a pattern"), "there is no format %q, so it would never be checked", format.Text)
		}
		t.Kind = formatKind(format.Text)
		if t.Kind == String {
			t.Checks.Format = format.Text
		}
	}
	t.Checks.Pattern = b.pattern(n.Get("pattern"))
	t.Checks.MinLength, t.Checks.MaxLength = count(n, "minLength"), count(n, "maxLength")
	b.ordered(n, "minLength", "maxLength", t.Checks.MinLength, t.Checks.MaxLength)
	if t.Kind != String {
		for _, key := range []string{"pattern", "minLength", "maxLength"} {
			if m := n.Member(key); m != nil {
				b.fault(m.Pos(), codeMisplaced, "delete it: the format says already what the text looks like", "%s cannot stand beside the format %s, whose values are no text in Go", key, n.Get("format").Text)
			}
		}
	}
	return t
}

func (b *builder) pattern(n *source.Node) string {
	if !n.Is(source.String) {
		return ""
	}
	if _, err := regexp.Compile(n.Text); err != nil {
		why := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		b.fault(n.Pos(), codePattern, "write an expression in RE2 syntax (https://github.com/google/re2/wiki/Syntax): it has no lookaround and no backreferences", "this pattern is no regular expression that can be checked: %s", why)
	}
	return n.Text
}

// count reads a keyword whose value is a size; wrong shapes are left to the
// meta-schema.
func count(n *source.Node, key string) *int64 {
	v, err := strconv.ParseInt(canonicalInteger(n.Get(key)), 10, 64)
	if err != nil || v < 0 {
		return nil
	}
	return &v
}

// ordered complains about a range that nothing can be in.
func (b *builder) ordered(n *source.Node, low, high string, least, greatest *int64) {
	for _, key := range []string{low, high} {
		v := n.Get(key)
		if v.Is(source.Number) && canonicalInteger(v) != "" && count(n, key) == nil && v.Text[0] != '-' {
			b.fault(v.Pos(), codeBounds, "write a smaller number", "%s does not fit 64 bits", key)
		}
	}
	if least != nil && greatest != nil && *least > *greatest {
		b.fault(n.Member(high).Pos(), codeBounds, "exchange the two, or correct one of them", "%s is less than %s, so no value is accepted", high, low)
	}
}

// rational is the exact value of a number; the parser has made sure that its
// exponent is small. Nil of anything else.
func rational(n *source.Node) *big.Rat {
	if !n.Is(source.Number) {
		return nil
	}
	r, ok := new(big.Rat).SetString(n.Text)
	if !ok {
		return nil
	}
	return r
}

// canonicalInteger writes 1.0 and 1e3 as 1 and 1000; "" of what is no integer.
func canonicalInteger(n *source.Node) string {
	r := rational(n)
	if r == nil || !r.IsInt() {
		return ""
	}
	return r.Num().String()
}

func (b *builder) number(n *source.Node, name string, null bool) *Type {
	t := &Type{Kind: Number, Nullable: null}
	read := func(key string) *json.Number {
		if !n.Get(key).Is(source.Number) {
			return nil
		}
		v := json.Number(n.Get(key).Text)
		return &v
	}
	if name == "integer" {
		t.Kind = Integer
		read = func(key string) *json.Number { return nil }
		b.integerBounds(n, &t.Checks)
	}
	if t.Kind == Number {
		t.Checks.Minimum, t.Checks.Maximum = read("minimum"), read("maximum")
		t.Checks.ExclusiveMinimum, t.Checks.ExclusiveMaximum = read("exclusiveMinimum"), read("exclusiveMaximum")
		t.Checks.MultipleOf = read("multipleOf")
	}
	b.numberRange(n)
	return t
}

// numberRange complains about bounds between which no number lies.
func (b *builder) numberRange(n *source.Node) {
	for _, low := range []string{"minimum", "exclusiveMinimum"} {
		for _, high := range []string{"maximum", "exclusiveMaximum"} {
			l, h := rational(n.Get(low)), rational(n.Get(high))
			if l == nil || h == nil {
				continue
			}
			open := low != "minimum" || high != "maximum"
			if c := l.Cmp(h); c > 0 || c == 0 && open {
				b.fault(n.Member(high).Pos(), codeBounds, "exchange the two, or correct one of them", "no number lies between %s and %s", low, high)
			}
		}
	}
}

// integerBounds writes the bounds of an integer as integers with the same
// meaning: minimum 1.5 is minimum 2, and a multiple of 1.5 is one of 3.
func (b *builder) integerBounds(n *source.Node, c *Checks) {
	bound := func(key string, up bool, inclusive, exclusive **json.Number) {
		r := rational(n.Get(key))
		if r == nil {
			return
		}
		v, exact := rounded(r, up)
		if !v.IsInt64() {
			b.fault(n.Get(key).Pos(), codeBounds, "write a bound between -9223372036854775808 and 9223372036854775807, or none", "this bound does not fit the 64 bits of an integer")
			return
		}
		text := json.Number(v.String())
		if exact && exclusive != nil {
			*exclusive = &text
			return
		}
		*inclusive = tighter(*inclusive, &text, up)
	}
	bound("minimum", true, &c.Minimum, nil)
	bound("maximum", false, &c.Maximum, nil)
	bound("exclusiveMinimum", true, &c.Minimum, &c.ExclusiveMinimum)
	bound("exclusiveMaximum", false, &c.Maximum, &c.ExclusiveMaximum)
	if r := rational(n.Get("multipleOf")); r != nil && r.Sign() > 0 {
		step := r.Num() // in lowest terms an integer is a multiple of p/q when p divides it
		if !step.IsInt64() {
			b.fault(n.Get("multipleOf").Pos(), codeBounds, "write a smaller number", "this step does not fit the 64 bits of an integer")
			return
		}
		if text := json.Number(step.String()); text != "1" {
			c.MultipleOf = &text
		}
	}
}

// rounded is the nearest integer inside a bound.
func rounded(r *big.Rat, up bool) (v *big.Int, exact bool) {
	if r.IsInt() {
		return r.Num(), true
	}
	v = new(big.Int).Div(r.Num(), r.Denom()) // floor, since the denominator is positive
	if up {
		v.Add(v, big.NewInt(1))
	}
	return v, false
}

func tighter(old, text *json.Number, low bool) *json.Number {
	if old == nil {
		return text
	}
	x, _ := new(big.Int).SetString(old.String(), 10)
	y, _ := new(big.Int).SetString(text.String(), 10)
	if (x.Cmp(y) > 0) == low {
		return old
	}
	return text
}

func (b *builder) constant(s site, n *source.Node) *Type {
	b.keywords(n, "a constant", b.allowed(s, "const", "type", "format"))
	null := b.nullable(n)
	value := n.Get("const")
	if f := n.Get("format"); f.Is(source.String) && !slices.Contains(formats(), f.Text) {
		b.fault(f.Pos(), codeFormat, suggestion(f.Text, formats(), "delete it"), "there is no format %q", f.Text)
	}
	b.instances = append(b.instances, instance{s.file, n, value, codeConst, "this constant is refused by its own schema"})
	return &Type{Kind: Const, Const: value.Raw(), ConstName: s.name, Nullable: null && value.Is(source.Null)}
}

// enum makes the named type of a choice of strings.
func (b *builder) enum(s site, n *source.Node) *Type {
	b.keywords(n, "an enum", b.allowed(s, "enum", "type", "format", "pattern", "minLength", "maxLength"))
	null := b.nullable(n)
	if name, at := typeName(n); at != nil && name != "string" {
		b.fault(at.Pos(), codeEnum, "write \"type\": \"string\"; a choice of numbers is better a range, or strings that say what they mean", "an enum must be of strings")
		return placeholder(n)
	}
	b.text(n, false) // for the faults of its constraints; that each value meets them is checked apart
	named := b.declare(s, n, EnumForm)
	listsNull := b.enumValues(s, n, named)
	if null && !listsNull {
		b.fault(n.Get("enum").Pos(), codeEnum, "add null to the enum, or take \"null\" out of the type", "the type allows null, but the enum does not list it")
	}
	if listsNull && !null && n.Get("type") != nil {
		b.fault(n.Get("enum").Pos(), codeEnum, "write \"type\": [\"string\", \"null\"], or take null out of the enum", "the enum lists null, but the type does not allow it")
	}
	return &Type{Kind: Ref, Ref: named, Nullable: listsNull}
}

func (b *builder) enumValues(s site, n *source.Node, named *Named) (null bool) {
	list := n.Get("enum")
	if !list.Is(source.Array) {
		return false
	}
	seen := map[string]bool{}
	byGoName := map[string]string{}
	for _, item := range list.Items {
		switch {
		case item.Is(source.Null):
			null = true
			continue
		case !item.Is(source.String):
			b.fault(item.Pos(), codeEnum, "write it as a string", "an enum lists strings, and null if that is allowed, but this is %s", item.Kind)
			continue
		case seen[item.Text]:
			b.fault(item.Pos(), codeEnum, "delete one of the two", "%q stands in the enum twice", item.Text)
			continue
		}
		seen[item.Text] = true
		b.instances = append(b.instances, instance{s.file, n, item, codeEnum, "this value of the enum is refused by the schema around it"})
		value := EnumValue{Value: item.Text, GoName: named.GoName + enumSuffix(item.Text)}
		if other, ok := byGoName[value.GoName]; ok {
			b.fault(item.Pos(), codeCollision, "change one of the values", "the values %q and %q would both be the Go constant %s", other, item.Text, value.GoName)
		} else {
			byGoName[value.GoName] = item.Text
			b.claim(s.file.pkg(), value.GoName, item.Pos(), "the constant of an enum's value")
		}
		named.Enum = append(named.Enum, value)
	}
	if len(list.Items) > 0 && len(seen) == 0 && null {
		b.fault(list.Pos(), codeEnum, "list at least one string", "the enum allows nothing but null")
	}
	return null
}
