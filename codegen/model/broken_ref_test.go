package model_test

import (
	"maps"
	"strings"
	"testing"
)

// TestBrokenActorBehindAnID refers by x-ref to an actor whose schema is broken:
// the reference must not bring it before the second judge, who panics.
func TestBrokenActorBehindAnID(t *testing.T) {
	base := load(t, "testdata/base/schemas")
	for _, required := range []string{`{"pattern":"x"}`, `{}`, `7`, `"a"`, `null`, `[1]`, `[[]]`} {
		files := maps.Clone(base)
		files["todos/list/actor.json"] = []byte(`{"$schema":"../../dialect/actor.json","type":"object","x-id":{"type":"string","pattern":"^a"},"x-reactions":[],
			"properties":{"a":{"type":"object","properties":{"b":{"type":"object","properties":{"c":{"type":"string"}},"required":` + required + `}},"required":["b"]}}}`)
		_, system, faults := build(files)
		if system != nil || !strings.Contains(faults.Error(), "todos/list/actor.json") {
			t.Errorf("required: %s gives %v", required, faults)
		}
	}
}
