package compat

import (
	"testing"

	"github.com/backstory-go/backstory/codegen/dialect"
	"github.com/backstory-go/backstory/codegen/source"
)

// TestEveryKeywordIsClassified fails when the dialect gains a keyword that nobody
// has thought about here.
func TestEveryKeywordIsClassified(t *testing.T) {
	known := map[string]bool{}
	for _, keyword := range classified() {
		known[keyword] = true
	}
	for _, kind := range dialect.Kinds() {
		tree, faults := source.New(map[string][]byte{kind: dialect.File(kind)})
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		root := tree.Files[0].Root
		for _, holder := range []*source.Node{root.Get("properties"), root.Find("/$defs/schema/properties")} {
			for _, m := range holder.Members {
				if !known[m.Key] {
					t.Errorf("%s of %s has no rule: add it to classified, and a rule if it needs one", m.Key, kind)
				}
			}
		}
	}
}
