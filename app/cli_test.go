package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/localpg/pgtest"
	"github.com/backstory-go/backstory/engine/postgres"
)

// useDatabase makes a fresh database the one that commands open, as DATABASE_URL does.
func useDatabase(t *testing.T) (url string) {
	t.Helper()
	url = pgtest.Database(t, pgtest.Template{})
	t.Setenv("DATABASE_URL", url)
	return url
}

// result is what a command left behind.
type result struct {
	t    *testing.T
	code int
	out  string
	err  string
}

// app runs a command line in this process.
func app(t *testing.T, args ...string) result {
	t.Helper()
	var out bytes.Buffer
	root := command()
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(&bytes.Buffer{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := root.ExecuteContext(ctx)
	r := result{t: t, code: exitCode(err), out: out.String()}
	if err != nil {
		r.err = err.Error()
	}
	return r
}

// ends checks the exit code and what is said on either output.
func (r result) ends(code int, says ...string) result {
	r.t.Helper()
	if r.code != code {
		r.t.Fatalf("exit code %d, want %d\n%s%s", r.code, code, r.out, r.err)
	}
	for _, text := range says {
		if !strings.Contains(r.out+r.err, text) {
			r.t.Errorf("%q is not said:\n%s%s", text, r.out, r.err)
		}
	}
	return r
}

// into reads the JSON that was printed.
func (r result) into(value any) {
	r.t.Helper()
	if err := json.Unmarshal([]byte(r.out), value); err != nil {
		r.t.Fatalf("%v in %s", err, r.out)
	}
}

// tamper changes the database past the engine, as a superuser.
func tamper(t *testing.T, url string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, statement := range statements {
		tag, err := conn.Exec(t.Context(), statement)
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		if tag.RowsAffected() == 0 && !tag.Select() && !strings.HasPrefix(statement, "ALTER") && !strings.HasPrefix(statement, "CREATE") {
			t.Fatalf("%s changed nothing", statement)
		}
	}
}

// running is a worker in another engine, until stop is called or the test ends.
func running(t *testing.T, url string) (stop func()) {
	t.Helper()
	eng, err := postgres.Open(t.Context(), postgres.Config{URL: url, System: newSystem(config{})})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- eng.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		eng.Close()
	})
	t.Cleanup(stop)
	eventually(t, "a heartbeat", func() bool {
		n, err := eng.Workers(t.Context())
		return err == nil && n > 0
	})
	return stop
}

// eventually waits until the condition holds, and fails the test after 20 s.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

const listID = "0190a5a0-0000-7000-8000-000000000001"

func sendTo(t *testing.T, verb, data string, more ...string) result {
	t.Helper()
	return app(t, append([]string{"send", "todos.list." + verb, "--stream", listID, "--data", data, "--wait", "20s"}, more...)...)
}

func TestSend(t *testing.T) {
	useDatabase(t)
	sendTo(t, "create", `{"name":"Groceries"}`).ends(exitOK, "accepted todos.list.create", "event todos.list.created version 1 position 1", `"Groceries"`)
	sendTo(t, "toggle_item", `{"id":"`+uuid.NewString()+`"}`).ends(exitRefused, "refused", "refusal item_not_found: ")
	sendTo(t, "create", `{"name":"Again"}`).ends(exitRefused, "already_exists")
	sendTo(t, "create", `{"name":""}`).ends(exitUsage, "/name: ")
	sendTo(t, "create", `{"nme":"x"}`).ends(exitUsage, "/nme: ", "/name: ")
	sendTo(t, "create", `{`).ends(exitUsage, "(data): ")
	sendTo(t, "fly", `{}`).ends(exitUsage, "todos.list.fly", "todos.list.create")
	app(t, "send", "todos.list.create", "--stream", "no uuid").ends(exitUsage, "--stream: ", "must be a UUID")
	app(t, "send", "todos.list.create").ends(exitUsage, "--stream")
	app(t, "send").ends(exitUsage)
	sendTo(t, "create", `{}`, "--id", "7").ends(exitUsage, "--id")
	sendTo(t, "create", `{}`, "--nonsense").ends(exitUsage)
}

