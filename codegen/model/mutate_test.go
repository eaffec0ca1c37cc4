package model_test

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
)

// mutations are few enough for every run; with 3000 it takes half a minute.
const mutations = 150

// TestMutations changes one value of the valid tree at a time, which gets
// further than random bytes do: every change must end in a System or in faults.
func TestMutations(t *testing.T) {
	base := load(t, "testdata/base/schemas")
	names := slices.Sorted(maps.Keys(base))
	random := rand.New(rand.NewPCG(1, 2))
	for range mutations {
		name := names[random.IntN(len(names))]
		var doc any
		if err := json.Unmarshal(base[name], &doc); err != nil {
			t.Fatal(err)
		}
		var words []string
		collect(doc, &words)
		doc = mutate(random, doc, words, 0.04)
		data, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		files := maps.Clone(base)
		files[name] = data
		if _, system, faults := build(files); (system == nil) != (len(faults) > 0) {
			t.Fatalf("%s: system %v, faults %v\n%s", filepath.Base(name), system != nil, faults, data)
		}
	}
}

// collect gathers the strings and keys of a document.
func collect(doc any, words *[]string) {
	switch v := doc.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			*words = append(*words, key)
			collect(v[key], words)
		}
	case []any:
		for _, item := range v {
			collect(item, words)
		}
	case string:
		*words = append(*words, v)
	}
}

// mutate replaces, drops, wraps and renames values, each with a small
// probability.
func mutate(random *rand.Rand, doc any, words []string, p float64) any {
	if random.Float64() < p {
		word := words[random.IntN(len(words))]
		replacements := []any{nil, true, false, 0, -1, 1.5, "", word, []any{doc}, map[string]any{word: doc}, []any{}, map[string]any{},
			map[string]any{"anyOf": []any{doc, map[string]any{"type": "null"}}}, map[string]any{"allOf": []any{doc, doc}}, map[string]any{"$ref": "#/$defs/" + word}, map[string]any{"$ref": "#"}}
		return replacements[random.IntN(len(replacements))]
	}
	switch v := doc.(type) {
	case map[string]any:
		out := map[string]any{}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			to := key
			if random.Float64() < p/2 {
				to = words[random.IntN(len(words))]
			}
			if random.Float64() >= p/2 {
				out[to] = mutate(random, v[key], words, p)
			}
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, item := range v {
			out = append(out, mutate(random, item, words, p))
		}
		return out
	}
	return doc
}
