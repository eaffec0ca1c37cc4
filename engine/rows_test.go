package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
)

type testRow struct {
	Key, Value string
}

// rowStep is an event that does something to the rows.
type rowStep func(rows *Rows[string, testRow])

func (rowStep) MessageType() string { return "rowStep" }
func (rowStep) SchemaVersion() int  { return 1 }

// testTable counts the round trips to a table.
type testTable struct {
	rows    map[string]string
	loads   [][]string
	puts    []testRow
	deletes []string
}

func (t *testTable) table() Table[string, testRow] {
	return Table[string, testRow]{
		KeyOf:   func(r testRow) string { return r.Key },
		Project: func(_ Meta, rows *Rows[string, testRow], event Event) { event.(rowStep)(rows) },
		Load: func(_ context.Context, _ DBTX, keys []string) (found []testRow, err error) {
			t.loads = append(t.loads, slices.Clone(keys))
			for _, key := range keys {
				if key == "broken" {
					return nil, errors.New("no connection")
				}
				if value, ok := t.rows[key]; ok {
					found = append(found, testRow{key, value})
				}
			}
			return found, nil
		},
		Put: func(_ context.Context, _ DBTX, rows []testRow) error {
			t.puts = append(t.puts, rows...)
			return nil
		},
		Delete: func(_ context.Context, _ DBTX, keys []string) error {
			t.deletes = append(t.deletes, keys...)
			return nil
		},
	}
}

func batch(steps ...rowStep) []Recorded {
	list := make([]Recorded, len(steps))
	for i, s := range steps {
		list[i].Event = s
	}
	return list
}

func patch(key string) rowStep {
	return func(rows *Rows[string, testRow]) { rows.Patch(key, func(r *testRow) { r.Value += "!" }) }
}

func TestRowsAreLoadedAndWrittenOnce(t *testing.T) {
	table := testTable{rows: map[string]string{"a": "1", "b": "2", "d": "4"}}
	err := ApplyRows(t.Context(), nil, table.table(), batch(
		func(rows *Rows[string, testRow]) {
			row, ok := rows.Get("b")
			if rows.scouted == nil && (!ok || row.Value != "2") {
				t.Errorf("got %v, %t", row, ok)
			}
		},
		func(rows *Rows[string, testRow]) { rows.Put(testRow{"c", "3"}) },
		patch("a"),
		patch("c"),
		func(rows *Rows[string, testRow]) {
			if rows.Patch("none", func(*testRow) { t.Error("called") }) {
				t.Error("patched a row that is not there")
			}
		},
		patch("a"),
		func(rows *Rows[string, testRow]) {
			rows.Delete("d")
			rows.Delete("none")
			rows.Delete("none")
			rows.Put(testRow{"e", "5"})
			rows.Delete("e")
			if _, ok := rows.Get("d"); ok {
				t.Error("a deleted row is there")
			}
		},
	))
	if err != nil {
		t.Fatal(err)
	}
	if want := []testRow{{"c", "3!"}, {"a", "1!!"}}; !slices.Equal(table.puts, want) {
		t.Errorf("put %v, want %v", table.puts, want)
	}
	if want := []string{"d", "none", "e"}; !slices.Equal(table.deletes, want) {
		t.Errorf("deleted %v, want %v", table.deletes, want)
	}
	if want := [][]string{{"b", "a", "none"}}; !slices.EqualFunc(table.loads, want, slices.Equal) {
		t.Errorf("loaded %v, want %v", table.loads, want)
	}
}

