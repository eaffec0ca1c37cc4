package behaviour

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/emit/testdata/thin/expected/generated/todos"
	"github.com/backstory-go/backstory/codegen/emit/testdata/thin/expected/generated/todos/list"
	"github.com/backstory-go/backstory/codegen/emit/testdata/thin/expected/generated/todos/listings"
	"github.com/backstory-go/backstory/codegen/emit/testdata/thin/expected/generated/todos/types"
	"github.com/backstory-go/backstory/engine"
)

// lists decides about lists as an app would; spoil lets a test break a rule.
type lists struct {
	spoil func(state *list.State, cmd list.AddItem)
	typed bool // refuse with a nil pointer
}

func (l lists) Create(_ engine.Decision, _ *list.State, cmd list.Create, emit list.CreateEmitter) {
	emit.Created(list.Created{Name: cmd.Name})
}

func (l lists) AddItem(in engine.Decision, state *list.State, cmd list.AddItem, emit list.AddItemEmitter) list.AddItemRefusal {
	if l.spoil != nil {
		l.spoil(state, cmd)
	}
	if l.typed {
		return (*list.NotActive)(nil)
	}
	if state.Status != types.StatusActive {
		return list.NotActive{}
	}
	for _, item := range state.Items {
		if item.Text == cmd.Text {
			emit.ItemDuplicated(list.ItemDuplicated{ID: item.ID, Text: cmd.Text})
			return nil
		}
	}
	if cmd.Text != "nothing" {
		emit.ItemAdded(list.ItemAdded{ID: in.NewID(), Text: cmd.Text})
	}
	return nil
}

func (l lists) Restore(in engine.Decision, state *list.State, past list.Past, cmd list.Restore, emit list.RestoreEmitter) list.RestoreRefusal {
	if state.Status != types.StatusActive {
		return list.NotActive{}
	}
	then, ok := past.At(cmd.Version)
	if !ok {
		return list.NoSuchVersion{}
	}
	for _, item := range then.Items {
		emit.ItemAdded(list.ItemAdded{ID: in.NewID(), Text: item.Text})
	}
	then.Items = nil // a copy, whose change nobody sees
	for m, event := range past.Events(cmd.Version-1, cmd.Version) {
		if created, ok := event.(list.Created); ok {
			emit.ItemAdded(list.ItemAdded{ID: in.NewID(), Text: fmt.Sprintf("%.100s was made by %s in version %d", created.Name, m.By, m.Version)})
		}
	}
	return nil
}

func (l lists) Created(_ engine.Meta, state *list.State, event list.Created) {
	state.Name, state.Status = event.Name, types.StatusActive
	if event.Name == "closed" {
		state.Status = types.StatusArchived
	}
}

func (l lists) ItemAdded(_ engine.Meta, state *list.State, event list.ItemAdded) {
	state.Items = append(state.Items, list.Item{ID: event.ID, Text: event.Text})
}

func (l lists) ItemDuplicated(_ engine.Meta, state *list.State, event list.ItemDuplicated) {
	state.DuplicatedItem = event.ID
}

// recorder is a test that may fail.
type recorder struct{ failure string }

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failure = fmt.Sprintf(format, args...)
	panic(r)
}

// failure runs a test and returns what it fails with.
func failure(test func(t engine.TB)) (message string) {
	r := &recorder{}
	defer func() {
		if p := recover(); p != nil && p != any(r) {
			panic(p)
		}
		message = r.failure
	}()
	test(r)
	return r.failure
}

func TestGivenPasses(t *testing.T) {
	created := engine.By("ann", list.Created{Name: "Groceries"})
	list.Given(t, lists{}).When(list.Create{Name: " Groceries "}).Then(list.Created{Name: "Groceries"})
	list.Given(t, lists{}, created).As("bob").When(list.AddItem{Text: "Milk"}).Then(list.ItemAdded{ID: engine.GivenID(1), Text: "Milk"})
	list.Given(t, lists{}, created, list.ItemAdded{ID: engine.GivenID(1), Text: "Milk"}).When(list.AddItem{Text: "Milk"}).
		Then(list.ItemDuplicated{ID: engine.GivenID(1), Text: "Milk"})
	list.Given(t, lists{}, list.Created{Name: "closed"}).When(list.AddItem{Text: "Milk"}).ThenRefused(list.NotActive{})
	list.Given(t, lists{}, created).When(list.AddItem{Text: "nothing"}).ThenNothing()
	list.Given(t, lists{typed: true}, created).When(list.AddItem{Text: "x"}).ThenNothing()
}

func TestGivenHasAPast(t *testing.T) {
	history := []engine.Event{engine.By("ann", list.Created{Name: "Groceries"}),
		list.ItemAdded{ID: engine.GivenID(8), Text: "Milk"}, list.ItemAdded{ID: engine.GivenID(9), Text: "Bread"}}
	restored := func(texts ...string) (events []engine.Event) {
		for i, text := range texts {
			events = append(events, list.ItemAdded{ID: engine.GivenID(i + 1), Text: text})
		}
		return events
	}
	made := "Groceries was made by ann in version 1"
	for version, texts := range map[int64][]string{0: nil, 1: {made}, 2: {"Milk", made}, 3: {"Milk", "Bread"}} {
		list.Given(t, lists{}, history...).When(list.Restore{Version: version}).Then(restored(texts...)...)
	}
	list.Given(t, lists{}, history...).When(list.Restore{Version: 4}).ThenRefused(list.NoSuchVersion{})
	got := failure(func(t engine.TB) {
		list.Given(t, lists{}, history...).When(list.Restore{Version: 2}).Then(restored("Milk")...)
	})
	if !strings.Contains(got, "was made by ann") {
		t.Errorf("got %s", got)
	}
}

