package engine

import (
	"errors"
	"slices"
	"testing"
)

type testRow struct {
	Key, Value string
}

func testRows(table map[string]string, loads *[]string) *Rows[string, testRow] {
	return NewRows(func(r testRow) string { return r.Key }, func(key string) (testRow, bool, error) {
		*loads = append(*loads, key)
		if key == "broken" {
			return testRow{}, false, errors.New("no connection")
		}
		value, ok := table[key]
		return testRow{key, value}, ok, nil
	})
}

func TestRowsLoadOnceAndWriteInOrder(t *testing.T) {
	var loads []string
	rows := testRows(map[string]string{"a": "1", "b": "2", "d": "4"}, &loads)
	if row, ok := rows.Get("b"); !ok || row.Value != "2" {
		t.Errorf("got %v, %t", row, ok)
	}
	rows.Put(testRow{"c", "3"})
	if !rows.Patch("a", func(r *testRow) { r.Value += "!" }) || rows.Patch("none", func(*testRow) { t.Error("called") }) {
		t.Error("patch says the wrong thing")
	}
	rows.Patch("a", func(r *testRow) { r.Value += "!" })
	rows.Delete("d")
	rows.Delete("none")
	rows.Delete("none")
	rows.Put(testRow{"e", "5"})
	rows.Delete("e")
	if _, ok := rows.Get("d"); ok {
		t.Error("a deleted row is there")
	}
	puts, deletes := rows.Changes()
	if !slices.Equal(puts, []testRow{{"c", "3"}, {"a", "1!!"}}) || !slices.Equal(deletes, []string{"none", "d", "e"}) {
		t.Errorf("got %v, %v", puts, deletes)
	}
	if !slices.Equal(loads, []string{"b", "a", "none"}) {
		t.Errorf("loaded %v", loads)
	}
}

func TestGuardRows(t *testing.T) {
	var loads []string
	rows := testRows(nil, &loads)
	if err := GuardRows(func() error { rows.Get("broken"); return nil }); err == nil || err.Error() != "load row broken: no connection" {
		t.Errorf("got %v", err)
	}
	var panicked *PanicError
	if err := GuardRows(func() error { panic("no") }); !errors.As(err, &panicked) {
		t.Errorf("got %v", err)
	}
	rows.Put(testRow{"a", "1"})
	if err := GuardRows(func() error { rows.Patch("a", func(r *testRow) { r.Key = "b" }); return nil }); !errors.As(err, &panicked) {
		t.Errorf("got %v", err)
	}
	if err := GuardRows(func() error { return nil }); err != nil {
		t.Errorf("got %v", err)
	}
}
