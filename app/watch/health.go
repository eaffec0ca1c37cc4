package watch

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/backstory-go/backstory/engine/postgres"
)

// Source is the running engine.
type Source interface {
	Health() []postgres.LoopHealth
	Readiness(ctx context.Context) postgres.Readiness
	Stats(ctx context.Context) (postgres.Stats, error)
	Counters() postgres.Counters
}

var _ Source = (*postgres.Engine)(nil)

// lookTime bounds what a request makes the database answer.
const lookTime = 3 * time.Second

// Handlers are the routes, by pattern.
func Handlers(source Source) map[string]http.Handler {
	return map[string]http.Handler{
		"GET /healthz": health(source),
		"GET /readyz":  ready(source),
		"GET /metrics": metrics(source),
	}
}

// health answers 503 when a loop is stuck: then only a new start helps. A loop
// that fails is tried again, so that a database that is away restarts nobody.
func health(source Source) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		loops := source.Health()
		stuck := slices.ContainsFunc(loops, func(l postgres.LoopHealth) bool { return l.Status == postgres.LoopStuck })
		answer(w, !stuck, map[string]any{"status": word(!stuck, "ok", "stuck"), "loops": loops})
	})
}

// ready answers 503 when commands and pages cannot be served.
func ready(source Source) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), lookTime)
		defer cancel()
		readiness := source.Readiness(ctx)
		answer(w, readiness.Ready, map[string]any{"status": word(readiness.Ready, "ready", "not ready"), "checks": readiness.Checks})
	})
}

func answer(w http.ResponseWriter, good bool, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !good {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(body) // the client went away: nobody is left to tell
}

func word(good bool, yes, no string) string {
	if good {
		return yes
	}
	return no
}
