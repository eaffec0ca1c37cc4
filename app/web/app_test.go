package web

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/backstory-go/backstory/app/expander"
	"github.com/backstory-go/backstory/app/slack"
	apptodos "github.com/backstory-go/backstory/app/todos"
	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/localpg/pgtest"
	"github.com/backstory-go/backstory/engine/postgres"
	"github.com/backstory-go/backstory/generated/todos"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// startApp serves the app and gives its address.
func startApp(t *testing.T) (base string) { return serveApp(t).URL }

// serveApp serves the app on the real engine and a database of its own. Tests
// that ask for it are the slow ones: about a second each.
func serveApp(t *testing.T) *httptest.Server {
	t.Helper()
	return serveAppWith(t, services{})
}

// services are what the app works with.
type services struct {
	slack    slack.Dispatcher
	expander expander.Expander
	list     todos.ListHandler // nil: the app's; else its reactions are tried once
	log      *slog.Logger      // nil: nothing is logged
	limits   Limits
	wrap     func(http.Handler) http.Handler // around the server; nil: nothing
	database string                          // "": one of its own
	patience time.Duration
}

// serveAppWith lets reactions fail once before their messages are parked.
func serveAppWith(t *testing.T, outside services) *httptest.Server {
	t.Helper()
	system := &engine.System{}
	consumers := map[string]postgres.ConsumerConfig{"todos.slack_dispatcher": {Attempts: 1}, "todos.ai_expander": {Attempts: 1}}
	if outside.list != nil {
		consumers[listActor] = postgres.ConsumerConfig{Attempts: 1}
	} else {
		outside.list = apptodos.List{}
	}
	todos.Register(system, outside.expander, outside.list, apptodos.ListName{}, apptodos.Listings{}, outside.slack)
	log := outside.log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if outside.database == "" {
		outside.database = pgtest.Database(t, pgtest.Template{})
	}
	eng, err := postgres.Open(t.Context(), postgres.Config{URL: outside.database, System: system, Log: log, Consumers: consumers})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- eng.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("the engine: %v", err)
		}
		eng.Close()
	})
	s, err := New(Config{Client: eng, System: system, Secret: []byte("a secret for tests"), Log: log, Patience: cmp.Or(outside.patience, patience), Limits: outside.limits, Wrap: outside.wrap, // busy machines are slow
		Operator: eng, Notes: eng, Admin: func(user string) bool { return user != "Eve" }, Expands: true})
	if err != nil {
		t.Fatal(err)
	}
	worked := make(chan error, 1)
	go func() { worked <- s.Run(ctx) }()
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		defer func() {
			cancel()
			if err := <-worked; err != nil {
				t.Errorf("the server: %v", err)
			}
		}()
		began := time.Now()
		s.Close()
		server.Close() // waits for every request
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("open tabs held up the stop for %s", took)
		}
	})
	return server
}
