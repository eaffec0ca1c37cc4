package behaviour

import (
	"context"
	"math"
	"slices"
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
	"github.com/jackc/pgx/v5/pgconn"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// keeper puts rows and later reads them back.
type keeper struct {
	put []overview.Row
	got []overview.Row
}

func (k *keeper) Placed(_ engine.Meta, rows *overview.Rows, _ order.Placed) {
	for _, row := range k.put {
		rows.Put(row)
	}
}

func (k *keeper) Reserved(_ engine.Meta, rows *overview.Rows, _ stock.Reserved) {
	k.got = nil // a projector may be asked twice
	for _, row := range k.put {
		if got, ok := rows.Get(overview.KeyOf(row)); ok {
			k.got = append(k.got, got)
		}
	}
}

func (k *keeper) Counted(_ engine.Meta, rows *overview.Rows, _ event.Counted) {
	for _, row := range k.put {
		rows.Delete(overview.KeyOf(row))
	}
}

// trips counts what is sent to the database.
type trips struct {
	engine.DBTX
	n int
}

func (t *trips) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	t.n++
	return t.DBTX.Exec(ctx, sql, args...)
}

func (t *trips) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	t.n++
	return t.DBTX.Query(ctx, sql, args...)
}

func (t *trips) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	t.n++
	return t.DBTX.QueryRow(ctx, sql, args...)
}

// Whatever the number of rows, they are read, written and deleted in one round
// trip each, and come back as they were put.
func TestEveryKindOfColumnComesBack(t *testing.T) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, pgtest.Database(t, pgtest.Template{}))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	k := &keeper{put: []overview.Row{bare(t), full(t), hard(t)}}
	for i := range 100 {
		row := bare(t)
		row.N = int64(i)
		k.put = append(k.put, row)
	}
	var s engine.System
	shop.Register(&s, nil, nil, nil, k, nil, nil)
	projection := s.Projections()[0]
	if _, err := conn.Exec(ctx, projection.DDL); err != nil {
		t.Fatal(err)
	}
	db := &trips{DBTX: conn}
	apply := func(e engine.Event) {
		t.Helper()
		db.n = 0
		if err := projection.Apply(ctx, db, []engine.Recorded{{Event: e}}); err != nil {
			t.Fatal(err)
		}
		if db.n != 1 {
			t.Errorf("%d round trips, want one", db.n)
		}
	}
	for range 2 { // the second time rows are replaced
		apply(order.Placed{})
		apply(stock.Reserved{})
		options := cmp.Options{cmp.Comparer(func(a, b engine.Time) bool { return a == b }), cmp.Comparer(func(a, b engine.Duration) bool { return a == b }),
			cmp.Transformer("json", func(o engine.Opt[types.Address]) string { return string(engine.ToColumnOpt(o)) }), cmp.AllowUnexported(
				engine.Opt[types.Color]{}, engine.Opt[time.Time]{}, engine.Opt[[]string]{}, engine.Opt[[]types.Color]{}, engine.Opt[string]{},
				engine.Opt[ids.Stock]{}, engine.Opt[int64]{}, engine.Opt[types.Node]{}, engine.Opt[[]types.Node]{})}
		if diff := cmp.Diff(k.put, k.got, options); diff != "" {
			t.Errorf("(-put +got)\n%s", diff)
		}
		slices.Reverse(k.put)
	}
	apply(event.Counted{})
	apply(stock.Reserved{})
	if len(k.got) > 0 {
		t.Errorf("%d deleted rows came back", len(k.got))
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

// hard has what is easily lost on its way through text.
func hard(t *testing.T) overview.Row {
	t.Helper()
	row := full(t)
	const text = "NULL {a,\"b\"} \\ \\\" 'c' \n\t\r \x01 \u00e9\U0001f9ea \u2028 $1 @x"
	empty, day := "", engine.Date{Year: 0, Month: time.February, Day: 29}
	row.Order, row.User, row.Note, row.NullNote = ids.Order(text), text, engine.Some(text), &empty
	row.Tags, row.MaybeTags, row.NullTags = []string{"", text, "NULL", "null", " a "}, engine.Some([]string{text, ""}), &[]string{}
	row.At = time.Date(0, 1, 1, 0, 0, 0, 1000, time.UTC)
	row.Day, row.NullDay, row.MaybeAt = day, &day, engine.Some(row.At)
	row.Price, row.N, row.MaybeN = math.SmallestNonzeroFloat64, math.MinInt64, engine.Some[int64](math.MaxInt64)
	row.Address = types.Address{Street: text, Lines: []string{text, ""}}
	row.Counts = map[string]int64{text: math.MaxInt64, "": 0}
	row.Nodes = []types.Node{{Value: 1, Next: engine.Some(types.Node{Value: 2, Next: engine.Some(types.Node{Value: 3})})}}
	row.Colors, row.Yes = []types.Color{types.ColorRed, types.ColorRed}, false
	return row
}
