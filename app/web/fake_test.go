package web

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/generated/todos/list"
)

// fakeClient is an engine in memory for tests of handlers: a few lines of the
// list's rules, enough to answer. Tests of behaviour run on the real engine.
type fakeClient struct {
	engine.Client // what is not faked panics

	hub       engine.Hub
	submitErr error
	waitErr   error
	readErr   error         // of lists
	archived  int64         // versions up to it left every stream
	status    engine.Status // of outcomes, whatever became of them; "": the truth

	mu       sync.Mutex
	events   map[string][]engine.Recorded
	outcomes map[uuid.UUID]engine.Outcome
	order    []uuid.UUID
	position int64
	sent     []engine.Submission
}

func newFake() *fakeClient {
	return &fakeClient{events: map[string][]engine.Recorded{}, outcomes: map[uuid.UUID]engine.Outcome{}}
}

// fakeSystem registers the commands as the schemas describe them.
func fakeSystem() *engine.System {
	system := &engine.System{}
	system.AddActor(engine.Actor{Type: "todos.list", ParseID: func(id string) (string, error) { return id, nil }, Commands: list.CommandTypes()})
	return system
}

func (f *fakeClient) Hub() *engine.Hub { return &f.hub }

func (f *fakeClient) Submit(_ context.Context, s engine.Submission) (uuid.UUID, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent = append(f.sent, s)
	if f.submitErr != nil {
		return uuid.Nil, f.submitErr
	}
	if s.ID == uuid.Nil {
		s.ID = uuid.New()
	}
	if _, ok := f.outcomes[s.ID]; ok {
		return s.ID, nil
	}
	var fields map[string]any
	if err := json.Unmarshal(s.Data, &fields); err != nil {
		return uuid.Nil, err
	}
	data := map[string]string{}
	for name, value := range fields {
		data[name] = fmt.Sprint(value)
	}
	for _, field := range []string{"text", "name"} {
		if v, ok := data[field]; ok && strings.TrimSpace(v) == "" {
			return uuid.Nil, &engine.FaultsError{Faults: []engine.Fault{{Pointer: "/" + field, Message: "may not be empty"}}}
		}
	}
	stream := listStream(s.StreamID)
	o := engine.Outcome{ID: s.ID, Type: s.Type, Stream: stream, Status: engine.Accepted, By: s.By, At: time.Now(), Data: s.Data}
	event, refusal := f.decide(s, data)
	if refusal != nil {
		o.Status, o.Refusal = engine.Refused, refusal
	} else if event != "" {
		o.Events = []engine.OutcomeEvent{f.append(o, "todos.list."+event, data)}
	}
	f.outcomes[s.ID] = o
	f.order = append(f.order, s.ID)
	f.hub.Publish(stream.String(), listingsProjection)
	return s.ID, nil
}

func (f *fakeClient) append(o engine.Outcome, typ string, data map[string]string) engine.OutcomeEvent {
	if strings.HasSuffix(typ, "item_added") {
		data["id"] = uuid.NewString()
	}
	raw, _ := json.Marshal(data)
	f.position++
	stream := o.Stream.String()
	meta := engine.Meta{ID: uuid.New(), Causation: o.ID, Stream: o.Stream, Version: int64(len(f.events[stream]) + 1), Position: f.position, At: o.At, By: o.By}
	f.events[stream] = append(f.events[stream], engine.Recorded{Meta: meta, Type: typ, Data: raw})
	return engine.OutcomeEvent{ID: meta.ID, Type: typ, Position: meta.Position, Version: meta.Version, At: meta.At, Data: raw}
}

// decide knows what the tests ask for.
func (f *fakeClient) decide(s engine.Submission, data map[string]string) (event string, refusal *engine.RefusalInfo) {
	l := f.fold(s.StreamID, 0)
	name := strings.TrimPrefix(s.Type, "todos.list.")
	if name == "create" && data["name"] == "Taken" {
		return "", &engine.RefusalInfo{Code: "name_taken", Message: "This name is taken.", At: "name"}
	}
	if l.Status == "archived" && name != "unarchive" && name != "delete" {
		return "", &engine.RefusalInfo{Code: "not_active", Message: "This list is archived or deleted, so it cannot be changed."}
	}
	item := slices.IndexFunc(l.Items, func(i todoItem) bool { return i.ID == data["id"] })
	if data["id"] != "" && item < 0 {
		return "", &engine.RefusalInfo{Code: "item_not_found", Message: "This item is no longer on the list."}
	}
	switch name {
	case "add_item":
		if twin := slices.IndexFunc(l.Items, func(i todoItem) bool { return strings.EqualFold(i.Text, data["text"]) }); twin >= 0 {
			data["id"] = l.Items[twin].ID
			return "item_duplicated", nil
		}
		return "item_added", nil
	case "toggle_item":
		if data["done"] == fmt.Sprint(l.Items[item].Done) {
			return "", nil
		}
		if l.Items[item].Done {
			return "item_undone", nil
		}
		return "item_done", nil
	case "update_name":
		if data["name"] == l.Name {
			return "", nil
		}
	}
	return map[string]string{"create": "created", "update_name": "name_updated", "update_item_text": "item_text_updated", "remove_item": "item_removed",
		"archive": "archived", "unarchive": "unarchived", "delete": "deleted", "reorder_items": "items_reordered"}[name], nil
}

