package model

import (
	"slices"
	"strconv"
	"strings"

	"github.com/backstory-go/backstory/codegen/source"
)

func itoa(n int) string { return strconv.Itoa(n) }

// imports notes that one generated package imports another, because of what
// stands at pos.
func (b *builder) imports(from, to string, pos source.Pos) {
	if from == to {
		return
	}
	if b.edges[from] == nil {
		b.edges[from] = map[string]source.Pos{}
	}
	if old, ok := b.edges[from][to]; !ok || pos.Compare(old) < 0 {
		b.edges[from][to] = pos
	}
}

// checkCycles reports each cycle of imports once, at its first edge. Go has no
// import cycles.
func (b *builder) checkCycles() {
	reported := map[string]bool{}
	for _, start := range sortedKeys(b.edges) {
		path := b.cycleFrom(start)
		if path == nil || slices.ContainsFunc(path, func(p string) bool { return reported[p] }) {
			continue
		}
		steps := make([]string, 0, len(path))
		for i, from := range path {
			reported[from] = true
			to := path[(i+1)%len(path)]
			steps = append(steps, packageLabel(from)+" needs "+packageLabel(to)+" ("+b.edges[from][to].String()+")")
		}
		b.fault(b.edges[path[0]][path[1%len(path)]], codeCycle, "move what both need into types.json, or let one of them carry the values it needs instead of folding the other's events", "these packages would import each other: %s", strings.Join(steps, ", "))
	}
}

// cycleFrom is the shortest way from a package back to itself, nil if there is
// none.
func (b *builder) cycleFrom(start string) []string {
	before := map[string]string{}
	queue := []string{start}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, next := range sortedKeys(b.edges[at]) {
			if next == start {
				path := []string{at}
				for at != start {
					at = before[at]
					path = append(path, at)
				}
				slices.Reverse(path)
				return path
			}
			if _, seen := before[next]; !seen {
				before[next] = at
				queue = append(queue, next)
			}
		}
	}
	return nil
}

func packageLabel(pkg string) string {
	return strings.ReplaceAll(strings.TrimPrefix(pkg, "generated/"), "/", ".")
}

// checkEndless reports structs that no finite value can have: their recursion
// passes through properties that are always there.
func (b *builder) checkEndless() {
	finite := map[*Named]bool{}
	for changed := true; changed; {
		changed = false
		for _, named := range b.structs {
			if !finite[named] && b.isFinite(named, finite) {
				finite[named], changed = true, true
			}
		}
	}
	for _, named := range b.structs {
		if !finite[named] && named.Object != nil {
			for _, field := range named.Object.Fields {
				if !fieldFinite(field, finite) {
					b.fault(field.Pos, codeEndless, "make the property optional, let it be null, or make it an array", "%q always holds another value of the kind that it is part of, so no value ever ends", field.Name)
				}
			}
		}
	}
}

func (b *builder) isFinite(named *Named, finite map[*Named]bool) bool {
	if named.Form == UnionForm {
		return named.Union == nil || len(named.Union.Arms) == 0 ||
			slices.ContainsFunc(named.Union.Arms, func(a *Arm) bool { return finite[a.Struct] })
	}
	if named.Object == nil {
		return true
	}
	for _, field := range named.Object.Fields {
		if !fieldFinite(field, finite) {
			return false
		}
	}
	return true
}

func fieldFinite(field *Field, finite map[*Named]bool) bool {
	if !field.Required && field.Default == nil || field.Type.Nullable || field.Type.Kind != Ref {
		return true
	}
	return field.Type.Ref.Form == EnumForm || finite[field.Type.Ref]
}
