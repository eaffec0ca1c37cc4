package engine

import "encoding/json"

// GivenRows is a projection's rows after the events of a test. Generated packages
// make it.
type GivenRows[K comparable, R any] struct {
	t    TB
	rows *Rows[K, R]
}

// NewGivenRows folds the events into an empty table.
func NewGivenRows[K comparable, R any](t TB, table Table[K, R], events []Event) *GivenRows[K, R] {
	t.Helper()
	rows := newRows(table.KeyOf, table.Canonical)
	rows.load = func(key K) ([]K, []R, error) { return []K{key}, nil, nil }
	err := GuardRows(func() error {
		for i, event := range events {
			m, event := givenAt(i+1, event)
			table.Project(m, rows, event)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("the projector failed: %v", err)
	}
	return &GivenRows[K, R]{t, rows}
}

// ThenRow wants the key to have this row.
func (g *GivenRows[K, R]) ThenRow(key K, row R) *GivenRows[K, R] {
	g.t.Helper()
	got := "no row"
	if found, there := g.rows.Get(key); there {
		got = g.lines(found)
	}
	if want := g.lines(row); want != got {
		g.t.Fatalf("the row of %v is another one (-want +got):\n%s", key, lineDiff(want, got))
	}
	return g
}

// ThenNoRow wants the key to have no row.
func (g *GivenRows[K, R]) ThenNoRow(key K) *GivenRows[K, R] {
	g.t.Helper()
	if found, there := g.rows.Get(key); there {
		g.t.Fatalf("%v has a row:\n%s", key, g.lines(found))
	}
	return g
}

func (g *GivenRows[K, R]) lines(row R) string {
	g.t.Helper()
	data, err := json.Marshal(row)
	if err != nil {
		g.t.Fatalf("encode a row: %v", err)
	}
	return indented(data)
}
