package postgres

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// landedFlight is one that found the log at end and stored an event of each stream.
func landedFlight(end place, streams ...string) *flight {
	f := &flight{end: end, streams: map[string]streamHead{}}
	for i, name := range streams {
		id := uuid.New()
		f.streams[name] = streamHead{version: end.position + int64(i), lastID: id}
		f.records = append(f.records, &record{Recorded: engine.Recorded{Meta: engine.Meta{Position: end.position + int64(i) + 1, ID: id}}})
	}
	return f
}

func TestHeads_HoldOnlyWhereTheLogEnded(t *testing.T) {
	t.Parallel()
	h := newHeads(10)
	first := landedFlight(place{4, uuid.New()}, "a", "b")
	h.follow(first)
	end := place{6, first.records[1].Meta.ID}
	second := landedFlight(end, "b")
	if !h.of(end) || h.of(place{6, uuid.New()}) || h.of(place{7, end.id}) || h.of(place{}) {
		t.Errorf("they are said to be of another log than that which ends at %v", end)
	}
	h.follow(second)
	if head, known := h.get("a"); !known || head != first.streams["a"] {
		t.Errorf("a: %v, %v", head, known)
	}
	if head, known := h.get("b"); !known || head != second.streams["b"] {
		t.Errorf("b: %v, %v, want that of the flight after", head, known)
	}
	h.follow(landedFlight(place{9, uuid.New()}, "c")) // somebody else stored in between
	if _, known := h.get("a"); known {
		t.Error("a is still known")
	}
	if _, known := h.get("c"); !known {
		t.Error("c is not known")
	}
}

func TestHeads_AreBounded(t *testing.T) {
	t.Parallel()
	h := newHeads(10)
	for i := range 1_000 {
		h.put(fmt.Sprint(i), streamHead{version: int64(i)})
		h.get("0") // what is asked for stays
	}
	if n := len(h.young) + len(h.old); n > 20 {
		t.Errorf("%d are kept", n)
	}
	if head, known := h.get("0"); !known || head.version != 0 {
		t.Errorf("0: %v, %v", head, known)
	}
}