func TestSendOnce(t *testing.T) {
	useDatabase(t)
	sendTo(t, "create", `{"name":"Groceries"}`).ends(exitOK)
	id := uuid.NewString()
	type outcome struct {
		ID, Type, Stream, Status string
		Events                   []struct {
			Type              string
			Position, Version int64
			At                time.Time
			Data              struct{ Text string }
		}
	}
	var first, second outcome
	sendTo(t, "add_item", `{"text":"Milk"}`, "--id", id, "--json").ends(exitOK).into(&first)
	sendTo(t, "add_item", `{"text":"Milk"}`, "--id", id, "--json").ends(exitOK).into(&second)
	if len(first.Events) != 1 || len(second.Events) != 1 || first.Events[0] != second.Events[0] {
		t.Errorf("the same id led to\n%+v\n%+v", first, second)
	}
	if e := first.Events[0]; first.ID != id || first.Stream != "todos.list/"+listID || e.Type != "todos.list.item_added" || e.Version != 4 || e.Data.Text != "Milk" {
		t.Errorf("%+v", first)
	}
	sendTo(t, "add_item", `{"text":"Eggs"}`, "--id", id).ends(exitRefused, "id_reused")
}

func TestSendToARunningApp(t *testing.T) {
	url := useDatabase(t)
	running(t, url)
	sendTo(t, "create", `{"name":"Groceries"}`).ends(exitOK)
	var status engine.SystemStatus
	app(t, "status", "--json").ends(exitOK).into(&status)
	if len(status.Processes) != 1 || len(status.Consumers) != 5 || status.Consumers[0].Status != engine.ConsumerRunning {
		t.Errorf("%+v", status)
	}
	app(t, "verify").ends(exitOK, "nothing is wrong")
}

func TestSendNotSettled(t *testing.T) {
	useDatabase(t)
	r := sendTo(t, "create", `{"name":"Groceries"}`, "--wait", "0s", "--json").ends(exitUnsettled, `"pending"`, "--id")
	var o struct{ ID, Type string }
	r.into(&o)
	sendTo(t, "create", `{"name":"Groceries"}`, "--id", o.ID).ends(exitOK, "accepted")
}

func TestHistory(t *testing.T) {
	useDatabase(t)
	sendTo(t, "create", `{"name":"Groceries"}`, "--by", "ann").ends(exitOK)
	sendTo(t, "update_name", `{"name":"Hardware"}`).ends(exitOK)
	sendTo(t, "update_name", `{"name":"Hardware"}`, "--wait", "5s").ends(exitOK, "accepted") // nothing follows that could settle it
	sendTo(t, "create", `{"name":"Again"}`).ends(exitRefused)
	r := app(t, "history", "list", strings.ToUpper(listID)).ends(exitOK, "1  ", "ann", "todos.list.created", "6  ", "todos.list.name_confirmed", `"Hardware"`,
		`{"name":"Again"}  refused already_exists`)
	if asked, led := strings.Index(r.out, "todos.list.update_name  "), strings.Index(r.out, "todos.list.name_requested  "); asked < 0 || led < asked || r.out[0] != '-' {
		t.Errorf("a command does not stand before its event:\n%s", r.out)
	}
	var h struct {
		Commands []struct {
			Kind, Type, By, Status string
			At                     time.Time
			Data                   struct{ Name string }
		}
		Events []struct {
			Kind, Type, By string
			Version        int64
			At             time.Time
		}
	}
	app(t, "history", "todos.list", listID, "--json").ends(exitOK).into(&h)
	if len(h.Events) != 6 || h.Events[0].Kind != "event" || h.Events[2].By != "ann" || h.Events[5].Version != 6 {
		t.Fatalf("%+v", h)
	}
	last := h.Commands[len(h.Commands)-1]
	if first := h.Commands[0]; first.Type != "todos.list.create" || first.Kind != "command" || first.Status != "accepted" || first.At.IsZero() ||
		last.Data.Name != "Again" || last.Status != "refused" {
		t.Errorf("%+v", h.Commands)
	}
	for at, want := range map[string]string{
		"1":                                     "Groceries",
		"6":                                     "Hardware",
		h.Events[0].At.Format(time.RFC3339Nano): "Groceries",
		"2100-01-01T00:00:00Z":                  "Hardware",
	} {
		var then struct {
			Type, ID string
			Version  int64
			State    struct{ Name string }
		}
		app(t, "history", "list", listID, "--at", at, "--json").ends(exitOK).into(&then)
		if then.State.Name != want || then.ID != listID || then.Type != "todos.list" || then.Version == 0 {
			t.Errorf("--at %s: %+v, want %s", at, then, want)
		}
	}
	app(t, "history", "list", listID, "--at", "7").ends(exitError, "no version 7")
	app(t, "history", "list", listID, "--at", "1999-01-01T00:00:00Z").ends(exitError, "had no events")
	app(t, "history", "list", listID, "--at", "yesterday").ends(exitUsage, "--at")
	app(t, "history", "list", uuid.NewString()).ends(exitError, "no events")
	app(t, "history", "list", "no uuid").ends(exitUsage)
	app(t, "history", "boat", listID).ends(exitUsage, "todos.list")
}