func (f *fakeClient) fold(id string, version int64) todoList {
	events := f.events[listStream(id).String()]
	l := todoList{ID: id, Head: int64(len(events))}
	for _, e := range events {
		if version > 0 && e.Meta.Version > version {
			break
		}
		var d struct{ ID, Name, Text, Before string }
		_ = json.Unmarshal(e.Data, &d)
		l.Version, l.At = e.Meta.Version, e.Meta.At
		at := slices.IndexFunc(l.Items, func(i todoItem) bool { return i.ID == d.ID })
		switch strings.TrimPrefix(e.Type, "todos.list.") {
		case "created", "name_updated":
			l.Name, l.Status = d.Name, "active"
		case "item_added":
			l.Items, l.Duplicated = append(l.Items, todoItem{ID: d.ID, Text: d.Text}), ""
		case "item_duplicated":
			l.Duplicated = d.ID
		case "item_text_updated":
			l.Items[at].Text, l.Duplicated = d.Text, ""
		case "item_done", "item_undone":
			l.Items[at].Done = !l.Items[at].Done
		case "item_removed":
			l.Items = slices.Delete(l.Items, at, at+1)
		case "items_reordered":
			moved := l.Items[at]
			l.Items = slices.Delete(l.Items, at, at+1)
			to := slices.IndexFunc(l.Items, func(i todoItem) bool { return i.ID == d.Before })
			if to < 0 {
				to = len(l.Items)
			}
			l.Items = slices.Insert(l.Items, to, moved)
		case "archived", "unarchived", "deleted":
			l.Status = map[string]string{"archived": "archived", "unarchived": "active", "deleted": "deleted"}[strings.TrimPrefix(e.Type, "todos.list.")]
		}
	}
	return l
}

func (f *fakeClient) Wait(_ context.Context, id uuid.UUID) (engine.Outcome, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.as(f.outcomes[id]), f.waitErr
}

// as gives an outcome the status that a test wants.
func (f *fakeClient) as(o engine.Outcome) engine.Outcome {
	if f.status != "" {
		o.Status, o.Events, o.Refusal = f.status, nil, nil
	}
	return o
}

func (f *fakeClient) Events(_ context.Context, stream engine.StreamID, after int64, limit int) ([]engine.Recorded, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if after < f.archived {
		return nil, &engine.ArchivedError{Version: f.archived}
	}
	all := f.events[stream.String()]
	return slices.Clone(all[min(int(after), len(all)):min(int(after)+limit, len(all))]), nil
}

func (f *fakeClient) Commands(_ context.Context, stream engine.StreamID, _ time.Time, limit int) ([]engine.Outcome, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []engine.Outcome
	for _, id := range slices.Backward(f.order) {
		if o := f.outcomes[id]; o.Stream == stream && len(list) < limit {
			list = append(list, o)
		}
	}
	return list, nil
}

func (f *fakeClient) Projected(context.Context, string, int64) error { return nil }

// lists, tally and list make the fake a source as well.
func (f *fakeClient) lists(_ context.Context, which listQuery) (page listPage, err error) {
	all, err := f.found(which)
	begin := 0
	for which.After != (place{}) && begin < len(all) && all[begin].place().compare(which.After) <= 0 {
		begin++
	}
	if begin > which.Most && which.Find == "" {
		page.Before = all[begin-which.Most-1].place()
	}
	rest := all[begin:]
	page.Lists, page.More = rest[:min(len(rest), which.Most)], len(rest) > which.Most
	return page, err
}

func (f *fakeClient) tally(_ context.Context, which listQuery) (tally, error) {
	all, err := f.found(which)
	return tally(len(all)), err
}

// found are the lists that are meant, wherever the page begins.
func (f *fakeClient) found(which listQuery) ([]listing, error) {
	all, err := f.all()
	return slices.DeleteFunc(all, func(l listing) bool {
		return l.Archived != which.Archived || !strings.Contains(strings.ToLower(l.Name), strings.ToLower(which.Find))
	}), err
}

func (f *fakeClient) all() ([]listing, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []listing
	for name, events := range f.events {
		stream, err := engine.ParseStream(name)
		if err != nil {
			return nil, err
		}
		l := f.fold(stream.ID, 0)
		if l.Status == "deleted" {
			continue
		}
		row := listing{ID: l.ID, Name: l.Name, Archived: l.Status == "archived", Items: int64(len(l.Items)), Done: int64(l.done()), UpdatedAt: l.At.Truncate(time.Microsecond)}
		for _, e := range events {
			if !slices.Contains(row.Members, e.Meta.By) {
				row.Members = append(row.Members, e.Meta.By)
			}
		}
		all = append(all, row)
	}
	slices.SortFunc(all, func(a, b listing) int { return a.place().compare(b.place()) })
	return all, nil
}

func (f *fakeClient) list(_ context.Context, id string, version int64) (todoList, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.readErr != nil {
		return todoList{}, f.readErr
	}
	l := f.fold(id, version)
	if l.Version == 0 || version > l.Head {
		return l, fmt.Errorf("list %s: %w", id, engine.ErrNotFound)
	}
	return l, nil
}

func (f *fakeClient) names(_ context.Context, ids []string) (map[string]string, error) {
	lists, err := f.all()
	names := map[string]string{}
	for _, l := range lists {
		if slices.Contains(ids, l.ID) {
			names[l.ID] = l.Name
		}
	}
	return names, err
}
