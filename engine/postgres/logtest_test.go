package postgres_test

import (
	"testing"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/logtest"
	"github.com/backstory-go/backstory/engine/postgres"
)

// emptyLog is an engine on a database of its own, closed at the test's end.
func emptyLog(t *testing.T) engine.Log {
	t.Helper()
	e := openEngine(t, postgres.Config{URL: database(t)})
	t.Cleanup(e.Close)
	return e
}

func TestTheLogKeepsThePortsPromises(t *testing.T) {
	t.Parallel()
	logtest.Exercise(t, emptyLog)
}

// An append whose answer was lost, or that came twice, is stored once and told so.
func TestTheLogKeepsThePortsPromises_ThroughABadConnection(t *testing.T) {
	t.Parallel()
	logtest.Exercise(t, func(t *testing.T) engine.Log {
		return logtest.Retrying(logtest.Faulty(emptyLog(t), logtest.Faults{Before: 5, After: 3, Twice: 2, Delay: 7}))
	})
}
