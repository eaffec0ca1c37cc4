package behaviour

import (
	"context"
	"testing"
	"time"

	"github.com/backstory-go/backstory/codegen/emit/testdata/wide/expected/generated/shop"
	"github.com/backstory-go/backstory/codegen/emit/testdata/wide/expected/generated/shop/event"
	"github.com/backstory-go/backstory/codegen/emit/testdata/wide/expected/generated/shop/ids"
	"github.com/backstory-go/backstory/codegen/emit/testdata/wide/expected/generated/shop/order"
	"github.com/backstory-go/backstory/codegen/emit/testdata/wide/expected/generated/shop/overview"
	"github.com/backstory-go/backstory/codegen/emit/testdata/wide/expected/generated/shop/stock"
	"github.com/backstory-go/backstory/codegen/emit/testdata/wide/expected/generated/shop/types"
	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/localpg/pgtest"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// keeper puts one row and later reads it back.
type keeper struct {
	put overview.Row
	got overview.Row
	ok  bool
}

func (k *keeper) Placed(_ engine.Meta, rows *overview.Rows, _ order.Placed) { rows.Put(k.put) }

func (k *keeper) Reserved(_ engine.Meta, rows *overview.Rows, _ stock.Reserved) {
	k.got, k.ok = rows.Get(overview.KeyOf(k.put))
}

func (k *keeper) Counted(_ engine.Meta, rows *overview.Rows, _ event.Counted) {
	rows.Delete(overview.KeyOf(k.put))
}

func TestEveryKindOfColumnComesBack(t *testing.T) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, pgtest.Database(t, pgtest.Template{}))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	k := &keeper{}
	var s engine.System
	shop.Register(&s, nil, nil, nil, k, nil, nil)
	projection := s.Projections()[0]
	if _, err := conn.Exec(ctx, projection.DDL); err != nil {
		t.Fatal(err)
	}
	apply := func(e engine.Event) {
		t.Helper()
		if err := projection.Apply(ctx, conn, []engine.Recorded{{Event: e}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []overview.Row{bare(t), full(t)} {
		k.put = row
		apply(order.Placed{})
		apply(stock.Reserved{})
		options := cmp.Options{cmp.Comparer(func(a, b engine.Time) bool { return a == b }), cmp.Comparer(func(a, b engine.Duration) bool { return a == b }),
			cmp.Transformer("json", func(o engine.Opt[types.Address]) string { return string(engine.ToColumnOpt(o)) }), cmp.AllowUnexported(
				engine.Opt[types.Color]{}, engine.Opt[time.Time]{}, engine.Opt[[]string]{}, engine.Opt[[]types.Color]{}, engine.Opt[string]{},
				engine.Opt[ids.Stock]{}, engine.Opt[int64]{}, engine.Opt[types.Node]{}, engine.Opt[[]types.Node]{})}
		if diff := cmp.Diff(k.put, k.got, options); diff != "" || !k.ok {
			t.Errorf("(-put +got)\n%s", diff)
		}
	}
	apply(event.Counted{})
	apply(stock.Reserved{})
	if k.ok {
		t.Error("a deleted row came back")
	}
}

// bare has nothing that may be left out.
func bare(t *testing.T) overview.Row {
	t.Helper()
	clock, err := engine.ParseTime("10:00:00+02:00")
	if err != nil {
		t.Fatal(err)
	}
	return overview.Row{
		Order: "o", Stock: ids.Stock(uuid.New()), Day: engine.Date{Year: 2024, Month: time.February, Day: 29}, Color: types.ColorRed,
		At: time.Date(2024, 1, 2, 3, 4, 5, 6000, time.UTC), Clock: clock, Wait: engine.DurationOf(time.Hour), Tags: []string{}, Colors: []types.Color{},
		Ids: []uuid.UUID{}, Address: types.Address{Street: "x", Lines: []string{}}, Counts: map[string]int64{}, Shape: types.Circle{Radius: 1},
		Price: 1.5, N: 7, Yes: true, User: "u", APIURL: "a", Nodes: []types.Node{},
	}
}

// full has everything.
func full(t *testing.T) overview.Row {
	t.Helper()
	row, text, tags := bare(t), "text", []string{"t"}
	day := engine.Date{Year: 2025, Month: time.January, Day: 1}
	row.MaybeColor, row.MaybeAt, row.Tags, row.Colors = engine.Some(types.ColorRed), engine.Some(row.At), []string{"a", "b"}, []types.Color{types.ColorRed}
	row.MaybeTags, row.MaybeColors, row.Ids = engine.Some([]string{}), engine.Some([]types.Color{types.ColorRed}), []uuid.UUID{uuid.New()}
	row.MaybeAddress, row.Counts = engine.Some(types.Address{Street: "y", Zip: engine.Some("12345"), Lines: []string{"l"}}), map[string]int64{"a": 1}
	row.Note, row.NullNote, row.NullDay, row.MaybeStock, row.MaybeN = engine.Some("n"), &text, &day, engine.Some(row.Stock), engine.Some(int64(3))
	row.Nodes, row.NullTags = []types.Node{{Value: 1, Next: engine.Some(types.Node{Value: 2})}}, &tags
	return row
}
