package model_test

import (
	"fmt"
	"testing"
)

// BenchmarkBuild loads a system of 300 messages, which people must not notice.
func BenchmarkBuild(b *testing.B) {
	files := load(b, "testdata/base/schemas")
	for i := range 300 {
		files[fmt.Sprintf("todos/list/events/extra%d.json", i)] = files["todos/list/events/created.json"]
	}
	for b.Loop() {
		if _, system, faults := build(files); system == nil {
			b.Fatal(faults)
		}
	}
}
