package watch

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// fake is an engine that says what it is told to.
type fake struct {
	loops     []postgres.LoopHealth
	readiness postgres.Readiness
	stats     postgres.Stats
	err       error
	counters  postgres.Counters
}

func (f fake) Health() []postgres.LoopHealth                 { return f.loops }
func (f fake) Readiness(context.Context) postgres.Readiness  { return f.readiness }
func (f fake) Stats(context.Context) (postgres.Stats, error) { return f.stats, f.err }
func (f fake) Counters() postgres.Counters                   { return f.counters }

func get(t *testing.T, source Source, path string) (status int, body string) {
	t.Helper()
	mux := http.NewServeMux()
	for pattern, h := range Handlers(source) {
		mux.Handle(pattern, h)
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	text, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(text)
}

func busy() fake {
	return fake{
		loops: []postgres.LoopHealth{{Name: "tail", Status: postgres.LoopFails, Failures: 3}, {Name: "duty", Status: postgres.LoopWorks}},
		stats: postgres.Stats{Head: 42, Workers: 2, Pending: 7, Scheduled: 5, Parked: 3, HeadStaleness: 1500 * time.Millisecond, OldestSnapshot: 3 * time.Second,
			PreparedTransactions: 1, At: time.Now(), Consumers: []engine.ConsumerStatus{
				{Name: "todos.listings", Status: engine.ConsumerRunning, LagEvents: 12, LagSeconds: 0.5, Parked: 4}},
			Builds: []engine.BuildStatus{{Projection: "todos.names", GivenUp: "mend its handler"}, {Projection: "todos.listings"}}},
		counters: postgres.Counters{Retries: map[string]int64{"commands": 9},
			Batches: postgres.Histogram{Count: 3, Sum: 8, Buckets: [9]int64{1, 1, 0, 1}}},
	}
}

func TestMetrics(t *testing.T) {
	status, body := get(t, busy(), "/metrics")
	if status != 200 {
		t.Fatal(status, body)
	}
	for _, line := range []string{
		"backstory_head_position 42", "backstory_head_staleness_seconds 1.5",
		`backstory_consumer_lag_events{consumer="todos.listings"} 12`, `backstory_consumer_lag_seconds{consumer="todos.listings"} 0.5`,
		`backstory_consumer_running{consumer="todos.listings"} 1`, `backstory_parked{consumer="todos.listings"} 4`, `backstory_parked{consumer="commands"} 3`,
		`backstory_refold_given_up{consumer="todos.names"} 1`, `backstory_refold_given_up{consumer="todos.listings"} 0`,
		"backstory_commands_pending 7", "backstory_commands_scheduled 5", `backstory_retries_total{consumer="commands"} 9`,
		`backstory_batch_size_bucket{le="1"} 1`, `backstory_batch_size_bucket{le="2"} 2`, `backstory_batch_size_bucket{le="8"} 3`,
		"backstory_batch_size_sum 8", "backstory_batch_size_count 3", "backstory_workers 2", "backstory_database_up 1",
		`backstory_loop_failing{loop="tail"} 1`, `backstory_loop_failing{loop="duty"} 0`, `backstory_loop_failures_total{loop="tail"} 3`,
		"backstory_db_oldest_snapshot_seconds 3", "backstory_db_prepared_transactions 1", "go_goroutines ",
	} {
		if !strings.Contains(body, "\n"+line) {
			t.Errorf("%s is missing", line)
		}
	}
	if t.Failed() {
		t.Log(body)
	}
}

func TestMetrics_TheDatabaseIsAway(t *testing.T) {
	source := busy()
	source.err, source.stats.At = errors.New("away"), time.Now().Add(-time.Minute)
	_, body := get(t, source, "/metrics")
	if !strings.Contains(body, "\nbackstory_database_up 0") || !strings.Contains(body, "\nbackstory_head_staleness_seconds 61.") {
		t.Errorf("nobody can tell that the database is away:\n%s", body)
	}
	if strings.Contains(body, "backstory_consumer_lag") || strings.Contains(body, "backstory_head_position") {
		t.Errorf("numbers that nobody read:\n%s", body)
	}
}

func TestHealth(t *testing.T) {
	source := busy()
	if status, body := get(t, source, "/healthz"); status != 200 || !strings.Contains(body, `"status":"ok"`) || !strings.Contains(body, `"fails"`) {
		t.Errorf("%d %s", status, body)
	}
	source.loops[0].Status = postgres.LoopStuck
	if status, body := get(t, source, "/healthz"); status != 503 || !strings.Contains(body, `"status":"stuck"`) {
		t.Errorf("%d %s", status, body)
	}
}

func TestReady(t *testing.T) {
	source := fake{readiness: postgres.Readiness{Ready: true, Checks: []postgres.Check{{Name: "role", Status: postgres.CheckNote, Detail: "one role"}}}}
	status, body := get(t, source, "/readyz")
	var answer struct {
		Status string
		Checks []postgres.Check
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != 200 || answer.Status != "ready" || answer.Checks[0].Detail != "one role" {
		t.Errorf("%d %s %v", status, body, err)
	}
	source.readiness.Ready = false
	if status, body := get(t, source, "/readyz"); status != 503 || !strings.Contains(body, "not ready") {
		t.Errorf("%d %s", status, body)
	}
}