func TestAPastThatWasNotGiven(t *testing.T) {
	actor := list.Describe(lists{})
	state := list.NewState()
	state.Status = types.StatusActive
	_, err := actor.Prepare().Decide(engine.Meta{Version: 1}, state, list.Restore{Version: 1})
	if err == nil || !strings.Contains(err.Error(), "todos.list.restore reads its stream's past") {
		t.Errorf("got %v", err)
	}
}

func TestGivenFails(t *testing.T) {
	created := list.Created{Name: "Groceries"}
	calls := 0
	add := list.AddItem{Text: "Milk"}
	tests := []struct {
		name string
		test func(t engine.TB)
		want []string
	}{
		{"another event", func(t engine.TB) {
			list.Given(t, lists{}, created).When(add).Then(list.ItemAdded{ID: engine.GivenID(1), Text: "Bread"})
		}, []string{"-want +got", `-   "text": "Bread"`, `+   "text": "Milk"`, `    "id"`}},
		{"an event too much", func(t engine.TB) { list.Given(t, lists{}, created).When(add).ThenNothing() }, []string{"- nothing", "+ todos.list.item_added"}},
		{"no refusal", func(t engine.TB) { list.Given(t, lists{}, created).When(add).ThenRefused(list.NotActive{}) }, []string{"- refused: not_active"}},
		{"a changed state", func(t engine.TB) {
			spoil := func(state *list.State, _ list.AddItem) { state.Name = "spoilt" }
			list.Given(t, lists{spoil: spoil}, created).When(add).ThenNothing()
		}, []string{"only events may", `-   "name": "Groceries"`, `+   "name": "spoilt"`}},
		{"a changed state before a refusal", func(t engine.TB) {
			spoil := func(state *list.State, _ list.AddItem) { state.Name = "spoilt" }
			list.Given(t, lists{spoil: spoil}, list.Created{Name: "closed"}).When(add).ThenRefused(list.NotActive{})
		}, []string{"only events may"}},
		{"two results", func(t engine.TB) {
			spoil := func(state *list.State, _ list.AddItem) {
				if calls++; calls%2 == 0 {
					state.Status = types.StatusArchived
				}
			}
			list.Given(t, lists{spoil: spoil}, created).When(add).ThenNothing()
		}, []string{"decided twice", "+ refused: not_active"}},
		{"a panic", func(t engine.TB) {
			spoil := func(*list.State, list.AddItem) { panic("no") }
			list.Given(t, lists{spoil: spoil}, created).When(add).ThenNothing()
		}, []string{"handler panicked: no"}},
		{"a wrong history", func(t engine.TB) { list.Given(t, lists{}, list.Created{}) }, []string{"breaks its own schema", "/name"}},
		{"a wrong command", func(t engine.TB) { list.Given(t, lists{}).When(list.Create{}) }, []string{"breaks its own schema"}},
		{"no stream", func(t engine.TB) { list.Given(t, lists{}).When(add).ThenNothing() }, []string{"+ refused: not_found"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := failure(test.test)
			for _, want := range test.want {
				if !strings.Contains(got, want) {
					t.Errorf("want %q in:\n%s", want, got)
				}
			}
		})
	}
}

type rowsOfLists struct{}

func (rowsOfLists) Created(m engine.Meta, rows *listings.Rows, event list.Created) {
	rows.Put(listings.Row{Name: event.Name, CreatedAt: m.At})
}
func (rowsOfLists) ItemAdded(_ engine.Meta, rows *listings.Rows, _ list.ItemAdded) {
	rows.Patch(listings.Key{}, func(row *listings.Row) { row.ItemCount++ })
}
func (rowsOfLists) ItemDuplicated(engine.Meta, *listings.Rows, list.ItemDuplicated) {}

func TestRegister(t *testing.T) {
	var s engine.System
	todos.Register(&s, lists{}, rowsOfLists{})
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	actor, ok := s.Actor("todos.list")
	if !ok || actor.SnapshotEvery != 200 || len(actor.Commands) != 3 || len(actor.Events) != 3 {
		t.Fatalf("got %+v", actor)
	}
	command, ok := actor.CommandType("todos.list.add_item")
	if !ok || len(command.Fields) != 1 || command.Fields[0].MaxLength != 200 || command.Refusals[0].Code != "not_active" {
		t.Errorf("got %+v", command)
	}
	event, err := s.Decode("todos.list.item_added", 1, []byte(`{"id":"6ba7b810-9dad-11d1-80b4-00c04fd430c8","text":"x","new":1}`))
	if err != nil || event.(list.ItemAdded).Text != "x" {
		t.Errorf("got %+v, %v", event, err)
	}
	if _, err := actor.ParseID("x"); err == nil {
		t.Error("an id that is no UUID was accepted")
	}
	var unknown *engine.UnknownEventError
	if _, err := s.Decode("todos.list.item_added", 2, []byte(`{}`)); !errors.As(err, &unknown) {
		t.Errorf("got %v", err)
	}
}

func TestProjectionReportsWhatTheDatabaseSays(t *testing.T) {
	var s engine.System
	todos.Register(&s, lists{}, rowsOfLists{})
	p := s.Projections()[0]
	if p.Name != "todos.listings" || p.Table != "todos_listings" || !strings.HasPrefix(p.DDL, "CREATE TABLE todos_listings (") || len(p.Hash) != 16 {
		t.Errorf("got %+v", p)
	}
	err := p.Apply(context.Background(), brokenDB{}, []engine.Recorded{{Event: list.ItemAdded{}}})
	if !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}