func TestFoldingKeepsRowsFromBatchToBatch(t *testing.T) {
	table := testTable{rows: map[string]string{"a": "1"}}
	f := NewFolding(table.table())
	for range 3 {
		if err := f.Apply(t.Context(), nil, batch(patch("a"), patch("b"))); err != nil {
			t.Fatal(err)
		}
		if err := f.Write(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Write(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if want := []testRow{{"a", "1!"}, {"a", "1!!"}, {"a", "1!!!"}}; !slices.Equal(table.puts, want) || len(table.loads) != 1 || f.Rows() != 2 {
		t.Errorf("put %v, loaded %v, kept %d", table.puts, table.loads, f.Rows())
	}
	f.Forget()
	if err := f.Apply(t.Context(), nil, batch(patch("a"))); err != nil || len(table.loads) != 2 || f.Rows() != 1 {
		t.Errorf("after Forget: %v, loaded %v, kept %d", err, table.loads, f.Rows())
	}
}

// A projector that follows references from row to row costs a few round trips for
// the first levels, and is right whatever the depth.
func TestRowsThatLeadToOthers(t *testing.T) {
	table := testTable{rows: map[string]string{}}
	for i := range 20 {
		table.rows[fmt.Sprint(i)] = fmt.Sprint(i + 1)
	}
	steps := make([]rowStep, 20)
	for i := range steps {
		steps[i] = func(rows *Rows[string, testRow]) {
			next, ok := rows.Get(fmt.Sprint(i))
			if !ok {
				panic("no row")
			}
			rows.Get(next.Value + "x")
		}
	}
	if err := ApplyRows(t.Context(), nil, table.table(), batch(steps...)); err != nil {
		t.Fatal(err)
	}
	if len(table.loads) != 1+20 || len(table.loads[0]) != 20 {
		t.Errorf("loaded %v", table.loads)
	}
}

func TestAnErrorEndsTheBatch(t *testing.T) {
	get := func(rows *Rows[string, testRow]) { rows.Get("broken") }
	var panicked *PanicError
	tests := map[string]struct {
		step rowStep
		ok   func(error) bool
	}{
		"a row that cannot be loaded": {get, func(err error) bool { return err != nil && err.Error() == "load row broken: no connection" }},
		"a panic":                     {func(*Rows[string, testRow]) { panic("no") }, func(err error) bool { return errors.As(err, &panicked) }},
		"a patch that changes the key": {func(rows *Rows[string, testRow]) {
			rows.Put(testRow{"a", "1"})
			rows.Patch("a", func(r *testRow) { r.Key = "b" })
		}, func(err error) bool { return errors.As(err, &panicked) }},
		"nothing wrong": {func(*Rows[string, testRow]) {}, func(err error) bool { return err == nil }},
	}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		var table testTable
		if err := ApplyRows(t.Context(), nil, table.table(), batch(tests[name].step)); !tests[name].ok(err) || len(table.puts) > 0 {
			t.Errorf("%s: got %v, put %v", name, err, table.puts)
		}
	}
}

func TestKeysThatDifferInGoOnly(t *testing.T) {
	type row struct {
		At time.Time
		N  int
	}
	at := time.Date(2024, 1, 2, 3, 4, 5, 6_999, time.FixedZone("x", 3600))
	rows := newRows(func(r row) time.Time { return r.At }, Instant)
	rows.Put(row{at, 1})
	if got, ok := rows.Get(at.UTC().Truncate(time.Microsecond)); !ok || got.N != 1 {
		t.Errorf("got %v, %t", got, ok)
	}
}

func TestTextOfArrays(t *testing.T) {
	text, at := "a", time.Date(0, 12, 31, 23, 59, 59, 123_456_789, time.FixedZone("x", -3600))
	same := func(p *string) *string { return p }
	tests := map[string]struct{ got, want string }{
		"absent":  {ColumnText([]*string{nil, &text}, same), `{NULL,"a"}`},
		"none":    {ColumnText(nil, same), `{}`},
		"lists":   {ColumnListsText([][]string{nil, {}, {"NULL", `"\`}}, func(l []string) []string { return l }), `{NULL,"{}","{\"NULL\",\"\\\"\\\\\"}"}`},
		"numbers": {listText([]int64{-1, 2}), `{-1,2}`},
		"floats":  {listText([]float64{0.1, 1e300}), `{0.1,1e+300}`},
		"bools":   {listText([]bool{true, false}), `{true,false}`},
		"ids":     {listText([]uuid.UUID{{}}), `{00000000-0000-0000-0000-000000000000}`},
		"dates":   {listText([]Date{{0, 2, 29}, {2024, 2, 29}}), `{"0001-02-29 BC","2024-02-29"}`},
		"times":   {listText([]time.Time{at}), `{"0001-01-01 00:59:59.123456Z"}`},
	}
	for name, test := range tests {
		if test.got != test.want {
			t.Errorf("%s: got %s, want %s", name, test.got, test.want)
		}
	}
}

// BenchmarkRowsKept folds batches of 100 events and takes their changes, with
// 10,000 other rows in memory: those must not cost anything.
func BenchmarkRowsKept(b *testing.B) {
	var table testTable
	quiet := table.table()
	quiet.Put = func(context.Context, DBTX, []testRow) error { return nil }
	f := NewFolding(quiet)
	steps := make([]rowStep, 10_000)
	for i := range steps {
		steps[i] = func(rows *Rows[string, testRow]) { rows.Put(testRow{fmt.Sprint(i), "1"}) }
	}
	events := batch(steps...)
	if err := f.Apply(b.Context(), nil, events); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		at := n % 100 * 100
		if err := f.Apply(b.Context(), nil, events[at:at+100]); err != nil {
			b.Fatal(err)
		}
		if err := f.Write(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
	}
}

// In a table that was empty, no row is looked for before it may have been written.
func TestFoldingIntoAnEmptyTable_ReadsWhatItWroteOnly(t *testing.T) {
	table := testTable{rows: map[string]string{"a": "1", "b": "2", "c": "3"}} // as if by Write
	put := func(key string) rowStep { return func(rows *Rows[string, testRow]) { rows.Put(testRow{key, "0"}) } }
	f := NewFolding(table.table())
	f.Empty()
	apply := func(steps ...rowStep) {
		t.Helper()
		if err := errors.Join(f.Apply(t.Context(), nil, batch(steps...)), f.Write(t.Context(), nil)); err != nil {
			t.Fatal(err)
		}
	}
	apply(patch("a"), put("a"), patch("a"), put("b"))
	if want := []testRow{{"a", "0!"}, {"b", "0"}}; len(table.loads) != 0 || !slices.Equal(table.puts, want) {
		t.Errorf("loaded %v, put %v, want %v", table.loads, table.puts, want)
	}
	f.Forget()
	apply(patch("c"), patch("a"), patch("d"), patch("b"))
	if want := [][]string{{"a", "b"}}; !slices.EqualFunc(table.loads, want, slices.Equal) {
		t.Errorf("loaded %v, want %v", table.loads, want)
	}
	if want := []testRow{{"a", "1!"}, {"b", "2!"}}; !slices.Equal(table.puts[2:], want) {
		t.Errorf("put %v, want %v", table.puts[2:], want)
	}
	table.loads = nil
	f.Forget()
	apply(func(rows *Rows[string, testRow]) { rows.Delete("a") })
	f.Forget()
	apply(patch("a"))
	if len(table.loads) != 1 {
		t.Errorf("of a row that was deleted, loaded %v", table.loads)
	}
}

func TestSeenKeys_NeverForgets_SeldomMistakes(t *testing.T) {
	seen := newSeenKeys[int]()
	keys := make([]int, 200_000)
	for i := range keys {
		keys[i] = i
	}
	seen.add(keys)
	mistaken := 0
	for i := range 2 * len(keys) {
		switch has := seen.has(i); {
		case i < len(keys) && !has:
			t.Fatalf("%d is forgotten", i)
		case i >= len(keys) && has:
			mistaken++
		}
	}
	if mistaken > len(keys)/100 { // a tenth of that is expected
		t.Errorf("%d of %d are mistaken", mistaken, len(keys))
	}
}
