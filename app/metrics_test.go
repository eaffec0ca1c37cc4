package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/app/watch"
	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// samples are what /metrics serves: values by name and labels.
type samples map[string]float64

func scrape(t *testing.T, eng *postgres.Engine) samples {
	t.Helper()
	answer := httptest.NewRecorder()
	watch.Handlers(eng)["GET /metrics"].ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	found := samples{}
	for line := range strings.Lines(answer.Body.String()) {
		line = strings.TrimSpace(line)
		if at := strings.LastIndexByte(line, ' '); at > 0 && !strings.HasPrefix(line, "#") {
			value, err := strconv.ParseFloat(line[at+1:], 64)
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			found[line[:at]] = value
		}
	}
	return found
}

// come waits until /metrics shows the values; above 0 is all that "some" asks for.
func come(t *testing.T, eng *postgres.Engine, want map[string]float64) {
	t.Helper()
	var got samples
	defer func() {
		if t.Failed() {
			t.Logf("%v", got)
		}
	}()
	eventually(t, "metrics", func() bool {
		got = scrape(t, eng)
		for name, value := range want {
			v, there := got[name]
			if !there || value == some && v <= 0 || value != some && v != value {
				return false
			}
		}
		return true
	})
}

// some is any value above 0.
const some = -1

// Every metric of the contract moves with what it is of.
func TestMetrics_Move(t *testing.T) {
	url := useDatabase(t)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	t.Cleanup(service.Close)
	open := func() *postgres.Engine {
		eng, err := postgres.Open(t.Context(), postgres.Config{URL: url, System: newSystem(config{slackWebhook: service.URL}),
			Consumers: map[string]postgres.ConsumerConfig{"todos.slack_dispatcher": {Attempts: 2}}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(eng.Close)
		return eng
	}
	watching, working := open(), open()
	come(t, watching, map[string]float64{"backstory_head_position": 0, "backstory_commands_pending": 0, "backstory_head_staleness_seconds": some,
		"backstory_workers": 0, `backstory_parked{consumer="commands"}`: 0, "backstory_database_up": 1, "backstory_db_prepared_transactions": 0})

	submit(t, watching, "create", `{"name":"Groceries"}`)
	come(t, watching, map[string]float64{"backstory_commands_pending": 1, "backstory_head_staleness_seconds": some})

	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- working.Run(ctx) }()
	come(t, watching, map[string]float64{"backstory_head_position": 5, "backstory_commands_pending": 0, "backstory_head_staleness_seconds": 0,
		"backstory_commands_scheduled": 1, "backstory_workers": 1, `backstory_consumer_running{consumer="todos.listings"}`: 1,
		`backstory_consumer_lag_events{consumer="todos.listings"}`: 0, `backstory_consumer_lag_seconds{consumer="todos.listings"}`: 0})
	come(t, working, map[string]float64{"backstory_batch_size_count": some, "backstory_batch_size_sum": some})

	finish(t, working)
	come(t, working, map[string]float64{`backstory_retries_total{consumer="todos.slack_dispatcher"}`: some})
	come(t, watching, map[string]float64{`backstory_parked{consumer="todos.slack_dispatcher"}`: 1})
	documented(t, scrape(t, working))

	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	tamper(t, url, "UPDATE backstory.slots SET position = 0 WHERE consumer = 'todos.listings'", // it died before it saw anything
		"UPDATE backstory.outcomes SET status = 'failed' WHERE type = 'todos.list.create'")
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1"); err != nil {
		t.Fatal(err)
	}
	come(t, watching, map[string]float64{"backstory_workers": 0, "backstory_head_staleness_seconds": some, `backstory_parked{consumer="commands"}`: 1,
		`backstory_consumer_lag_events{consumer="todos.listings"}`: some, `backstory_consumer_lag_seconds{consumer="todos.listings"}`: some,
		`backstory_consumer_running{consumer="todos.listings"}`: 0, "backstory_db_oldest_snapshot_seconds": some})
}

// documented wants every metric that docs/operate names, but one that is served only
// while something is folded anew: the tests of watch have it.
func documented(t *testing.T, served samples) {
	t.Helper()
	names := map[string]bool{"backstory_refold_given_up": true}
	for sample := range served {
		name, _, _ := strings.Cut(sample, "{")
		names[name], names[strings.TrimSuffix(name, "_count")] = true, true
	}
	for _, file := range []string{"README.md", "alerts.yaml", "grafana.json"} {
		text, err := os.ReadFile("../docs/operate/" + file)
		if err != nil {
			t.Fatal(err)
		}
		named := regexp.MustCompile(`backstory_[a-z_]+`).FindAllString(string(text), -1)
		if len(named) < 10 {
			t.Errorf("%s names %d metrics only", file, len(named))
		}
		for _, name := range named {
			if !names[name] {
				t.Errorf("%s names %s, which is not served", file, name)
			}
		}
	}
}

func submit(t *testing.T, eng *postgres.Engine, verb, data string) (id uuid.UUID) {
	t.Helper()
	id, err := eng.Submit(t.Context(), engine.Submission{Type: "todos.list." + verb, StreamID: listID, Data: json.RawMessage(data), By: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// finish adds an item and ticks it off, which is announced.
func finish(t *testing.T, eng *postgres.Engine) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	added, err := eng.Wait(ctx, submit(t, eng, "add_item", `{"text":"Milk"}`))
	if err != nil || len(added.Events) != 1 {
		t.Fatalf("%+v, %v", added, err)
	}
	var data struct{ ID string }
	if err := json.NewDecoder(bytes.NewReader(added.Events[0].Data)).Decode(&data); err != nil {
		t.Fatal(err)
	}
	if o, err := eng.Wait(ctx, submit(t, eng, "toggle_item", `{"id":"`+data.ID+`"}`)); err != nil || o.Status != engine.Accepted {
		t.Fatalf("%+v, %v", o, err)
	}
}
