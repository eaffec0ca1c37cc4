// Package watch answers those who watch the app: GET /healthz (does the process
// live), GET /readyz (can it serve) and GET /metrics (Prometheus).
//
// It owns the names of metrics and the form of the answers; what they say it is
// told by engine/postgres, which knows no Prometheus. It shows numbers, names of
// consumers and loops, and nothing of anybody's data: all three are public. Only
// the app's main package imports it.
//
// The invariant it keeps: no number reads as if all were well because nobody
// could look. What the database cannot be asked for is left out, and
// backstory_database_up says so.
package watch
