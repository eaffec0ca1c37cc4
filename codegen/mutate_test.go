package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/backstory-go/backstory/codegen/emit"
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/plan"
	"github.com/backstory-go/backstory/codegen/source"
)

var mutations = flag.Int("mutations", 100, "how many changed schemas to put through the whole compiler")

// TestChangedSchemas changes one small thing of a system of schemas at a time and
// puts it through all stages: what the model accepts, every emitter can write.
func TestChangedSchemas(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, uint64(*mutations)))
	folders := []string{"emit/testdata/wide", "emit/testdata/campus", "systems/testdata/bank", "systems/testdata/clinic", "systems/testdata/fleet"}
	project := plan.Project{Dir: t.TempDir(), Module: "example.com/x", Schemas: "schemas", Queries: "queries", Docs: "docs"}
	accepted := 0
	for _, folder := range folders {
		base := schemas(t, folder+"/schemas")
		names := slices.Sorted(maps.Keys(base))
		parts := pieces(t, base)
		for range *mutations / len(folders) {
			name := names[random.IntN(len(names))]
			files := maps.Clone(base)
			files[name] = changed(t, random, base[name], parts)
			if compiles(t, project, files, name) {
				accepted++
			}
		}
	}
	t.Logf("%d of %d changed systems were accepted", accepted, *mutations)
	if accepted < *mutations/8 {
		t.Error("the changes are too wild to show anything")
	}
}

func schemas(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	tree, faults := source.Read(filepath.FromSlash(folder))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	files := map[string][]byte{}
	for _, f := range tree.Files {
		files[f.Path] = f.Bytes()
	}
	return files
}

// compiles reports whether the model accepts the schemas; then the rest must work.
func compiles(t *testing.T, project plan.Project, files map[string][]byte, name string) bool {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Fatalf("it panics: %v\n%s: %s\n%s", p, name, files[name], debug.Stack())
		}
	}()
	tree, faults := source.New(files)
	system, more := model.Build(tree, project.Module)
	if len(faults)+len(more) > 0 {
		return false
	}
	made, err := emit.Files(system)
	if _, ok := errors.AsType[source.Faults](err); ok {
		return false // names that meet
	}
	if err = errors.Join(err, document(project, system, made)); err != nil {
		t.Errorf("%v\n%s", err, files[name])
	}
	return true
}

// pieces are all values of the files: what one place holds is tried at another.
func pieces(t *testing.T, files map[string][]byte) (all []any) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		var doc any
		if err := json.Unmarshal(files[name], &doc); err != nil {
			t.Fatal(err)
		}
		walk(doc, func(v any) { all = append(all, v) })
	}
	return all
}

// walk visits a value and all that it holds, in a fixed order.
func walk(v any, visit func(any)) {
	visit(v)
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			walk(v[key], visit)
		}
	case []any:
		for _, item := range v {
			walk(item, visit)
		}
	}
}

// changed is the file after one change; its first line stays.
func changed(t *testing.T, random *rand.Rand, data []byte, parts []any) []byte {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	first := fmt.Sprintf(`{"$schema":%q`, doc["$schema"])
	delete(doc, "$schema")
	var places []map[string]any
	walk(doc, func(v any) {
		if place, ok := v.(map[string]any); ok && len(place) > 0 {
			places = append(places, place)
		}
	})
	if len(places) > 0 {
		change(random, places[random.IntN(len(places))], parts[random.IntN(len(parts))])
	}
	out, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	if len(doc) > 0 {
		first += ","
	}
	return append([]byte(first), out[1:]...)
}

// change drops a member of an object, puts a part in its place, or adds a member
// that the part has.
func change(random *rand.Rand, place map[string]any, part any) {
	keys := slices.Sorted(maps.Keys(place))
	key := keys[random.IntN(len(keys))]
	other, isObject := part.(map[string]any)
	switch random.IntN(4) {
	case 0:
		delete(place, key)
		return
	case 1:
		place[key] = part
		return
	}
	if isObject && len(other) > 0 {
		added := slices.Sorted(maps.Keys(other))[random.IntN(len(other))]
		place[added] = other[added]
	}
}
