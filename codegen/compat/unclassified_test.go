package compat_test

import (
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/compat"
	"github.com/backstory-go/backstory/codegen/source"
)

// TestUnclassified: a keyword that the comparison has no opinion on breaks
// everything that its file speaks about. The model refuses such keywords today,
// so the trees are changed behind its back.
func TestUnclassified(t *testing.T) {
	plain := side(t, nil)
	withKeyword := func(file, text string) compat.Side {
		files := map[string][]byte{}
		for _, f := range plain.Tree.Files {
			files[f.Path] = f.Bytes()
		}
		files[file] = []byte(text)
		tree, faults := source.New(files)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		return compat.Side{Tree: tree, System: plain.System}
	}
	event, command := "shop/order/events/placed.json", "shop/order/commands/place.json"
	one := `{"properties": {"a": {"items": {"oneOf": [{"x-future": 1}]}}}}`
	for _, c := range []struct {
		name     string
		old, now compat.Side
		want     string
	}{
		{"came", plain, withKeyword(event, `{"x-future": 1}`), "1:2 LOG and ROLLING: x-future"},
		{"went", withKeyword(event, `{"x-future": 1}`), plain, "1:1 LOG and ROLLING: x-future"},
		{"changed, deep down", withKeyword(event, strings.Replace(one, "1", "2", 1)), withKeyword(event, one), "1:44 LOG and ROLLING: x-future"},
		{"in a command", plain, withKeyword(command, `{"x-future": 1}`), "1:2 API: x-future"},
		{"in an actor", plain, withKeyword("shop/order/actor.json", `{"x-future": 1}`), "1:2 LOG, ROLLING and API: x-future"},
		{"the same in other words", withKeyword(event, `{"x-future": [1, {"a": 2}]}`), withKeyword(event, `{"x-future": [ 1.0, {"a":2} ]}`), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			findings := compat.Compare(c.old, c.now)
			if c.want == "" {
				if len(findings) > 0 {
					t.Error(findings.Faults())
				}
				return
			}
			if len(findings) != 1 || findings[0].Code != "BS3042" || !findings.Break() {
				t.Fatalf("got %v", findings.Faults())
			}
			_, place, _ := strings.Cut(findings[0].Pos.String(), ".json:")
			if got := place + " " + findings[0].Message; !strings.HasPrefix(got, c.want) {
				t.Errorf("got %s, want %s…", got, c.want)
			}
		})
	}
}
